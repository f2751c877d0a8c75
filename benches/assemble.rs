// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo bench --bench assemble -- --repo PATH --rev REV [--paths PATH...]`: whole processes of
//! this program and of its peers, in turn, on one commit; medians, ratios pair by pair, and the
//! peak memory of the largest process.
//!
//! The commit is tagged in a bare clone that borrows the repository's objects, so that the
//! repository itself is not touched. Blobs that it lacks are left out on both sides.

#![allow(clippy::disallowed_methods, reason = "a benchmark makes files and runs programs")]
#![allow(clippy::zombie_processes, reason = "wait4 waits for the process, with its accounting")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// How often each pair of commands runs, unless `--runs` says otherwise.
const RUNS: usize = 5;

/// The tag that the bench gives to the commit.
const TAG: &str = "v2_99_0";

struct Options {
    repo: PathBuf,
    rev: String,
    paths: Vec<String>,
    runs: usize,
    only: Option<String>,
}

fn main() {
    let Some(options) = options() else {
        // `cargo bench` without arguments, and `cargo test --benches`, have nothing to measure.
        println!(
            "usage: cargo bench --bench assemble -- --repo PATH --rev REV [--paths PATH]... [--runs N] [--only ROW]"
        );
        return;
    };
    let place = Place::new(&options);
    println!("{} at {} ({} blobs missing)\n", options.repo.display(), options.rev, place.missing.len());
    let table = Table::new(options.runs, options.only.clone());
    if options.paths.is_empty() {
        whole_tree(&place, &table);
    } else {
        let paths = options.paths.join(" ");
        let archive = format!("git --git-dir={} archive {TAG} {paths}", place.git());
        table.row(
            &format!("{paths}: digest"),
            &place.ours("digest"),
            &archive,
            &format!("git archive {paths}"),
        );
    }
}

fn whole_tree(place: &Place, table: &Table) {
    let archive_as = |options: &str| {
        format!("git --git-dir={} archive {options} {TAG} -- . {} 2>/dev/null", place.git(), place.excludes())
    };
    let archive = archive_as("--format=tar");
    let out = place.folder.path().display().to_string();
    // The release of the run before is taken away outside of the measurement: see `measure`.
    let fresh = |formats: &str| place.ours(&format!("assemble --out {out}/fresh --format {formats}"));

    table.row(
        "tar digest, all file digests",
        &place.ours("digest"),
        &format!("{archive} | sha256sum"),
        "git archive | sha256sum",
    );
    table.row("tar written", &fresh("tar"), &format!("{archive} >{out}/peer.tar"), "git archive to a file");
    table.row("tar.gz 9", &fresh("gz"), &format!("{archive} | pigz -9 -p2 >{out}/peer.gz"), "| pigz -9 -p2");
    table.sizes(&format!("{out}/fresh"), "tar.gz", &format!("{out}/peer.gz"));
    table.row(
        "tar.gz 9",
        &fresh("gz"),
        &format!("{} >{out}/peer.gz", archive_as("--format=tar.gz -9")),
        "git archive --format=tar.gz -9",
    );
    table.row("tar.gz 9", &fresh("gz"), &format!("{archive} | gzip -9 >{out}/peer.gz"), "| gzip -9");
    place.manifest("gzip = 9\nzstd = 3\nxz = 6");
    table.row(
        "tar.zst 3",
        &fresh("zst"),
        &format!("{archive} | zstd -q -3 -T2 >{out}/peer.zst"),
        "| zstd -3 -T2",
    );
    place.manifest("gzip = 9\nzstd = 19\nxz = 6");
    table.row(
        "tar.zst 19",
        &fresh("zst"),
        &format!("{archive} | zstd -q -19 -T2 >{out}/peer.zst"),
        "| zstd -19 -T2",
    );
    table.row("tar.xz 6", &fresh("xz"), &format!("{archive} | xz -6 -T2 >{out}/peer.xz"), "| xz -6 -T2");

    let one_by_one = format!(
        "set -e; {archive} >{out}/p.tar; pigz -9 -p2 -c {out}/p.tar >{out}/p.tar.gz; zstd -q -f -19 -T2 {out}/p.tar -o {out}/p.tar.zst; \
         xz -6 -T2 -c {out}/p.tar >{out}/p.tar.xz; sha256sum {out}/p.tar*"
    );
    let all_at_once = format!(
        "set -e; {archive} >{out}/p.tar; (pigz -9 -p1 -c {out}/p.tar >{out}/p.tar.gz) & (zstd -q -f -19 -T1 {out}/p.tar -o {out}/p.tar.zst) & \
         xz -6 -T1 -c {out}/p.tar >{out}/p.tar.xz; wait; sha256sum {out}/p.tar*"
    );
    let three = fresh("gz,zst,xz");
    table.row("gz 9 + zst 19 + xz 6", &three, &one_by_one, "shell script, one by one, two threads each");
    table.row("gz 9 + zst 19 + xz 6", &three, &all_at_once, "shell script, all at once, one thread each");
    if table.has("gz 9 + zst 19 + xz 6") {
        // The limit on two cores: what the encoders alone cost, less the making of the tar. The machine may be
        // faster in one minute than in the next, so each round has its own.
        let rounds: Vec<(f64, f64)> = (0..table.runs)
            .map(|_| {
                let ours = measure(&three).wall;
                let tar = measure(&place.ours("digest -j 1")).cpu;
                let alone: f64 =
                    ["gz", "zst", "xz"].iter().map(|format| measure(&fresh(format)).cpu - tar).sum();
                (ours, alone / 2.0)
            })
            .collect();
        table.line(format_args!(
            "{:<30} {:>8.3} s against {:>8.3} s  ratio {:.3}  half the CPU time of the three encoders alone",
            "gz 9 + zst 19 + xz 6",
            median(rounds.iter().map(|(ours, _)| *ours).collect()),
            median(rounds.iter().map(|(_, half)| *half).collect()),
            median(rounds.iter().map(|(ours, half)| ours / half).collect())
        ));
    }
    let again = place.ours(&format!("assemble --out {out}/again --format gz,zst,xz"));
    table.row(
        "rerun, outputs rehashed",
        &again,
        &format!("sha256sum {out}/again/*/*"),
        "sha256sum of the same files",
    );
}

fn options() -> Option<Options> {
    let mut options =
        Options { repo: PathBuf::new(), rev: String::new(), paths: Vec::new(), runs: RUNS, only: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--repo" => options.repo = std::fs::canonicalize(args.next()?).expect("--repo: a repository"),
            "--rev" => options.rev = args.next()?,
            "--paths" => options.paths.push(args.next()?),
            "--runs" => options.runs = args.next()?.parse().expect("--runs: a number"),
            "--only" => options.only = args.next(),
            _ => {}
        }
    }
    (!options.rev.is_empty() && options.repo.exists()).then_some(options)
}

/// A folder with the clone, the manifest and the outputs.
struct Place {
    folder: tempfile::TempDir,
    missing: Vec<String>,
    takes: Vec<String>,
}

impl Place {
    fn new(options: &Options) -> Self {
        let folder = tempfile::TempDir::new_in(std::env::current_dir().expect("a folder").join("target"))
            .expect("a folder");
        let clone = folder.path().join("clone.git");
        git(
            Path::new("."),
            &[
                "clone",
                "--quiet",
                "--bare",
                "--shared",
                "--no-tags",
                "--single-branch",
                &options.repo.to_string_lossy(),
                &clone.to_string_lossy(),
            ],
        );
        let commit = git(&options.repo, &["rev-parse", &format!("{}^{{commit}}", options.rev)]);
        git(&clone, &["tag", TAG, commit.trim()]);
        let place = Self { missing: missing(&clone), folder, takes: options.paths.clone() };
        place.manifest("gzip = 9\nzstd = 19\nxz = 6");
        place
    }

    fn git(&self) -> String {
        self.folder.path().join("clone.git").display().to_string()
    }

    fn excludes(&self) -> String {
        self.missing.iter().map(|path| format!("':(exclude){path}' ")).collect()
    }

    /// Writes the manifest with these levels.
    fn manifest(&self, encoding: &str) {
        let exclude: String = self
            .missing
            .iter()
            .map(|path| format!("  {{ glob = {path:?}, reason = \"missing\" }},\n"))
            .collect();
        let exclude = if exclude.is_empty() { exclude } else { format!("exclude = [\n{exclude}]\n") };
        let takes = if self.takes.is_empty() { vec![".".to_owned()] } else { self.takes.clone() };
        let takes: String = takes.iter().map(|path| format!("{{ from = {path:?} }}, ")).collect();
        let text = format!(
            "schema = 1\n[release]\nname = \"bench\"\nversion = \"2.99.0\"\nprimary = \"tree\"\nlicense = \"GPL-2.0-only\"\n\
             [encoding]\n{encoding}\n[source.tree]\ngit = \"clone.git\"\ntag = \"{TAG}\"\nsignature = \"none\"\n\
             [[layer]]\nname = \"all\"\nsource = \"tree\"\ntake = [{takes}]\n{exclude}\
             [allow]\ncase-clashes = [\".\"]\nunicode-clashes = [\".\"]\ndangling-links = [\".\"]\n"
        );
        std::fs::write(self.folder.path().join("bench.toml"), text).expect("a manifest");
    }

    fn ours(&self, command: &str) -> String {
        let manifest = self.folder.path().join("bench.toml");
        format!("{} {command} --quiet {}", env!("CARGO_BIN_EXE_lustre-dist"), manifest.display())
    }
}

fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_NO_LAZY_FETCH", "1")
        .args(args)
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The paths whose blobs the clone lacks.
fn missing(clone: &Path) -> Vec<String> {
    let listed = git(clone, &["ls-tree", "-r", "-z", TAG]);
    let mut paths = Vec::new();
    let mut ids = String::new();
    for line in listed.split_terminator('\0') {
        let Some((meta, path)) = line.split_once('\t') else { continue };
        let _ = writeln!(ids, "{}", meta.split(' ').nth(2).unwrap_or_default());
        paths.push(path.to_owned());
    }
    let mut check = Command::new("git")
        .current_dir(clone)
        .env("GIT_NO_LAZY_FETCH", "1")
        .args(["cat-file", "--batch-check=%(objectname)"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut stdin = check.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, ids.as_bytes()));
    let answer = check.wait_with_output().expect("git answers");
    writer.join().expect("a thread").expect("git reads");
    let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
    answer.lines().zip(paths).filter(|(line, _)| line.ends_with(" missing")).map(|(_, path)| path).collect()
}

/// What one run cost.
struct Cost {
    wall: f64,
    cpu: f64,
    peak_mib: f64,
}

/// The process of a command. Only what needs a shell gets one: its start would be a seventh of what the
/// shortest rows measure, on both sides.
fn process(command: &str) -> Command {
    let mut words = command.split_whitespace();
    match words.next() {
        Some(program) if !command.contains(['|', '>', '<', ';', '&', '\'', '"', '$', '(', '*']) => {
            let mut process = Command::new(program);
            process.args(words);
            process
        }
        _ => {
            let mut bash = Command::new("bash");
            bash.args(["-c", command]);
            bash
        }
    }
}

/// Runs a command, without its output, and waits for it with the accounting of the system.
fn measure(command: &str) -> Cost {
    if let Some((_, rest)) = command.split_once("--out ")
        && let Some(folder) = rest.split(' ').next().filter(|folder| folder.ends_with("/fresh"))
        && Path::new(folder).exists()
    {
        std::fs::remove_dir_all(folder).expect("the release of the run before");
    }
    // What the run before left for the disk is not this one's to wait for.
    rustix::fs::sync();
    let started = Instant::now();
    let child = process(command)
        .env("GIT_NO_LAZY_FETCH", "1")
        .stdout(Stdio::null())
        .spawn()
        .expect("the command runs");
    let pid = i32::try_from(child.id()).expect("a process id");
    let mut status = 0;
    // SAFETY: both pointers are to locals of the right type, and the child is ours to wait for.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::wait4(pid, &raw mut status, 0, &raw mut usage);
        usage
    };
    let wall = started.elapsed().as_secs_f64();
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "failed: {command}");
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Cost {
        wall,
        cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        peak_mib: usage.ru_maxrss as f64 / 1024.0,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

struct Table {
    runs: usize,
    only: Option<String>,
}

impl Table {
    fn new(runs: usize, only: Option<String>) -> Self {
        Self { runs, only }
    }

    /// Prints a row as soon as it is known: the whole takes minutes.
    fn line(&self, row: std::fmt::Arguments<'_>) {
        println!("{row}");
    }

    /// Whether rows about that work are wanted.
    fn has(&self, work: &str) -> bool {
        self.only.as_ref().is_none_or(|only| work.contains(only.as_str()))
    }

    /// Measures ours against a peer, in turn, after one run of each that does not count.
    fn row(&self, work: &str, ours: &str, peer: &str, peer_name: &str) {
        if !self.has(work) {
            return;
        }
        eprintln!("measuring {work} against {peer_name}");
        measure(ours);
        measure(peer);
        let pairs: Vec<(Cost, Cost)> = (0..self.runs).map(|_| (measure(ours), measure(peer))).collect();
        let wall = median(pairs.iter().map(|(ours, _)| ours.wall).collect());
        let peer_wall = median(pairs.iter().map(|(_, peer)| peer.wall).collect());
        let ratio = median(pairs.iter().map(|(ours, peer)| ours.wall / peer.wall).collect());
        let cpu = median(pairs.iter().map(|(ours, peer)| ours.cpu / peer.cpu).collect());
        let peak = pairs.iter().map(|(ours, _)| ours.peak_mib).fold(0.0, f64::max);
        self.line(format_args!(
            "{work:<30} {wall:>8.3} s against {peer_wall:>8.3} s  ratio {ratio:.3}  cpu ratio {cpu:.3}  peak {peak:>4.0} MiB  {peer_name}"
        ));
    }

    /// Compares the size of an artifact with the peer's file.
    fn sizes(&self, dist: &str, extension: &str, peer: &str) {
        let ours = std::fs::read_dir(dist)
            .into_iter()
            .flatten()
            .flatten()
            .map(|release| {
                release.path().join(format!("{}.{extension}", release.file_name().to_string_lossy()))
            })
            .find_map(|path| path.metadata().ok());
        if let (Some(ours), Ok(peer)) = (ours, std::fs::metadata(peer)) {
            let ratio = ours.len() as f64 / peer.len() as f64;
            self.line(format_args!(
                "{:<30} {:>8} B against {:>8} B  ratio {ratio:.4}",
                format!("{extension} size"),
                ours.len(),
                peer.len()
            ));
        }
    }
}
