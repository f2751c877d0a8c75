// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo bench --bench fetch -- --size MB`: `fetch` over loopback beside `curl` and `sha256sum` of the
//! same file, and the resolving of a line in a repository of 2,000 releases. Whole processes, in turn;
//! medians of wall time.

#![allow(clippy::disallowed_methods, reason = "a benchmark makes files and runs programs")]

#[allow(dead_code, reason = "shared with the behaviour tests")]
#[path = "../tests/behaviour/fixture.rs"]
mod fixture;
#[allow(dead_code, reason = "shared with the behaviour tests")]
#[path = "../tests/behaviour/runner.rs"]
mod runner;
#[allow(dead_code, reason = "shared with the behaviour tests")]
#[path = "../tests/behaviour/vendor.rs"]
mod vendor;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use runner::Sandbox;
use vendor::Vendor;

const RUNS: usize = 7;

fn main() {
    let mut args = std::env::args().skip_while(|arg| arg != "--size").skip(1);
    let Some(size) = args.next().and_then(|size| size.parse::<usize>().ok()) else {
        // `cargo bench` without arguments, and `cargo test --benches`, have nothing to measure.
        println!("usage: cargo bench --bench fetch -- --size MB");
        return;
    };
    let sandbox = Sandbox::new();
    let mut vendor = Vendor::new(&sandbox);
    sandbox.write("root.json", vendor.root());
    vendor.fill(2000);
    sandbox.write("lustre/large", fixture::noise(size * 1_000_000, 7));
    vendor.release("2.17.0", Some("lts-6.12"));
    vendor.publish();

    let mut served = sandbox.command(&["--quiet", "serve", "repo", "--port", "0", "--json"]);
    let mut server = served.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a server");
    let mut url = String::new();
    let lines = BufReader::new(server.stdout.take().expect("its answer")).lines();
    for line in lines.map_while(Result::ok) {
        if let Some(found) = line.trim().strip_prefix("\"address\": \"") {
            found.trim_end_matches(['"', ',']).clone_into(&mut url);
        }
        if line == "}" {
            break;
        }
    }

    let file = "lustre-2.17.0.tar";
    let cold = |sandbox: &Sandbox| {
        for folder in ["cache", "in", "peer", ".local"] {
            let _ = std::fs::remove_dir_all(sandbox.path(folder));
        }
        std::fs::create_dir_all(sandbox.path("peer")).expect("a folder");
        // What the run before left for the disk to do is not this one's.
        let _ = Command::new("sync").status();
    };
    let curl = format!("curl -sS -o peer/{file} {url}/lts-6.12/{file} && sha256sum peer/{file} >/dev/null");
    let fetch = ["--quiet", "fetch", "lts-6.12", "--format", "tar", "--out", "in", "--root", "root.json"];
    let fetch = [&fetch[..], &["--from", &url]].concat();
    let (mut ours, mut peers, mut synced) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        cold(&sandbox);
        ours.push(timed(&mut sandbox.command(&fetch)));
        cold(&sandbox);
        peers.push(timed(shell(&curl).current_dir(sandbox.path(""))));
        cold(&sandbox);
        synced.push(timed(shell(&format!("{curl} && sync peer/{file}")).current_dir(sandbox.path(""))));
    }
    let ours = median(ours);
    row(&format!("fetch of {size} MB"), ours, "curl, sha256sum", median(peers));
    row(&format!("fetch of {size} MB"), ours, "curl, sha256sum, sync", median(synced));

    let list = ["ls", "--line", "lts-6.12", "--json", "--root", "root.json", "--from", &url];
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        cold(&sandbox);
        first.push(timed(&mut sandbox.command(&list)));
        later.push(timed(&mut sandbox.command(&list)));
    }
    cold(&sandbox);
    let moved = |answer: &str| {
        let answer: serde_json::Value = serde_json::from_str(answer).expect("JSON");
        answer["metadata"]["moved"].clone()
    };
    println!(
        "resolving among 2,001 releases: {:.3} s, {} bytes moved",
        median(first),
        moved(&sandbox.run(&list).success())
    );
    println!("the same again: {:.3} s, {} bytes moved", median(later), moved(&sandbox.run(&list).success()));
    let _ = server.kill();
    let _ = server.wait();
}

fn shell(text: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", text]);
    command
}

fn timed(command: &mut Command) -> f64 {
    let began = Instant::now();
    let done = command.stdout(Stdio::null()).stderr(Stdio::inherit()).status().expect("it runs");
    assert!(done.success());
    began.elapsed().as_secs_f64()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn row(what: &str, ours: f64, peer: &str, theirs: f64) {
    println!("{what:<24} {ours:>7.3} s  {theirs:>7.3} s  {:>5.2}  {peer}", ours / theirs);
}
