// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `fetch` trusts, and goes on trusting: roots, old metadata, mirrors, settings.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use insta::assert_snapshot;
use lustre_dist::model::Sha256;
use lustre_dist::roles::Role;

use crate::fetch::{plain, run, vendor};
use crate::runner::{Run, Sandbox};
use crate::site::{Reply, Site};
use crate::vendor::copy;

const TARBALL: &str = "lustre-2.17.0.tar.zst";

/// Runs on another day.
fn run_on(sandbox: &Sandbox, day: &str, args: &[&str]) -> Run {
    let mut all = vec!["--log-style", "plain"];
    all.extend(args);
    all.extend(["--root", "root.json"]);
    sandbox.finish(sandbox.command(&all).env("LUSTRE_DIST_TODAY", day))
}

fn state(sandbox: &Sandbox) -> String {
    let found = sandbox.list(".local/state/lustre-dist/trusted");
    assert_eq!(found.len(), 1, "{found:?}");
    format!(".local/state/lustre-dist/trusted/{}", found[0])
}

#[test]
fn trust_begins_with_a_root() {
    let sandbox = Sandbox::new();
    let vendor = vendor(&sandbox);
    let site = Site::new(sandbox.path("repo"));
    let plainly = |args: &[&str]| sandbox.run(&[&["--log-style", "plain"], args].concat());
    assert_snapshot!(plain(&plainly(&["fetch"]).failure(2)), @"
    error: no repository is configured, and none is named
     = help: name one with `--from URL --root root.json`, or `lustre-dist trust add URL --fingerprint SHA256`
    ");
    assert_snapshot!(plain(&plainly(&["fetch", "--from", &site.url]).failure(2)), @"
    error: nothing says which root of SITE is to be trusted
     = note: trust begins with a root, or with its fingerprint, from who vouches for the repository
     = help: once: `lustre-dist trust add SITE --fingerprint SHA256`; or add `--root root.json` to this command
    ");
    assert!(site.asked().is_empty());

    let other = Sha256::of(b"another").to_string();
    let refused = plainly(&["trust", "add", &site.url, "--fingerprint", &other]).failure(6);
    assert_snapshot!(plain(&refused), @"
    error: no root of SITE has the fingerprint that you gave
     = note: you gave                     [SHA256]
     = note: metadata/1.root.json has    [SHA256]
     = note: root.json            has    [SHA256]
     = help: a fingerprint is the sha256 of the root's file; ask who vouches for the repository, not its server
    ");
    assert_snapshot!(plain(&plainly(&["trust", "list"]).stderr), @"no repository is trusted yet: `lustre-dist trust add URL --fingerprint SHA256`");

    let right = Sha256::of(&vendor.root()).to_string();
    let capitals: Vec<String> = right
        .to_ascii_uppercase()
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect();
    let added = plainly(&["trust", "add", &site.url, "--fingerprint", &capitals.join(":")]).success();
    assert_snapshot!(plain(&added), @"
    SITE is trusted by its root 1 (metadata/1.root.json), sha256 [SHA256]
    noted in [SANDBOX]/.config/lustre-dist/config.toml
    ");
    assert_snapshot!(plain(&plainly(&["trust", "add", &site.url, "--fingerprint", &right]).stderr), @"SITE is trusted by that root already");
    // From now on nothing has to be named.
    plainly(&["fetch", "lts-6.12", "--out", "in"]).success();
    let listed = plainly(&["trust", "list"]).success();
    assert!(listed.contains("root 1, timestamp 2") && listed.contains(&right), "{listed}");
    assert_snapshot!(plain(&plainly(&["trust", "remove", &site.url]).success()), @"SITE is no longer trusted");
    plainly(&["fetch"]).failure(2);
    assert!(sandbox.list(".local/state/lustre-dist/trusted").is_empty());
    assert_eq!(sandbox.list(".config/lustre-dist/roots"), Vec::<String>::new());

    let nowhere = plainly(&["trust", "add", "nowhere", "--fingerprint", &right]).failure(4);
    assert_snapshot!(plain(&nowhere), @"
    error: there is no repository at file://[SANDBOX]/nowhere
     = note: metadata/1.root.json: No such file or directory (os error 2)
     = note: root.json: No such file or directory (os error 2)
     = help: look at the address; it is the one that has `metadata/` below it
    ");
}

#[test]
fn repositories_in_an_inline_array_are_added_and_removed() {
    let sandbox = Sandbox::new();
    let vendor = vendor(&sandbox);
    let settings = ".config/lustre-dist/config.toml";
    let print = Sha256::of(&vendor.root());
    let [repo, other] = ["repo", "other"].map(|name| sandbox.path(name).display().to_string());
    sandbox.write(
        settings,
        format!(
            "# Mine.\nrepository = [{{ url = \"{other}\", fingerprint = \"{print}\" }}, {{ url = \"{repo}\", fingerprint = \"{print}\" }}]\n"
        ),
    );
    sandbox.run(&["ls", "--from", "repo"]).success();
    sandbox.run(&["trust", "remove", "repo"]).success();
    let text = sandbox.read(settings);
    assert!(text.starts_with("# Mine.\n") && text.contains(&other) && !text.contains(&repo), "{text}");
    state(&sandbox);
    sandbox.run(&["ls", "--from", "repo"]).failure(2);
    sandbox.run(&["trust", "add", "repo", "--fingerprint", &print.to_string()]).success();
    sandbox.run(&["ls", "--from", "repo"]).success();
    for name in ["repo", "other"] {
        sandbox.run(&["trust", "remove", name]).success();
    }
    assert!(sandbox.list(".local/state/lustre-dist/trusted").is_empty());
    assert_snapshot!(sandbox.read(settings), @"
    # Mine.
    repository = []
    ");
}

#[test]
fn a_password_is_kept_and_not_told() {
    let sandbox = Sandbox::new();
    let vendor = vendor(&sandbox);
    let site = Site::with(sandbox.path("repo"), |asked| match asked.header("authorization") {
        Some("Basic bWU6c2VjcmV0") => Reply::Usual,
        _ => Reply::Status(401, vec![], vec![]),
    });
    let url = site.url.replace("http://", "http://me:secret@");
    let print = Sha256::of(&vendor.root()).to_string();
    let run = |args: &[&str], state: &str| {
        let mut command = sandbox.command(&[&["--log-style", "plain"], args].concat());
        let run = sandbox.finish(command.env("LUSTRE_DIST_STATE", sandbox.path(state)));
        assert!(!run.stdout.contains("secret") && !run.stderr.contains("secret"), "{run:?}");
        run
    };
    run(&["trust", "add", &site.url, "--fingerprint", &print], "state").failure(4);
    let wrong = url.replace("secret", "other");
    run(&["trust", "add", &url, "--fingerprint", &print, "--mirror", &wrong], "state").success();
    let settings = ".config/lustre-dist/config.toml";
    assert!(sandbox.read(settings).contains(&url));
    let mode = fs::metadata(sandbox.path(settings)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else may read it");
    run(&["fetch", "lts-6.12", "--out", "in"], "state").success();
    run(&["trust", "list"], "state").success();
    run(&["trust", "list", "--json"], "state").success();

    // Whatever is wrong with what is there.
    let snapshot = "repo/metadata/2.snapshot.json";
    let whole = sandbox.read(snapshot);
    for (nth, wrong) in
        [whole.replace("targets.json", "targats.json"), whole + " ", String::new()].iter().enumerate()
    {
        sandbox.write(snapshot, wrong);
        let refused = run(&["ls", "--from", &url], &format!("state-{nth}")).failure(6);
        assert!(refused.contains("2.snapshot.json"), "{refused}");
    }
    // As `trust list` shows it.
    run(&["trust", "remove", &url.replace("secret", "***")], "state").success();
    run(&["ls"], "state").failure(2);
}

#[test]
fn a_repository_is_known_by_each_of_its_roots() {
    let sandbox = Sandbox::new();
    let mut vendor = vendor(&sandbox);
    let plainly = |args: &[&str]| sandbox.run(&[&["--log-style", "plain"], args].concat());
    run(&sandbox, &["ls"], "repo").success();
    vendor.rotate(&[Role::Snapshot, Role::Timestamp], "online-2");
    run(&sandbox, &["ls"], "repo").success();
    fs::copy(sandbox.path("repo/metadata/2.root.json"), sandbox.path("second.json")).unwrap();
    plainly(&["trust", "add", "repo", "--root", "second.json"]).success();
    let listed = plainly(&["trust", "list"]).success();
    assert!(listed.contains("root 2, timestamp"), "{listed}");
    assert_snapshot!(plain(&plainly(&["trust", "add", "repo", "--root", "root.json"]).failure(5)), @"file://[SANDBOX]/repo is trusted already, and your root 1 is one of its roots");
    let elsewhere = Sandbox::new();
    sandbox.write("other.json", crate::vendor::Vendor::new(&elsewhere).root());
    assert_snapshot!(plain(&plainly(&["trust", "add", "repo", "--root", "other.json"]).failure(2)), @"
    error: file://[SANDBOX]/repo is trusted by another root already
     = note: known   [SHA256], as [SANDBOX]/.config/lustre-dist/config.toml says
     = note: given   [SHA256], root 1
     = help: an older or newer root of the same repository needs no change; only if it was made anew: `lustre-dist trust remove file://[SANDBOX]/repo` first
    ");
    // The state has the name of the first root, and goes with the second.
    copy(&sandbox, "repo", "mirror");
    plainly(&["trust", "add", "mirror", "--root", "root.json"]).success();
    plainly(&["trust", "remove", "mirror"]).success();
    state(&sandbox);
    plainly(&["trust", "remove", "repo"]).success();
    assert!(sandbox.list(".local/state/lustre-dist/trusted").is_empty());
}

#[test]
fn a_root_that_cannot_be_read_may_be_the_one() {
    let sandbox = Sandbox::new();
    let mut vendor = vendor(&sandbox);
    vendor.rotate(&[Role::Targets], "targets-2");
    let site = Site::with(sandbox.path("repo"), |asked| match asked.path.ends_with("1.root.json") {
        true => Reply::Status(503, vec![], vec![]),
        false => Reply::Usual,
    });
    let print = Sha256::of(&vendor.root()).to_string();
    let refused = sandbox.run(&["--log-style", "plain", "trust", "add", &site.url, "--fingerprint", &print]);
    assert_snapshot!(plain(&refused.failure(4)), @"
    error: cannot fetch the root of SITE
     = note: you gave                     [SHA256]
     = note: metadata/1.root.json: it says 503 Service Unavailable
     = note: root.json            has    [SHA256]
     = help: look at the address, and try again later
    ");
}

#[test]
fn settings_are_read_strictly() {
    let sandbox = Sandbox::new();
    let vendor = vendor(&sandbox);
    let with = |text: &str| {
        sandbox.write(".config/lustre-dist/config.toml", text);
        plain(&sandbox.run(&["--log-style", "plain", "fetch", "--out", "in", "lts-6.12"]).failure(2))
    };
    assert_snapshot!(with("formt = \"xz\"\n"), @r#"
    error: the settings cannot be read
     --> [SANDBOX]/.config/lustre-dist/config.toml:1:1
      |
    1 | formt = "xz"
      | ^^^^^ unknown field `formt`, expected one of `format`, `cache`, `timeout`, `min-rate`, `repository`
      = help: `lustre-dist fetch --help` lists what can be set
    "#);
    assert_snapshot!(with("format = \"rar\"\n"), @r#"
    error: `rar` is no format
     --> [SANDBOX]/.config/lustre-dist/config.toml:1:10
      |
    1 | format = "rar"
      |          ^^^^^ expected zst, xz, gz or tar
    "#);
    assert_snapshot!(with("[[repository]]\nurl = \"https://example.org\"\n"), @r#"
    error: nothing says which root `https://example.org` has
     --> [SANDBOX]/.config/lustre-dist/config.toml:2:7
      |
    2 | url = "https://example.org"
      |       ^^^^^^^^^^^^^^^^^^^^^ add `fingerprint` or `root`
    "#);
    assert_snapshot!(with("[[repository]]\nurl = \"ftp://example.org\"\nroot = \"x\"\n"), @r#"
    error: `ftp://example.org` is no address of a repository
     --> [SANDBOX]/.config/lustre-dist/config.toml:2:7
      |
    2 | url = "ftp://example.org"
      |       ^^^^^^^^^^^^^^^^^^^
      = note: `ftp` is not one of https, http and file
      = help: expected an address such as `https://releases.example.org/lustre`, or a folder
    "#);
    let two = "[[repository]]\nurl = \"https://a.example.org\"\nroot = \"x\"\n\
               [[repository]]\nurl = \"https://b.example.org\"\nroot = \"y\"\n";
    assert_snapshot!(with(two), @"
    error: several repositories are configured
     = note: https://a.example.org
     = note: https://b.example.org
     = help: say which with `--from URL`
    ");

    let fingerprint = Sha256::of(&vendor.root());
    let repo = sandbox.path("repo").display().to_string();
    sandbox.write(
        ".config/lustre-dist/config.toml",
        format!(
            "# Mine.\nformat = \"xz\"\n\n[[repository]]\nurl = \"{}\"\nmirrors = [\"{repo}\"]\nfingerprint = \"{fingerprint}\"\n",
            sandbox.path("nowhere").display()
        ),
    );
    // The root is fetched where it is not kept yet; its fingerprint decides, so a mirror's will do.
    let done = sandbox.run(&["--log-style", "plain", "fetch", "--out", "in", "lts-6.12"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_snapshot!(plain(&done.stderr), @"
    file://[SANDBOX]/nowhere does not give the metadata: cannot read `metadata/timestamp.json` of file://[SANDBOX]/nowhere; asking the next
    lustre-2.17.0: the only release of the line lts-6.12
    ");
    assert!(sandbox.path("in/lustre-2.17.0.tar.xz").exists());
    sandbox.run(&["trust", "add", "repo", "--root", "root.json"]).success();
    let text = sandbox.read(".config/lustre-dist/config.toml");
    assert!(text.starts_with("# Mine.\n") && text.matches("[[repository]]").count() == 2, "{text}");
    sandbox.write(&format!(".config/lustre-dist/roots/{fingerprint}.root.json"), "{}");
    sandbox.run(&["fetch", "--from", "repo", "--out", "in", "lts-6.12"]).failure(6);
}

#[test]
fn old_metadata_is_refused_and_a_good_mirror_is_found() {
    let sandbox = Sandbox::new();
    let mut vendor = vendor(&sandbox);
    copy(&sandbox, "repo", "old");
    vendor.release("2.17.1", Some("lts-6.12"));
    vendor.publish();
    run(&sandbox, &["ls"], "repo").success();
    let kept = sandbox.read(&state(&sandbox));
    let refused = run(&sandbox, &["fetch", "--out", "in"], "old").failure(6);
    assert_snapshot!(plain(&refused), @"
    error: the timestamp role is older than the one that was trusted before
     = note: version 2 came, and version 3 was seen
     = note: at file://[SANDBOX]/old
     = help: the mirror is stale, or somebody gives you an old state: try another mirror, or later
    ");
    assert_eq!(sandbox.read(&state(&sandbox)), kept);

    let two = ["--log-style", "plain", "fetch", "lts-6.12", "--out", "in", "--from", "old", "--from", "repo"];
    let done = sandbox.run(&[&two[..], &["--root", "root.json"]].concat());
    assert_snapshot!(plain(&done.stderr), @"
    file://[SANDBOX]/old does not give the metadata: the timestamp role is older than the one that was trusted before; asking the next
    lustre-2.17.1: the newest of 2 releases of the line lts-6.12
    ");
    assert_eq!(done.code, 0);

    // Without what was seen the old state would pass: so a damaged one stops the run.
    for text in [&kept[..kept.len() / 2], "", &kept.replace("\"timestamp\"", "\"timestump\"")] {
        sandbox.write(&state(&sandbox), text);
        let refused = run(&sandbox, &["ls"], "old").failure(6);
        assert!(refused.contains("is damaged"), "{refused}");
    }
    let refused = run(&sandbox, &["ls"], "repo").failure(6);
    let name = state(&sandbox).rsplit('/').next().unwrap().to_owned();
    assert_snapshot!(refused.replace(&name, "[STATE]"), @"
    error: the trusted state `[SANDBOX]/.local/state/lustre-dist/trusted/[STATE]` is damaged
     = note: its checksum is another
     = note: it says which versions of the repository were seen; without it an older one would pass
     = help: restore it from a backup; or remove it, and what the repository says now is believed as at first
    ");
}

#[test]
fn time_is_held_against_metadata_and_clock() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let late = run_on(&sandbox, "2026-12-01", &["ls", "--from", "repo"]).failure(6);
    assert_snapshot!(plain(&late), @"
    error: the metadata has expired
     = note: the timestamp role expired at 2026-11-30T12:00:00Z; now is 2026-12-01T12:00:00Z
     = note: at file://[SANDBOX]/repo
     = help: a repository that is kept is signed anew in time: the server may be holding newer metadata back; try another mirror, and look at this machine's clock
    ");
    assert!(sandbox.list(".local/state/lustre-dist/trusted").is_empty());
    run_on(&sandbox, "2026-11-29", &["ls", "--from", "repo"]).success();
    let back = run_on(&sandbox, "2026-11-23", &["ls", "--from", "repo"]).failure(8);
    let name = state(&sandbox).rsplit('/').next().unwrap().to_owned();
    assert_snapshot!(plain(&back.replace(&name, "[STATE]")), @"
    error: this machine's clock went back
     = note: it says 2026-11-23T12:00:00Z, and file://[SANDBOX]/repo was read at 2026-11-29T12:00:00Z
     = note: with a clock that is behind, metadata that has expired would pass for fresh
     = help: set the clock; if it was ahead before, remove `[SANDBOX]/.local/state/lustre-dist/trusted/[STATE]`, and what the repository says now is believed as at first
    ");
}

#[test]
fn only_a_root_that_is_not_there_ends_the_chain() {
    let sandbox = Sandbox::new();
    let mut vendor = vendor(&sandbox);
    for (status, code) in [(404, 0), (410, 0), (403, 0), (500, 4), (503, 4), (401, 4), (204, 4), (302, 4)] {
        let site = Site::with(sandbox.path("repo"), move |asked| match asked.path.ends_with("2.root.json") {
            true => Reply::Status(status, vec![], vec![]),
            false => Reply::Usual,
        });
        let done = run(&sandbox, &["ls"], &site.url);
        assert_eq!(done.code, code, "{status}: {}", done.stderr);
        if status == 500 {
            assert_snapshot!(plain(&done.stderr), @"
            error: cannot read `metadata/2.root.json` of SITE
             = note: it says 500 Internal Server Error
             = help: try again later, or another mirror with `--from`
            ");
            assert_eq!(site.count("2.root.json"), 4);
            assert_eq!(site.count("timestamp.json"), 0);
        }
    }
    // The next root is trusted with what it says, and read back: the chain need not be there for ever.
    vendor.rotate(&[Role::Snapshot, Role::Timestamp], "online-2");
    copy(&sandbox, "repo", "pruned");
    fs::remove_file(sandbox.path("pruned/metadata/2.root.json")).unwrap();
    run(&sandbox, &["ls"], "pruned").failure(6);
    run(&sandbox, &["ls"], "repo").success();
    run(&sandbox, &["ls"], "pruned").success();
    // The newer root is one of the same repository.
    let second = fs::read(sandbox.path("repo/metadata/2.root.json")).unwrap();
    sandbox.write("root.json", second);
    run(&sandbox, &["ls"], "repo").success();
    state(&sandbox);
}

#[test]
fn a_newer_root_counts_even_where_the_rest_fails() {
    let sandbox = Sandbox::new();
    let mut vendor = vendor(&sandbox);
    run(&sandbox, &["ls"], "repo").success();
    copy(&sandbox, "repo", "old");
    vendor.rotate(&[Role::Snapshot, Role::Timestamp], "online-2");
    // Somebody with the old keys shows the new root, and then hides it.
    copy(&sandbox, "repo", "mixed");
    fs::copy(sandbox.path("old/metadata/timestamp.json"), sandbox.path("mixed/metadata/timestamp.json"))
        .unwrap();
    let refused = run(&sandbox, &["ls"], "mixed").failure(6);
    assert_snapshot!(plain(&refused), @"
    error: the timestamp role of file://[SANDBOX]/mixed is not signed by the keys of root 2
     = note: Signature threshold of 1 not met for role timestamp (0 valid signatures)
     = note: its roots end before `metadata/3.root.json`, which is not there
     = help: somebody changed it, or this mirror lacks the root that says of other keys: try another mirror, or begin with the newest `root.json` from who vouches for the repository
    ");
    run(&sandbox, &["ls"], "old").failure(6);
    run(&sandbox, &["ls"], "repo").success();
}

#[test]
fn mirrors_are_tried_in_turn() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let whole = fs::read(sandbox.path(&format!("repo/lts-6.12/{TARBALL}"))).unwrap();
    let wrong = {
        let mut bytes = whole.clone();
        bytes[1000] ^= 1;
        Site::with(sandbox.path("repo"), move |asked| match asked.path.ends_with(TARBALL) {
            true => Reply::Bytes(bytes.clone()),
            false => Reply::Usual,
        })
    };
    let short = Site::with(sandbox.path("repo"), |asked| match asked.path.ends_with(TARBALL) {
        true => Reply::Bytes(vec![0; 9]),
        false => Reply::Usual,
    });
    let broken = Site::with(sandbox.path("repo"), |asked| match asked.path.ends_with(TARBALL) {
        true => Reply::Status(404, vec![], vec![]),
        false => Reply::Usual,
    });
    let good = Site::new(sandbox.path("repo"));
    let all = |urls: &[&Site], out: &str| {
        let mut args = vec!["--log-style", "plain", "fetch", "lts-6.12", "--out", out, "--root", "root.json"];
        for site in urls {
            args.extend(["--from", &site.url]);
        }
        sandbox.run(&args)
    };
    let refused = all(&[&wrong, &short], "in").failure(6);
    assert_snapshot!(plain(&refused), @"
    lustre-2.17.0: the only release of the line lts-6.12
    SITE does not give lustre-2.17.0.tar.zst: its bytes have the sha256 [SHA256], and not [SHA256]; asking the next
    error: cannot fetch `lustre-2.17.0.tar.zst`
     = note: SITE: its bytes have the sha256 [SHA256], and not [SHA256]
     = note: SITE: its object has 9 bytes, and 301159 are vouched for
     = help: what is there is not what was published: try another mirror with `--from`
    ");
    assert!(sandbox.list("in").is_empty());
    let done = all(&[&wrong, &short, &broken, &good], "in");
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_snapshot!(plain(&done.stderr), @"
    lustre-2.17.0: the only release of the line lts-6.12
    SITE does not give lustre-2.17.0.tar.zst: its bytes have the sha256 [SHA256], and not [SHA256]; asking the next
    SITE does not give lustre-2.17.0.tar.zst: its object has 9 bytes, and 301159 are vouched for; asking the next
    SITE does not give lustre-2.17.0.tar.zst: it says 404 Not Found; asking the next
    ");
    assert_eq!(fs::read(sandbox.path(&format!("in/{TARBALL}"))).unwrap(), whole);
}

#[test]
fn slow_and_strange_servers_are_left() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let told = |reply: fn() -> Reply, more: &[&str]| {
        let site = Site::with(sandbox.path("repo"), move |asked| match asked.path.ends_with(TARBALL) {
            true => reply(),
            false => Reply::Usual,
        });
        let args = [&["fetch", "lts-6.12", "--out", "in"], more].concat();
        let told = plain(&run(&sandbox, &args, &site.url).failure(4));
        let _ = fs::remove_dir_all(sandbox.path("cache"));
        told.lines().filter(|line| line.contains("SITE: ")).collect::<Vec<_>>().join("\n")
    };
    let gzip = || Reply::Status(200, vec![("Content-Encoding", "gzip".into())], vec![31, 139]);
    assert_snapshot!(told(gzip, &[]), @" = note: SITE: it gives the bytes in the content encoding `gzip`, which was not asked for");
    let to_file = || Reply::Status(302, vec![("Location", "file:///etc/passwd".into())], vec![]);
    assert_snapshot!(told(to_file, &[]), @" = note: SITE: it says 302 Found, without an address of the web to go on to");
    let round = || Reply::Status(302, vec![("Location", format!("/lts-6.12/{TARBALL}"))], vec![]);
    assert_snapshot!(told(round, &[]), @" = note: SITE: it redirects more than 5 times");
    let drip = || Reply::Slow(10, Duration::from_millis(50));
    let slow = told(drip, &["--timeout", "1", "--min-rate", "5000"]);
    assert!(slow.contains("bytes a second for 1 s; the least is 5000"), "{slow}");
    let silent = || Reply::Slow(1000, Duration::from_secs(30));
    assert_snapshot!(told(silent, &["--timeout", "1"]), @" = note: SITE: it was silent for 1 s (`--timeout`)");
}
