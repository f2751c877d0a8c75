// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A bad mirror before a good one: what the user gets, and what it says of the bad one.

use std::time::Duration;

use super::{Case, TARBALL, counting, drip, endless, fetch, of, plain, silence, tarball, truth, vendor};
use crate::runner::Sandbox;
use crate::site::{Reply, Site};

#[test]
fn a_good_mirror_behind_a_bad_one_is_enough() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let mut wrong = truth(&sandbox);
    wrong[1000] ^= 1;
    let cases: Vec<Case> = vec![
        tarball("404", |_, _| Reply::Status(404, vec![], vec![])),
        tarball("500", |_, _| Reply::Status(500, vec![], vec![])),
        tarball("wrong bytes", move |_, _| Reply::Bytes(wrong.clone())),
        tarball("silence", |_, _| silence("")),
        tarball("drips", |_, _| drip("HTTP/1.1 200 OK\r\n\r\n", "x", Duration::from_millis(20))),
        tarball("endless", |_, _| endless("HTTP/1.1 200 OK\r\n\r\n", [0; 4096])),
        tarball("broken off for good", |asked, _| match asked.header("range") {
            None => Reply::Cut(100_000),
            Some(_) => Reply::Status(403, vec![], vec![]),
        }),
        of("no metadata", "timestamp.json", |_, _| Reply::Status(404, vec![], vec![])),
        of("damaged metadata", "targets.json", |_, _| Reply::Bytes(b"{}".to_vec())),
    ];
    let truth = truth(&sandbox);
    let (sandbox, truth) = (&sandbox, &truth);
    let told: String = std::thread::scope(|scope| {
        let runs: Vec<_> = cases
            .into_iter()
            .enumerate()
            .map(|(nth, case)| {
                scope.spawn(move || {
                    let bad = Site::with(sandbox.path("repo"), counting(case.hook));
                    let good = Site::new(sandbox.path("repo"));
                    let place = format!("mirror-{nth}");
                    let run = fetch(sandbox, &place, &[&bad.url, &good.url], &[]);
                    assert_eq!(run.code, 0, "{}: {}", case.name, run.stderr);
                    let fetched = std::fs::read(sandbox.path(&format!("{place}/in/{TARBALL}"))).unwrap();
                    assert!(fetched == *truth, "{}", case.name);
                    let (bad, good) = (bad.url.replace("http://", ""), good.url.replace("http://", ""));
                    let said = run.stderr.replace(&bad, "BAD").replace(&good, "GOOD");
                    let said = said.lines().map(|line| format!("  {line}\n")).collect::<String>();
                    format!("{}\n{}\n", case.name, plain(&said))
                })
            })
            .collect();
        runs.into_iter()
            .map(|run| run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    insta::assert_snapshot!(told, @"
    404
      lustre-2.17.0: the only release of the line lts-6.12
      http://BAD does not give lustre-2.17.0.tar.zst: it says 404 Not Found; asking the next

    500
      lustre-2.17.0: the only release of the line lts-6.12
      http://BAD does not give lustre-2.17.0.tar.zst: it says 500 Internal Server Error; asking the next

    wrong bytes
      lustre-2.17.0: the only release of the line lts-6.12
      http://BAD does not give lustre-2.17.0.tar.zst: its bytes have the sha256 [SHA256], and not [SHA256]; asking the next

    silence
      lustre-2.17.0: the only release of the line lts-6.12
      http://BAD does not give lustre-2.17.0.tar.zst: it was silent for 3 s (`--timeout`); asking the next

    drips
      lustre-2.17.0: the only release of the line lts-6.12
      http://BAD does not give lustre-2.17.0.tar.zst: it gave [N] bytes a second for [N] s; the least is 2000 (`--min-rate`); asking the next

    endless
      lustre-2.17.0: the only release of the line lts-6.12
      http://BAD does not give lustre-2.17.0.tar.zst: its object has more than 301159 bytes; asking the next

    broken off for good
      lustre-2.17.0: the only release of the line lts-6.12
      http://BAD does not give lustre-2.17.0.tar.zst: it says 403 Forbidden; asking the next

    no metadata
      http://BAD does not give the metadata: cannot read `metadata/timestamp.json` of http://BAD; asking the next
      lustre-2.17.0: the only release of the line lts-6.12

    damaged metadata
      http://BAD does not give the metadata: the metadata of http://BAD is not to be trusted; asking the next
      lustre-2.17.0: the only release of the line lts-6.12
    ");
}
