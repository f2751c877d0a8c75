// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Servers that lie, stall, flood and break off. Each has its answer in a snapshot; none of them leaves a
//! file under a name, and after each the same cache and the same trusted state serve a good server well.

mod bodies;
mod heads;
mod metadata;
mod mirrors;
mod redirects;
mod resumed;

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use crate::runner::{Run, Sandbox};
use crate::site::{Asked, Reply, Site};
use crate::vendor::Vendor;

const TITLE: &str = "lustre-2.17.0";
const TARBALL: &str = "lustre-2.17.0.tar.zst";

/// How a server answers: what is asked for, and for which time it is asked for.
type Hook = Box<dyn Fn(&Asked, usize) -> Reply + Send + Sync>;

/// A kind of hostility.
struct Case {
    name: &'static str,
    hook: Hook,
    /// Further arguments.
    args: Vec<String>,
}

/// The server is good but for the tarball.
fn tarball(name: &'static str, reply: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Case {
    of(name, TARBALL, reply)
}

/// The server is good but for paths with that ending.
fn of(
    name: &'static str,
    ending: &'static str,
    reply: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
) -> Case {
    let hook = move |asked: &Asked, nth: usize| {
        if asked.path.ends_with(ending) { reply(asked, nth) } else { Reply::Usual }
    };
    Case { name, hook: Box::new(hook), args: Vec::new() }
}

/// Bytes as they are, and the end of the connection.
fn raw(bytes: impl Into<Vec<u8>>) -> Reply {
    let bytes = bytes.into();
    Reply::Raw(Box::new(move |mut stream| stream.write_all(&bytes)))
}

/// A head, and then the same bytes for ever.
fn endless(head: impl Into<Vec<u8>>, bytes: impl Into<Vec<u8>>) -> Reply {
    drip(head, bytes, Duration::ZERO)
}

/// The same with a pause after each time.
fn drip(head: impl Into<Vec<u8>>, bytes: impl Into<Vec<u8>>, pause: Duration) -> Reply {
    let (head, bytes) = (head.into(), bytes.into());
    Reply::Raw(Box::new(move |mut stream: &TcpStream| {
        stream.write_all(&head)?;
        // Until the client has had enough.
        loop {
            stream.write_all(&bytes)?;
            std::thread::sleep(pause);
        }
    }))
}

/// These bytes, and then nothing, with the connection open.
fn silence(bytes: impl Into<Vec<u8>>) -> Reply {
    let bytes = bytes.into();
    Reply::Raw(Box::new(move |mut stream: &TcpStream| {
        stream.write_all(&bytes)?;
        // A client that goes away ends it.
        io::copy(&mut stream, &mut io::sink()).map(drop)
    }))
}

/// A good answer with other headers and the given body.
fn answer(headers: &[&str], body: &[u8]) -> Reply {
    let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
    for header in headers {
        let _ = write!(bytes, "{header}\r\n");
    }
    bytes.extend(b"\r\n");
    bytes.extend(body);
    raw(bytes)
}

/// A repository with 2.17.0, and its root as the user has it.
fn vendor(sandbox: &Sandbox) -> Vendor<'_> {
    let vendor = Vendor::usual(sandbox);
    sandbox.write("root.json", vendor.root());
    vendor
}

/// What a user reads, with words for ports and digests.
fn plain(text: &str) -> String {
    let is_hex = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut parts = text.split("127.0.0.1:");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str("SITE");
        plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    let words = plain.split_inclusive(|c: char| !c.is_ascii_alphanumeric()).map(|word| {
        let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_hex(bare) { format!("[SHA256]{}", &word[bare.len()..]) } else { word.to_owned() }
    });
    settled(&words.collect::<String>())
}

/// The numbers that depend on how fast the machine is.
fn settled(text: &str) -> String {
    let counts = ["bytes are kept in the cache", "bytes a second for"];
    let lines = text.lines().map(|line| match counts.iter().find_map(|count| line.find(count)) {
        Some(at) => {
            let before = line[..at].trim_end().trim_end_matches(|c: char| c.is_ascii_digit());
            let behind = match line[at..].split_once(" for ") {
                Some((count, seconds)) => {
                    format!("{count} for [N]{}", seconds.trim_start_matches(|c: char| c.is_ascii_digit()))
                }
                None => line[at..].to_owned(),
            };
            format!("{before}[N] {behind}\n")
        }
        None => format!("{line}\n"),
    });
    lines.collect()
}

/// The true tarball.
fn truth(sandbox: &Sandbox) -> Vec<u8> {
    std::fs::read(sandbox.path(&format!("dist/{TITLE}/{TARBALL}"))).unwrap()
}

/// The program with a place of its own for its cache, its state and what it fetches.
fn fetch(sandbox: &Sandbox, place: &str, urls: &[&str], args: &[String]) -> Run {
    let out = format!("{place}/in");
    let mut all = vec!["--log-style", "plain", "fetch", "lts-6.12", "--root", "root.json", "--out", &out];
    all.extend(["--timeout", "3", "--min-rate", "2000"]);
    for url in urls {
        all.extend(["--from", url]);
    }
    all.extend(args.iter().map(String::as_str));
    let mut command = sandbox.command(&all);
    command
        .env("LUSTRE_DIST_CACHE", sandbox.path(&format!("{place}/cache")))
        .env("LUSTRE_DIST_STATE", sandbox.path(&format!("{place}/state")));
    sandbox.finish(&mut command)
}

fn counting(hook: Hook) -> impl Fn(&Asked) -> Reply + Send + Sync {
    let counts: Mutex<HashMap<String, usize>> = Mutex::default();
    move |asked| {
        let nth = {
            let mut counts = counts.lock().unwrap();
            let count = counts.entry(asked.path.clone()).or_default();
            *count += 1;
            *count
        };
        hook(asked, nth)
    }
}

/// What comes of one case: the exit code, and what the user reads.
fn tell(sandbox: &Sandbox, nth: usize, case: Case) -> String {
    let place = format!("case-{nth}");
    let site = Site::with(sandbox.path("repo"), counting(case.hook));
    let run = fetch(sandbox, &place, &[&site.url], &case.args);
    let told = plain(&run.stderr);
    // What was chosen is the same each time, and how far a download has come is not.
    let usual = ["lustre-2.17.0: the only release", "lustre-2.17.0.tar.zst: "];
    let told = told.lines().filter(|line| !usual.iter().any(|usual| line.starts_with(usual)));
    let told: String = told.map(|line| format!("  {line}\n")).collect();
    let found = sandbox.list(&format!("{place}/in"));
    if run.code == 0 {
        assert!(found.contains(&TARBALL.to_owned()), "{}: {found:?}", case.name);
    } else {
        assert_eq!(found, Vec::<String>::new(), "{} leaves something", case.name);
    }
    recovers(sandbox, &place, case.name);
    format!("{}: exit code {}\n{told}", case.name, run.code)
}

/// After whatever happened a good server gives the right bytes, to the same cache and state.
fn recovers(sandbox: &Sandbox, place: &str, name: &str) {
    let good = Site::new(sandbox.path("repo"));
    let run = fetch(sandbox, place, &[&good.url], &[]);
    assert_eq!(run.code, 0, "after {name}: {}", run.stderr);
    let fetched = std::fs::read(sandbox.path(&format!("{place}/in/{TARBALL}"))).unwrap();
    assert!(fetched == truth(sandbox), "after {name} the tarball is another one");
    for left in sandbox.list(place) {
        let last = Path::new(&left).file_name().unwrap().to_string_lossy().into_owned();
        assert!(!left.contains("partial/") || last.is_empty(), "after {name}: {left} is left");
    }
}

/// All cases of a kind, at the same time: most of them wait.
fn tell_all(cases: impl FnOnce(&Sandbox) -> Vec<Case>) -> String {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let (sandbox, cases) = (&sandbox, cases(&sandbox));
    std::thread::scope(|scope| {
        let told: Vec<_> = cases
            .into_iter()
            .enumerate()
            .map(|(nth, case)| scope.spawn(move || tell(sandbox, nth, case)))
            .collect();
        told.into_iter()
            .map(|told| told.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
