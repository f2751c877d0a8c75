// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The metadata itself: endless, slow, damaged, refused, old.

use std::time::Duration;

use super::{Case, drip, endless, fetch, of, plain, recovers, silence, tell_all, vendor};
use crate::runner::Sandbox;
use crate::site::{Reply, Site};
use crate::vendor::copy;

const OK: &str = "HTTP/1.1 200 OK\r\n\r\n";

#[test]
fn roles() {
    let told = tell_all(|sandbox| {
        let read = |name: &str| std::fs::read(sandbox.path(&format!("repo/metadata/{name}"))).unwrap();
        let damaged = |name: &'static str, file: &'static str, change: fn(&mut Vec<u8>)| {
            let mut bytes = read(file);
            change(&mut bytes);
            of(name, file, move |_, _| Reply::Bytes(bytes.clone()))
        };
        let with = |name: &'static str, file: &'static str, bytes: Vec<u8>| {
            of(name, file, move |_, _| Reply::Bytes(bytes.clone()))
        };
        let status = |name: &'static str, file: &'static str, status: u16| -> Case {
            of(name, file, move |_, _| Reply::Status(status, vec![], vec![]))
        };
        let deep = "[".repeat(60_000).into_bytes();
        let flip = |bytes: &mut Vec<u8>| {
            // A digit of a version or a date: it stays JSON.
            let at = bytes.iter().rposition(u8::is_ascii_digit).unwrap();
            bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
        };
        vec![
            of("an endless timestamp", "timestamp.json", |_, _| endless(OK, [b' '; 4096])),
            of("an endless snapshot", "snapshot.json", |_, _| endless(OK, [b' '; 4096])),
            of("an endless targets role", "targets.json", |_, _| endless(OK, vec![b' '; 1 << 16])),
            of("an endless next root", "2.root.json", |_, _| endless(OK, [b' '; 4096])),
            of("a timestamp in drips", "timestamp.json", |_, _| drip(OK, " ", Duration::from_millis(20))),
            of("silence for the timestamp", "timestamp.json", |_, _| silence("")),
            status("500 for the next root", "2.root.json", 500),
            status("403 for the timestamp", "timestamp.json", 403),
            status("404 for the timestamp", "timestamp.json", 404),
            status("500 for the snapshot", "snapshot.json", 500),
            of("500 once for the targets role", "targets.json", |_, nth| match nth {
                1 => Reply::Status(500, vec![], vec![]),
                _ => Reply::Usual,
            }),
            with("the first root as the next one", "2.root.json", read("1.root.json")),
            with("a page as the next root", "2.root.json", b"<html>404</html>".to_vec()),
            with("brackets without an end", "timestamp.json", deep),
            with("a timestamp for the snapshot", "snapshot.json", read("timestamp.json")),
            with("nothing for the timestamp", "timestamp.json", Vec::new()),
            damaged("a digit of the timestamp is another", "timestamp.json", flip),
            damaged("a digit of the snapshot is another", "2.snapshot.json", flip),
            damaged("a digit of the targets role is another", "2.targets.json", flip),
            damaged("the targets role is cut", "2.targets.json", |bytes| bytes.truncate(bytes.len() / 2)),
            of("a gzip timestamp", "timestamp.json", |_, _| {
                Reply::Status(200, vec![("Content-Encoding", "gzip".into())], b"{}".to_vec())
            }),
            of("a redirect loop for the timestamp", "timestamp.json", |asked, _| {
                Reply::Status(302, vec![("Location", format!("/{}", asked.path))], vec![])
            }),
            of("other bytes as the description", ".release.json", |_, _| Reply::Bytes(vec![b' '; 2769])),
            of("endless checksums", ".SHA256SUMS", |_, _| endless(OK, [b'0'; 4096])),
            of("no checksums", ".SHA256SUMS", |_, _| Reply::Status(404, vec![], vec![])),
            of("an endless signature", ".zst.asc", |_, _| {
                endless(format!("{OK}-----BEGIN PGP SIGNATURE-----\n"), [b'A'; 4096])
            }),
            of("a signature in drips", ".zst.asc", |_, _| {
                drip(format!("{OK}-----BEGIN PGP SIGNATURE-----\n"), "A", Duration::from_millis(20))
            }),
            of("a page as a signature", ".zst.asc", |_, _| Reply::Bytes(b"<html></html>".to_vec())),
            of("an endless description", ".release.json", |_, _| endless(OK, [b' '; 4096])),
        ]
    });
    insta::assert_snapshot!(told, @"
    an endless timestamp: exit code 6
      error: cannot read `metadata/timestamp.json` of http://SITE
       = note: its object has more than 65536 bytes
       = help: the server gives something else: try another mirror
    an endless snapshot: exit code 6
      error: cannot read `metadata/2.snapshot.json` of http://SITE
       = note: its object has more than 1048576 bytes
       = help: the server gives something else: try another mirror
    an endless targets role: exit code 6
      error: cannot read `metadata/2.targets.json` of http://SITE
       = note: its object has more than 33554432 bytes
       = help: the server gives something else: try another mirror
    an endless next root: exit code 6
      error: cannot read `metadata/2.root.json` of http://SITE
       = note: its object has more than 524288 bytes
       = help: the server gives something else: try another mirror
    a timestamp in drips: exit code 4
      error: cannot read `metadata/timestamp.json` of http://SITE
       = note: it gave [N] bytes a second for [N] s; the least is 2000 (`--min-rate`)
       = help: try again later, or another mirror with `--from`
    silence for the timestamp: exit code 4
      error: cannot read `metadata/timestamp.json` of http://SITE
       = note: it was silent for 3 s (`--timeout`)
       = help: try again later, or another mirror with `--from`
    500 for the next root: exit code 4
      error: cannot read `metadata/2.root.json` of http://SITE
       = note: it says 500 Internal Server Error
       = help: try again later, or another mirror with `--from`
    403 for the timestamp: exit code 4
      error: cannot read `metadata/timestamp.json` of http://SITE
       = note: it says 403 Forbidden
       = help: try again later, or another mirror with `--from`
    404 for the timestamp: exit code 4
      error: cannot read `metadata/timestamp.json` of http://SITE
       = note: it says 404 Not Found
       = help: the address of a repository is the one that has `metadata/` below it
    500 for the snapshot: exit code 4
      error: cannot read `metadata/2.snapshot.json` of http://SITE
       = note: it says 500 Internal Server Error
       = help: try again later, or another mirror with `--from`
    500 once for the targets role: exit code 0
    the first root as the next one: exit code 6
      error: `metadata/2.root.json` of http://SITE is not root 2
       = note: by what it says it is version 1
       = help: this mirror is put together wrongly, or somebody changed it: try another mirror, and tell who keeps it
    a page as the next root: exit code 6
      error: the metadata of http://SITE is not to be trusted
       = note: Failed to parse root metadata: expected value at line 1 column 1
       = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    brackets without an end: exit code 6
      error: the metadata of http://SITE is not to be trusted
       = note: Failed to parse timestamp metadata: invalid type: sequence, expected struct Timestamp at line 1 column 1
       = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    a timestamp for the snapshot: exit code 6
      error: the metadata of http://SITE is not to be trusted
       = note: `metadata/2.snapshot.json`: Maximum size 468 (specified by timestamp.json) exceeded
       = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    nothing for the timestamp: exit code 6
      error: the metadata of http://SITE is not to be trusted
       = note: Failed to parse timestamp metadata: EOF while parsing a value at line 1 column 0
       = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    a digit of the timestamp is another: exit code 6
      error: the timestamp role of http://SITE is not signed by the keys of root 1
       = note: Signature threshold of 1 not met for role timestamp (0 valid signatures)
       = note: its roots end before `metadata/2.root.json`, which is not there
       = help: somebody changed it, or this mirror lacks the root that says of other keys: try another mirror, or begin with the newest `root.json` from who vouches for the repository
    a digit of the snapshot is another: exit code 6
      error: the metadata of http://SITE is not to be trusted
       = note: Hash mismatch for http://SITE/metadata/2.snapshot.json: calculated [SHA256], expected [SHA256]
       = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    a digit of the targets role is another: exit code 6
      error: the metadata of http://SITE is not to be trusted
       = note: Hash mismatch for http://SITE/metadata/2.targets.json: calculated [SHA256], expected [SHA256]
       = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    the targets role is cut: exit code 6
      error: the metadata of http://SITE is not to be trusted
       = note: Hash mismatch for http://SITE/metadata/2.targets.json: calculated [SHA256], expected [SHA256]
       = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    a gzip timestamp: exit code 4
      error: cannot read `metadata/timestamp.json` of http://SITE
       = note: it gives the bytes in the content encoding `gzip`, which was not asked for
       = help: try again later, or another mirror with `--from`
    a redirect loop for the timestamp: exit code 4
      error: cannot read `metadata/timestamp.json` of http://SITE
       = note: it redirects more than 5 times
       = help: try again later, or another mirror with `--from`
    other bytes as the description: exit code 6
      error: cannot fetch `lustre-2.17.0.release.json`
       = note: http://SITE: its object has 2769 bytes, and 2768 are vouched for
       = help: what is there is not what was published: try another mirror with `--from`
    endless checksums: exit code 6
      error: cannot fetch `lustre-2.17.0.SHA256SUMS`
       = note: http://SITE: its object has more than 1048576 bytes
       = help: what is there is not what was published: try another mirror with `--from`
    no checksums: exit code 4
      error: cannot fetch `lustre-2.17.0.SHA256SUMS`
       = note: http://SITE: it says 404 Not Found
       = help: try again later, or another mirror with `--from`
    an endless signature: exit code 0
    a signature in drips: exit code 0
    a page as a signature: exit code 0
    an endless description: exit code 6
      error: cannot fetch `lustre-2.17.0.release.json`
       = note: http://SITE: its object has more than 2768 bytes
       = help: what is there is not what was published: try another mirror with `--from`
    ");
}

/// A server that goes back in time, whole and validly signed, is refused by who has seen the newer state.
#[test]
fn an_old_state_is_refused() {
    let sandbox = Sandbox::new();
    let mut vendor = vendor(&sandbox);
    copy(&sandbox, "repo", "old");
    vendor.retract("lustre-2.15.8", "corrupts quotas");
    vendor.publish();
    let new = Site::new(sandbox.path("repo"));
    assert_eq!(fetch(&sandbox, "rolled", &[&new.url], &[]).code, 0);
    std::fs::remove_dir_all(sandbox.path("rolled/in")).unwrap();

    let old = Site::new(sandbox.path("old"));
    let run = fetch(&sandbox, "rolled", &[&old.url], &[]);
    insta::assert_snapshot!(format!("exit code {}\n{}", run.code, plain(&run.stderr)), @"
    exit code 6
    error: the timestamp role is older than the one that was trusted before
     = note: version 2 came, and version 3 was seen
     = note: at http://SITE
     = help: the mirror is stale, or somebody gives you an old state: try another mirror, or later
    ");
    assert_eq!(sandbox.list("rolled/in"), Vec::<String>::new());

    // Half of it: the newest timestamp with the snapshot that it replaced.
    copy(&sandbox, "repo", "mixed");
    let stale = std::fs::read(sandbox.path("old/metadata/2.snapshot.json")).unwrap();
    sandbox.write("mixed/metadata/3.snapshot.json", stale);
    let mixed = Site::new(sandbox.path("mixed"));
    let run = fetch(&sandbox, "fresh", &[&mixed.url], &[]);
    insta::assert_snapshot!(format!("exit code {}\n{}", run.code, plain(&run.stderr)), @"
    exit code 6
    error: the metadata of http://SITE is not to be trusted
     = note: Hash mismatch for http://SITE/metadata/3.snapshot.json: calculated [SHA256], expected [SHA256]
     = help: somebody between you and the repository may have changed it: try another mirror, and tell who keeps it
    ");

    // A second address that is up to date is enough, in any order.
    let run = fetch(&sandbox, "rolled", &[&old.url, &new.url], &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!(plain(&run.stderr), @"
    http://SITE does not give the metadata: the timestamp role is older than the one that was trusted before; asking the next
    lustre-2.17.0: the only release of the line lts-6.12
    ");
    recovers(&sandbox, "fresh", "a mix of two states");

    // Held back for too long, the newest state that a server shows is no longer believed.
    let mut command =
        sandbox.command(&["--log-style", "plain", "ls", "--root", "root.json", "--from", &new.url]);
    command.env("LUSTRE_DIST_STATE", sandbox.path("frozen")).env("LUSTRE_DIST_TODAY", "2026-12-24");
    let run = sandbox.finish(&mut command);
    insta::assert_snapshot!(format!("exit code {}\n{}", run.code, plain(&run.stderr)), @"
    exit code 6
    error: the metadata has expired
     = note: the timestamp role expired at 2026-11-30T12:00:00Z; now is 2026-12-24T12:00:00Z
     = note: at http://SITE
     = help: a repository that is kept is signed anew in time: the server may be holding newer metadata back; try another mirror, and look at this machine's clock

    error: the metadata has expired
     = note: the snapshot role expired at 2026-12-23T12:00:00Z; now is 2026-12-24T12:00:00Z
     = note: at http://SITE
     = help: a repository that is kept is signed anew in time: the server may be holding newer metadata back; try another mirror, and look at this machine's clock

    2 problems
    ");
}
