// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo bench --bench repository -- --measure [--runs N] [--release DIR] [--keep]`: whole
//! processes of this program on an empty repository and on one of 2,000 releases, in turn; medians and ratios.
//!
//! The 2,000 releases are made through the library: their descriptions and checksums are there, with
//! metadata that is signed over all of them. What is published is the release in DIR, or one of a tree of
//! 30 MB that is made for it.

#![allow(clippy::disallowed_methods, reason = "a benchmark makes files and runs programs")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use jiff::Timestamp;
use lustre_dist::model::{Moniker, Sha256, SourceDate};
use lustre_dist::publish::{self, Update};
use lustre_dist::record::{Names, Sums};
use lustre_dist::repository::{Catalog, Entry, LineEntry, Listed, layout};
use lustre_dist::roles::{self, Commit, Keys, Terms};
use lustre_dist::store::{Settings, Store};

const RELEASES: usize = 2000;
const LINES: usize = 10;

struct Options {
    runs: usize,
    release: Option<PathBuf>,
    keep: bool,
}

fn options() -> Option<Options> {
    let mut options = Options { runs: 7, release: None, keep: false };
    let mut measure = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--measure" => measure = true,
            "--keep" => options.keep = true,
            "--runs" => options.runs = arguments.next()?.parse().ok()?,
            "--release" => options.release = Some(arguments.next()?.into()),
            _ => {}
        }
    }
    measure.then_some(options)
}

fn main() {
    let Some(options) = options() else {
        // `cargo bench` without arguments, and `cargo test --benches`, have nothing to measure.
        println!("usage: cargo bench --bench repository -- --measure [--runs N] [--release DIR] [--keep]");
        return;
    };
    let mut folder = tempfile::tempdir().expect("a temporary folder");
    folder.disable_cleanup(options.keep);
    let release = options.release.clone().unwrap_or_else(|| made(folder.path()));
    let release = release.canonicalize().expect("a release directory");
    for (name, count) in [("empty", 0), ("full", RELEASES)] {
        let started = Instant::now();
        repository(folder.path(), name, count, &release);
        println!("a repository of {count} releases made in {:.1} s", started.elapsed().as_secs_f64());
    }
    println!("publishing {}\n", release.display());
    println!("| work | empty | {RELEASES} releases | ratio |\n| --- | --- | --- | --- |");
    let steps: [(&str, &[&str]); 3] = [
        ("publish", &["--publish-unsigned"]),
        ("without check", &["--steps", "upload,verify,index"]),
        ("again: nothing new", &["--steps", "upload,verify,index"]),
    ];
    for (nth, (what, more)) in steps.into_iter().enumerate() {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..options.runs {
            for (name, times) in ["empty", "full"].into_iter().zip(&mut times) {
                let (to, keys) = (fresh(folder.path(), name), folder.path().join(format!("{name}-keys")));
                if nth == 2 {
                    time(&release, &to, &keys, more);
                }
                times.push(time(&release, &to, &keys, more));
            }
        }
        let [empty, full] = times.map(median);
        println!("| {what} | {empty:.3} s | {full:.3} s | {:.2} |", full / empty);
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A copy of a repository, of hard links: nothing in one is ever written in place.
fn fresh(folder: &Path, name: &str) -> PathBuf {
    let to = folder.join("run");
    let _ = std::fs::remove_dir_all(&to);
    run(Command::new("cp").arg("-al").arg(folder.join(name)).arg(&to));
    to
}

fn time(release: &Path, to: &Path, keys: &Path, more: &[&str]) -> f64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lustre-dist"));
    command.arg("publish").arg(release).arg("--to").arg(to).arg("--keys").arg(keys).args(more);
    let started = Instant::now();
    run(command.arg("-q"));
    started.elapsed().as_secs_f64()
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("the program runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A release of a tree of 30 MB, half of which does not compress.
fn made(folder: &Path) -> PathBuf {
    let tree = folder.join("lustre");
    std::fs::create_dir(&tree).expect("a folder");
    let mut state = 1_u64;
    for nth in 0..300 {
        let mut bytes = format!("line {nth}\n").repeat(5000).into_bytes();
        for _ in 0..6000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        std::fs::write(tree.join(format!("file-{nth}")), bytes).expect("a file");
    }
    let git = |arguments: &[&str]| {
        let identity =
            ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=master"];
        run(Command::new("git").current_dir(&tree).args(identity).args(arguments));
    };
    git(&["init", "--quiet", "."]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "start"]);
    git(&["tag", "--annotate", "--message", "tag", "v2_99_0"]);
    let manifest = "schema = 1\n[release]\nname = \"lustre\"\nversion = \"2.99.0\"\nprimary = \"lustre\"\n\
                    license = \"GPL-2.0-only\"\nformats = [\"tar.gz\", \"tar.zst\"]\n\
                    [line]\nid = \"lts-6.12\"\nkernel = \"6.12\"\nsupports = \">=4.18, <7.1\"\n\
                    [source.lustre]\ngit = \"lustre\"\ntag = \"v2_99_0\"\nsignature = \"none\"\n\
                    [[layer]]\nname = \"userspace\"\nsource = \"lustre\"\ntake = [{ from = \".\" }]\n";
    std::fs::write(folder.join("m.toml"), manifest).expect("a manifest");
    run(Command::new(env!("CARGO_BIN_EXE_lustre-dist")).current_dir(folder).args(["assemble", "m.toml"]));
    folder.join("dist/lustre-2.99.0")
}

/// A repository of so many releases, each with its description and checksums, on ten lines.
fn repository(folder: &Path, name: &str, count: usize, like: &Path) {
    let template = Template::of(like);
    let root = folder.join(name);
    let store = Store::open(&root.to_string_lossy(), &Settings::new()).expect("a store");
    let mut keys = Keys::open(&folder.join(format!("{name}-keys"))).expect("keys");
    let now = Timestamp::now();
    let head = roles::init(&store, &mut keys, &Terms::default(), now).expect("a repository");
    let mut catalog = Catalog::default();
    for nth in 0..count {
        let line = format!("lts-6.{}", 12 + nth % LINES);
        catalog.lines.entry(line.clone()).or_insert(LineEntry {
            kernel: "6.12".parse().ok(),
            moniker: Some(Moniker::Longterm),
            eol: Some(jiff::civil::date(2028, 12, 31)),
        });
        let entry = Entry {
            name: "lustre".to_owned(),
            version: format!("2.{}.{}+k6.12.{}", nth / 100, nth % 100, nth % 60 + 1)
                .parse()
                .expect("a version"),
            line: Some(line),
            date: SourceDate(1_700_000_000 + nth as u64 * 40_000),
            identity: Sha256::of(&nth.to_le_bytes()),
            supports: ">=4.18, <7.1".parse().ok(),
            kernels: None,
            sums: None,
            retracted: None,
        };
        let (title, listed) = files(&root, entry, &template);
        catalog.releases.insert(title, listed);
    }
    if count > 0 {
        let commit = head.commit(&store, &catalog, &keys, now).expect("a commit");
        assert!(matches!(commit, Commit::Done(_)));
    }
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let update = Update { store: &store, keys: &keys, sums_key: None, now, today };
    let derived = publish::update(&update).expect("derived files");
    assert_eq!(derived.damage, []);
}

/// A description to make others after.
struct Template {
    title: String,
    version: String,
    text: String,
}

impl Template {
    fn of(release: &Path) -> Self {
        let title = release.file_name().expect("a name").to_string_lossy().into_owned();
        let path = release.join(Names::new(&title).description());
        let text = std::fs::read_to_string(path).expect("a description");
        let version = title.split_once('-').expect("NAME-VERSION").1.to_owned();
        Self { title, version, text }
    }

    fn with(&self, entry: &Entry) -> String {
        let version = |version: &str| format!("\"version\": \"{version}\"");
        let text = self.text.replace(&self.title, &entry.title());
        text.replacen(&version(&self.version), &version(&entry.version.to_string()), 1)
    }
}

/// Writes what is read of a release when all is derived anew.
fn files(root: &Path, entry: Entry, template: &Template) -> (String, Listed) {
    let title = entry.title();
    let names = Names::new(&title);
    let line = entry.line.as_deref();
    let description = template.with(&entry);
    let listed = Listed {
        length: description.len() as u64,
        sha256: Sha256::of(description.as_bytes()),
        entry: entry.clone(),
    };
    let tarball = Sha256::of(title.as_bytes());
    let mut sums = Sums::default();
    sums.0.insert(names.description(), listed.sha256);
    for format in lustre_dist::manifest::Format::ALL {
        sums.0.insert(names.artifact(format), tarball);
    }
    for name in [names.origins(), names.sbom(), names.provenance()] {
        sums.0.insert(name, tarball);
    }
    for (path, bytes) in [
        (layout::file(line, &names.description()), &description),
        (layout::target(&listed.sha256, &names.description()), &description),
        (layout::file(line, &names.sums()), &sums.to_text()),
    ] {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(path, bytes).expect("a file");
    }
    (title, listed)
}
