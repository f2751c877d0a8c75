// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `fetch`, `ls` and `info` with a good repository.

use std::fs;

use insta::assert_snapshot;
use lustre_dist::model::Sha256;

use crate::runner::{Run, Sandbox};
use crate::site::{Reply, Site};
use crate::vendor::Vendor;

const TITLE: &str = "lustre-2.17.0";

/// Runs against a repository with its first root pinned.
pub fn run(sandbox: &Sandbox, args: &[&str], url: &str) -> Run {
    let mut all = vec!["--log-style", "plain"];
    all.extend(args);
    all.extend(["--from", url, "--root", "root.json"]);
    sandbox.run(&all)
}

pub fn vendor(sandbox: &Sandbox) -> Vendor<'_> {
    let vendor = Vendor::usual(sandbox);
    sandbox.write("root.json", vendor.root());
    vendor
}

/// Digests, ports and rates as words.
pub fn plain(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for line in text.lines() {
        let of_line = line.split(' ').map(|word| {
            let bare = word.trim_end_matches(['.', ')', ',', ';', ':', '/', '`']);
            let tail = &word[bare.len()..];
            let is_hex = bare.len() >= 12 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
            match bare.find("127.0.0.1:") {
                Some(at) => {
                    let rest = bare[at + 10..].trim_start_matches(|c: char| c.is_ascii_digit());
                    format!("{}SITE{rest}{tail}", &bare[..at].replace("http://", ""))
                }
                None if is_hex && bare.len() == 40 => format!("[ID]{tail}"),
                None if is_hex => format!("[SHA256]{tail}"),
                None => word.to_owned(),
            }
        });
        words.push(of_line.collect::<Vec<_>>().join(" "));
    }
    words.join("\n")
}

#[test]
fn one_line_gives_a_proven_tarball() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let site = Site::new(sandbox.path("repo"));
    let done = run(&sandbox, &["fetch", "lts-6.12", "--out", "in", "--unpack"], &site.url);
    let (stdout, stderr) = (plain(&done.stdout), plain(&done.stderr));
    assert_eq!(done.code, 0, "{stderr}");
    assert_snapshot!(stderr, @"lustre-2.17.0: the only release of the line lts-6.12");
    assert_snapshot!(stdout, @"
    lustre-2.17.0
      lustre-2.17.0.tar.zst         301 kB  verified, from SITE
      lustre-2.17.0.SHA256SUMS       715 B  verified, from SITE
      lustre-2.17.0.release.json    2.8 kB  verified, from SITE
      sha256 [SHA256]
    verified by signed metadata: root 1 (pinned [SHA256]), timestamp 2, targets 2 > release.json > tarball
    that metadata is good until 2026-11-30T12:00:00Z
    fetched to in/lustre-2.17.0.tar.zst
    unpacked to in/lustre-2.17.0
    ");
    for file in ["tar.zst", "release.json", "SHA256SUMS"] {
        let name = format!("{TITLE}.{file}");
        assert_eq!(
            fs::read(sandbox.path(&format!("in/{name}"))).unwrap(),
            fs::read(sandbox.path(&format!("dist/{TITLE}/{name}"))).unwrap()
        );
    }
    assert_eq!(sandbox.read(&format!("in/{TITLE}/VERSION")), "2.17.0");
    sandbox.run(&["verify", &format!("in/{TITLE}.tar.zst")]).success();
    let hidden: Vec<String> =
        sandbox.list("in").into_iter().filter(|name| name.starts_with('.') && !name.contains('/')).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn a_second_run_finds_everything_there() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let site = Site::new(sandbox.path("repo"));
    run(&sandbox, &["fetch", "--format", "xz", "--out", "in"], &site.url).success();
    let before = site.asked().len();
    let again = run(&sandbox, &["fetch", "--format", "xz", "--out", "in"], &site.url).success();
    assert_snapshot!(plain(&again), @"
    lustre-2.17.0
      lustre-2.17.0.tar.xz          303 kB  verified, was there
      lustre-2.17.0.SHA256SUMS       715 B  verified, was there
      lustre-2.17.0.release.json    2.8 kB  verified, was there
      sha256 [SHA256]
    verified by signed metadata: root 1 (pinned [SHA256]), timestamp 2, targets 2 > release.json > tarball
    that metadata is good until 2026-11-30T12:00:00Z
    fetched to in/lustre-2.17.0.tar.xz
    ");
    // Signatures are asked for all at once.
    let mut asked: Vec<String> = site.asked()[before..].iter().map(|asked| asked.path.clone()).collect();
    asked[2..].sort();
    assert_snapshot!(asked.join("\n"), @"
    metadata/2.root.json
    metadata/timestamp.json
    lts-6.12/lustre-2.17.0.SHA256SUMS.asc
    lts-6.12/lustre-2.17.0.SHA256SUMS.sig
    lts-6.12/lustre-2.17.0.tar.sig
    lts-6.12/lustre-2.17.0.tar.sign
    lts-6.12/lustre-2.17.0.tar.xz.asc
    lts-6.12/lustre-2.17.0.tar.xz.sig
    ");

    // Elsewhere it comes out of the cache.
    let cached =
        run(&sandbox, &["fetch", "--format", "xz", "--out", "elsewhere", "--json"], &site.url).success();
    let cached: serde_json::Value = serde_json::from_str(&cached).unwrap();
    assert!(cached["files"].as_array().unwrap().iter().all(|file| file["how"] == "cached"), "{cached:#}");
    assert_eq!(site.count(".tar.xz"), 1);
}

#[test]
fn a_folder_may_have_blanks_in_its_name() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    crate::vendor::copy(&sandbox, "repo", "my repo");
    run(&sandbox, &["fetch", "lts-6.12", "--out", "in"], "my repo").success();
    let from = |text: &str| {
        let mut command = sandbox.command(&["--log-style", "plain", "ls", "--root", "root.json"]);
        sandbox.finish(command.env("LUSTRE_DIST_FROM", text))
    };
    from("my repo").success();
    // Addresses have none.
    let site = Site::new(sandbox.path("repo"));
    let done = from(&format!("{}/nowhere  {}", site.url, site.url));
    assert!(done.stderr.contains("asking the next"), "{}", done.stderr);
    done.success();
    from("").failure(2);
}

#[test]
fn nothing_is_written_over() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    sandbox.write(&format!("in/{TITLE}.tar.zst"), "mine");
    sandbox.write(&format!("in/{TITLE}.SHA256SUMS"), "mine too");
    let refused = run(&sandbox, &["fetch", "--out", "in"], "repo").failure(8);
    assert_snapshot!(plain(&refused), @r"
    lustre-2.17.0: the newest of all 2 releases
    error: another file stands at `in/lustre-2.17.0.SHA256SUMS`
     = note: its sha256 is [SHA256]
     = note: the release's is [SHA256]
     = help: move it away, or give another folder with `--out`; nothing is written over

    error: another file stands at `in/lustre-2.17.0.tar.zst`
     = note: its sha256 is [SHA256]
     = note: the release's is [SHA256]
     = help: move it away, or give another folder with `--out`; nothing is written over

    2 problems
    ");
    assert_eq!(sandbox.list("in").len(), 2);
    assert_eq!(sandbox.read(&format!("in/{TITLE}.tar.zst")), "mine");

    fs::create_dir_all(sandbox.path(&format!("other/{TITLE}/mine"))).unwrap();
    let refused = run(&sandbox, &["fetch", "--out", "other", "--unpack"], "repo").failure(8);
    assert_snapshot!(plain(&refused), @r"
    lustre-2.17.0: the newest of all 2 releases
    error: `other/lustre-2.17.0` exists already
     = note: a release is unpacked into a folder of its own, and nothing is merged into another
     = help: move it away, or fetch to elsewhere with `--out`
    ");
}

#[test]
fn all_brings_every_record_and_signature() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let signature = "-----BEGIN PGP SIGNATURE-----\n\nmade up\n-----END PGP SIGNATURE-----\n";
    sandbox.write(&format!("repo/lts-6.12/{TITLE}.tar.sign"), signature);
    sandbox.write(&format!("repo/lts-6.12/{TITLE}.tar.gz.asc"), signature);
    sandbox.write(&format!("repo/lts-6.12/{TITLE}.SHA256SUMS.asc"), "<html>not here</html>");
    let all = ["fetch", "2.17.0", "--all", "--format", "gz", "--format", "tar", "--out", "in"];
    let done = run(&sandbox, &all, "repo").success();
    assert_snapshot!(plain(&done), @"
    lustre-2.17.0
      lustre-2.17.0.tar              317 kB  verified, from file://[SANDBOX]/repo
      lustre-2.17.0.tar.gz           301 kB  verified, from file://[SANDBOX]/repo
      lustre-2.17.0.SHA256SUMS        715 B  verified, from file://[SANDBOX]/repo
      lustre-2.17.0.intoto.json      3.2 kB  listed in SHA256SUMS, from file://[SANDBOX]/repo
      lustre-2.17.0.origins.jsonl    1.6 kB  listed in SHA256SUMS, from file://[SANDBOX]/repo
      lustre-2.17.0.release.json     2.8 kB  verified, from file://[SANDBOX]/repo
      lustre-2.17.0.spdx.json        5.7 kB  listed in SHA256SUMS, from file://[SANDBOX]/repo
      lustre-2.17.0.tar.gz.asc         67 B  not checked here, from file://[SANDBOX]/repo
      lustre-2.17.0.tar.sign           67 B  not checked here, from file://[SANDBOX]/repo
      sha256 [SHA256]
    verified by signed metadata: root 1 (pinned [SHA256]), timestamp 2, targets 2 > release.json > tarball
    that metadata is good until 2026-11-30T12:00:00Z
    the signatures say something with the signer's key alone: `lustre-dist verify TARBALL --keys FILE`
    fetched to in/lustre-2.17.0.tar
    ");
    let refused = run(&sandbox, &["fetch", "--format", "xz", "--out", "other"], "nowhere").failure(4);
    assert_snapshot!(plain(&refused), @r"
    error: cannot read `metadata/timestamp.json` of file://[SANDBOX]/nowhere
     = note: No such file or directory (os error 2)
     = help: the address of a repository is the one that has `metadata/` below it
    ");
}

#[test]
fn lists_and_tells() {
    let sandbox = Sandbox::new();
    let mut vendor = vendor(&sandbox);
    vendor.retract("lustre-2.15.8", "corrupts\u{1b}[2J quotas");
    vendor.catalog.lines.get_mut("lts-6.6").unwrap().eol = Some(jiff::civil::date(2026, 6, 30));
    vendor.tested_on(TITLE, "5.14.0-611.13.1.el9 (RHEL9.7)");
    vendor.publish();
    assert_snapshot!(plain(&run(&sandbox, &["ls"], "repo").success()), @r"
    RELEASE        LINE      KERNEL  DATE        REMARK
    lustre-2.17.0  lts-6.12  6.12    2026-01-02  latest
    lustre-2.15.8  lts-6.6   6.6     2026-01-02  retracted 2026-11-01: corrupts [2J quotas; end of life since 2026-06-30
    ");
    assert_snapshot!(plain(&run(&sandbox, &["info", "2.15.8"], "repo").success()), @"
    lustre-2.15.8
      RETRACTED   on 2026-11-01: corrupts [2J quotas
      date        2026-01-02T03:04:05Z
      line        lts-6.6, for kernel 6.6 (longterm), maintained until 2026-06-30
      supports    kernels >=4.18, <7.1
      licence     GPL-2.0-only
      identity    sha256 [SHA256]
      tar         317 kB, 6 files, 0 links
    sources
      lustre      tag v2_15_8 of 2026-01-02T03:04:05Z
                  commit [ID]
                  its signature was not asked for
    tarballs
      tar           317 kB  sha256 [SHA256]
      tar.gz        301 kB  sha256 [SHA256]
      tar.zst       301 kB  sha256 [SHA256]
      tar.xz        303 kB  sha256 [SHA256]
    verified by
      metadata    root 1, timestamp 3, targets 3
      read        2026-11-23T12:00:00Z from file://[SANDBOX]/repo; fresh until 2026-11-30T12:00:00Z
      described in release.json, sha256 [SHA256]
    to get it, and to check it once more
      lustre-dist fetch lustre-2.15.8 --fetch-retracted --fetch-past-end-of-life
      sha256sum --check --ignore-missing lustre-2.15.8.SHA256SUMS
      lustre-dist verify lustre-2.15.8.tar.zst
    ");
    let refused = run(&sandbox, &["ls", "--line", "lts-6.1"], "repo").failure(2);
    assert_snapshot!(plain(&refused), @r"
    error: the repository has no release of a line `lts-6.1`
     = help: its lines are lts-6.12, lts-6.6
    ");
    let listed = run(&sandbox, &["ls", "--line", "lts-6.12", "--json"], "repo").success();
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["releases"].as_array().unwrap().len(), 1);
    assert_eq!(listed["releases"][0]["latest"], true);
    let told = run(&sandbox, &["info", "latest", "--json"], "repo").success();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["description"]["version"], "2.17.0");

    // What nobody should use takes its flags.
    let refused = run(&sandbox, &["fetch", "lts-6.6", "--out", "in"], "repo").failure(2);
    assert_snapshot!(plain(&refused), @r"
    error: lustre-2.15.8 is passed over
     = note: lustre-2.15.8 is retracted since 2026-11-01 (corrupts [2J quotas), and is of the line lts-6.6, which was maintained until 2026-06-30
     = help: to get it all the same, add `--fetch-past-end-of-life` and `--fetch-retracted`
    ");
    let flags = ["fetch", "lts-6.6", "--out", "in", "--fetch-retracted", "--fetch-past-end-of-life"];
    run(&sandbox, &flags, "repo").success();

    // A kernel takes the tables.
    let done = run(&sandbox, &["fetch", "--kernel", "5.14.0-611.55.1.el9_7.x86_64", "--out", "in"], "repo");
    assert_snapshot!(plain(&done.stderr), @"lustre-2.17.0: the newest release tested on 5.14.0-611.55.1.el9_7.x86_64 as a client (same RHEL 9.7 line: 5.14.0-611.13.1.el9 (RHEL9.7))");
    let guessed = run(&sandbox, &["fetch", "--kernel", "6.1.9", "--out", "in"], "repo");
    assert_snapshot!(plain(&guessed.stderr), @"lustre-2.17.0: a guess: the newest release that may work on 6.1.9 as a client, since the manifest supports >=4.18, <7.1");
}

#[test]
fn a_list_says_what_it_does_not_show() {
    let sandbox = Sandbox::new();
    let mut vendor = Vendor::new(&sandbox);
    vendor.publish();
    sandbox.write("root.json", vendor.root());
    let told = |args: &[&str]| {
        let run = run(&sandbox, args, "repo");
        plain(&format!("{}{}", run.stdout, run.stderr))
    };
    assert_snapshot!(told(&["ls"]), @"the repository has no release yet");
    assert_snapshot!(told(&["ls", "--line", "lts-6.12"]), @"
    error: the repository has no release of a line `lts-6.12`
     = note: it has no release yet
    ");
    vendor.release("2.18.0-RC1", Some("lts-6.12"));
    vendor.publish();
    assert_snapshot!(told(&["ls"]), @"
    the repository has no release yet
    1 candidate or snapshot is shown with --all
    ");
    assert_snapshot!(told(&["ls", "--line", "lts-6.12"]), @"
    the line lts-6.12 has no release yet
    1 candidate or snapshot is shown with --all
    ");
    vendor.release("2.17.0", None);
    vendor.release("2.18.0-RC2", Some("lts-6.12"));
    vendor.publish();
    assert_snapshot!(told(&["ls"]), @"
    RELEASE        LINE  KERNEL  DATE        REMARK
    lustre-2.17.0  -     -       2026-01-02  latest
    2 candidates and snapshots are shown with --all
    ");
    assert_snapshot!(told(&["ls", "--all"]), @"
    RELEASE            LINE      KERNEL  DATE        REMARK
    lustre-2.18.0-RC2  lts-6.12  6.12    2026-01-02  preview
    lustre-2.18.0-RC1  lts-6.12  6.12    2026-01-02  preview
    lustre-2.17.0      -         -       2026-01-02  latest
    ");
}

#[test]
fn offline_goes_by_what_was_trusted() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let site = Site::new(sandbox.path("repo"));
    let offline = ["fetch", "lts-6.12", "--offline", "--out", "in"];
    assert_snapshot!(plain(&run(&sandbox, &offline, &site.url).failure(4)), @r"
    error: nothing is known of this repository offline
     = note: no earlier run read its metadata
     = help: run once without `--offline`
    ");
    run(&sandbox, &["ls"], &site.url).success();
    assert_snapshot!(plain(&run(&sandbox, &offline, &site.url).failure(4)), @r"
    lustre-2.17.0: the only release of the line lts-6.12
    error: `lustre-2.17.0.release.json` is not in the cache
     = note: its digest is [SHA256]
     = help: run once without `--offline`
    ");
    run(&sandbox, &["fetch", "lts-6.12", "--out", "first"], &site.url).success();
    let asked = site.asked().len();
    run(&sandbox, &offline, &site.url).success();
    assert_eq!(site.asked().len(), asked);

    // With a clock that went back, what has expired would pass for fresh.
    let mut command = sandbox.command(&["--log-style", "plain", "ls", "--offline", "--from", &site.url]);
    command.args(["--root", "root.json"]).env("LUSTRE_DIST_TODAY", "2026-11-01");
    assert!(sandbox.finish(&mut command).failure(8).contains("clock went back"));

    // Months later it still helps, and says so.
    let mut command = sandbox.command(&["--log-style", "plain", "ls", "--offline", "--from", &site.url]);
    command.args(["--root", "root.json"]).env("LUSTRE_DIST_TODAY", "2027-03-01");
    let late = sandbox.finish(&mut command);
    assert_snapshot!(plain(&late.stderr), @"
    warning: the metadata in the cache has expired
     = note: the timestamp role expired at 2026-11-30T12:00:00Z; now is 2027-03-01T12:00:00Z
     = note: the snapshot role expired at 2026-12-23T12:00:00Z; now is 2027-03-01T12:00:00Z
     = note: the targets role expired at 2027-02-21T12:00:00Z; now is 2027-03-01T12:00:00Z
     = note: newer releases and retractions are not known offline
    ");
    assert_eq!(late.code, 0);
}

#[test]
fn a_broken_off_download_is_gone_on_with() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let broken = Site::with(sandbox.path("repo"), |asked| match asked.path.ends_with(".tar.zst") {
        true if asked.header("range").is_some() => Reply::Status(403, vec![], vec![]),
        true => Reply::Cut(100_000),
        false => Reply::Usual,
    });
    let first = run(&sandbox, &["fetch", "lts-6.12", "--out", "in"], &broken.url).failure(4);
    assert_snapshot!(plain(&first), @r"
    lustre-2.17.0: the only release of the line lts-6.12
    error: cannot fetch `lustre-2.17.0.tar.zst`
     = note: SITE: it says 403 Forbidden
     = note: 100000 bytes are kept in the cache, and the next run goes on from there
     = help: try again later, or another mirror with `--from`
    ");
    assert!(sandbox.list("in").is_empty());

    let good = Site::new(sandbox.path("repo"));
    let done = run(&sandbox, &["fetch", "lts-6.12", "--out", "in"], &good.url);
    assert_eq!(done.code, 0);
    assert_snapshot!(plain(&done.stderr), @r"
    lustre-2.17.0: the only release of the line lts-6.12
    resuming lustre-2.17.0.tar.zst at 100 kB
    ");
    let asked = good.asked();
    let asked = asked.iter().find(|asked| asked.path.ends_with(".tar.zst")).unwrap();
    assert_eq!(asked.header("range"), Some("bytes=100000-"));
}

#[test]
fn only_what_was_kept_counts_as_resumed() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let whole = fs::read(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.zst"))).unwrap();
    let broken = Site::with(sandbox.path("repo"), |asked| match asked.path.ends_with(".tar.zst") {
        true if asked.header("range").is_some() => Reply::Status(403, vec![], vec![]),
        true => Reply::Cut(100_000),
        false => Reply::Usual,
    });
    let without_ranges =
        Site::with(sandbox.path("repo"), move |asked| match asked.path.ends_with(".tar.zst") {
            true => Reply::Status(200, vec![], whole.clone()),
            false => Reply::Usual,
        });
    let good = Site::new(sandbox.path("repo"));
    for (site, kept) in [(&good, 100_000), (&without_ranges, 0)] {
        run(&sandbox, &["fetch", "lts-6.12", "--out", "in"], &broken.url).failure(4);
        let told = run(&sandbox, &["fetch", "lts-6.12", "--out", "in", "--json"], &site.url).success();
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["files"][0]["resumed"], kept, "{told:#}");
        for folder in ["in", "cache"] {
            fs::remove_dir_all(sandbox.path(folder)).unwrap();
        }
    }
}

#[test]
fn what_breaks_off_again_and_again_is_gone_on_with_in_one_run() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let site = Site::with(sandbox.path("repo"), |asked| match asked.path.ends_with(".tar.zst") {
        true => Reply::Cut(120_000),
        false => Reply::Usual,
    });
    run(&sandbox, &["fetch", "lts-6.12", "--out", "in"], &site.url).success();
    let asked: Vec<_> = site.asked().into_iter().filter(|asked| asked.path.ends_with(".tar.zst")).collect();
    assert!(asked.len() >= 3, "{asked:?}");
    assert!(asked[1..].iter().all(|asked| asked.header("range").is_some()));
    assert!(asked[1..].iter().all(|asked| asked.header("if-range").is_some()));
}

#[test]
fn fetches_at_the_same_time_share_one_download() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let site = Site::with(sandbox.path("repo"), |asked| match asked.path.ends_with(".tar.zst") {
        true => Reply::Slow(60_000, std::time::Duration::from_millis(150)),
        false => Reply::Usual,
    });
    let (sandbox, url) = (&sandbox, site.url.as_str());
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6)
            .map(|nth| {
                scope.spawn(move || run(sandbox, &["fetch", "lts-6.12", "--out", &format!("in-{nth}")], url))
            })
            .collect();
        let told: Vec<String> = runs
            .into_iter()
            .map(|run| run.join().unwrap())
            .map(|run| {
                assert_eq!(run.code, 0, "{}", run.stderr);
                run.stderr
            })
            .collect();
        assert!(told.iter().any(|told| told.contains("waiting for another run")), "{told:?}");
    });
    assert_eq!(site.count(".tar.zst"), 1);
    let whole = fs::read(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.zst"))).unwrap();
    for nth in 0..6 {
        assert_eq!(fs::read(sandbox.path(&format!("in-{nth}/{TITLE}.tar.zst"))).unwrap(), whole);
    }
    let left: Vec<_> = sandbox.list("cache").into_iter().filter(|name| name.contains("partial")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn fetches_at_the_same_time_share_one_folder() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let sandbox = &sandbox;
    // Each with a cache of its own, so that none waits for another.
    let fetch = move |nth: usize| {
        let mut command = sandbox.command(&["fetch", "lts-6.12", "--all", "--out", "in", "--from", "repo"]);
        command.args(["--root", "root.json"]).env("LUSTRE_DIST_CACHE", sandbox.path(&format!("cache-{nth}")));
        sandbox.finish(&mut command)
    };
    for _ in 0..3 {
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..8).map(|nth| scope.spawn(move || fetch(nth))).collect();
            for run in runs {
                run.join().unwrap().success();
            }
        });
        let whole = fs::read(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar.zst"))).unwrap();
        assert_eq!(fs::read(sandbox.path(&format!("in/{TITLE}.tar.zst"))).unwrap(), whole);
        let hidden: Vec<_> = sandbox.list("in").into_iter().filter(|name| name.starts_with('.')).collect();
        assert_eq!(hidden, Vec::<String>::new());
        fs::remove_dir_all(sandbox.path("in")).unwrap();
    }
}

#[test]
fn a_damaged_cache_is_mended() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    run(&sandbox, &["fetch", "lts-6.12", "--out", "first"], "repo").success();
    for name in sandbox.list("cache/objects") {
        let path = sandbox.path(&format!("cache/objects/{name}"));
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
    }
    run(&sandbox, &["fetch", "lts-6.12", "--out", "in"], "repo").success();
    let name = format!("{TITLE}.tar.zst");
    assert_eq!(
        fs::read(sandbox.path(&format!("in/{name}"))).unwrap(),
        fs::read(sandbox.path(&format!("dist/{TITLE}/{name}"))).unwrap()
    );
}

#[test]
fn what_is_too_long_in_the_cache_is_no_object() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let names = ["tar.zst", "SHA256SUMS", "release.json"].map(|end| format!("{TITLE}.{end}"));
    let made = |name: &String| fs::read(sandbox.path(&format!("dist/{TITLE}/{name}"))).unwrap();
    let pad = || {
        for name in &names {
            let bytes = made(name);
            let more = if name.ends_with("SUMS") { 1 << 20 } else { 1 };
            let object = format!("cache/objects/{}", Sha256::of(&bytes));
            let _ = fs::remove_file(sandbox.path(&object));
            sandbox.write(&object, [bytes, vec![b' '; more]].concat());
        }
    };
    run(&sandbox, &["ls"], "repo").success();
    pad();
    run(&sandbox, &["fetch", "lts-6.12", "--out", "in"], "repo").success();
    for name in &names {
        assert!(fs::read(sandbox.path(&format!("in/{name}"))).unwrap() == made(name), "{name}");
        let object = sandbox.path(&format!("cache/objects/{}", Sha256::of(&made(name))));
        assert!(fs::read(object).unwrap() == made(name), "{name} is not mended");
    }
    pad();
    let refused = run(&sandbox, &["fetch", "lts-6.12", "--offline", "--out", "off"], "repo").failure(4);
    assert!(refused.contains("is not in the cache"), "{refused}");
    assert_eq!(sandbox.list("off"), Vec::<String>::new());
}
