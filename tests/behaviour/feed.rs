// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kernel feeds: what is held of them, and that a bad one leaves it as it was.

use std::fs::File;
use std::io::Read as _;
use std::net::TcpListener;

use insta::assert_snapshot;

use crate::runner::Sandbox;

/// A feed as kernel.org writes them, with what it could say in November 2026. Series 6.12 is at
/// 6.12.57, where the demo's kernels are.
pub const RELEASES: &str = include_str!("fixtures/releases.json");

/// The same a little later.
pub fn later() -> String {
    edited(&[("6.12.57", "6.12.58"), ("2026-11-12", "2026-11-20")])
}

/// The feed with some of its text replaced wherever it stands.
fn edited(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(RELEASES.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "the feed has no {old:?}");
        text.replace(old, new)
    })
}

/// The feed without the release of a version.
fn without(version: &str) -> String {
    let at = RELEASES.find(&format!("\"version\": \"{version}\",")).expect("the version");
    let start = RELEASES[..at].rfind("\n        {").map(|newline| newline + 1).expect("an object");
    let close = "\n        },\n";
    let end = at + RELEASES[at..].find(close).expect("its end") + close.len();
    format!("{}{}", &RELEASES[..start], &RELEASES[end..])
}

/// A sandbox whose folder `manifests` holds the feed.
fn holding() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("releases.json", RELEASES);
    sandbox.write("manifests/README", "");
    sandbox.run(&["lines", "update", "--feed", "releases.json"]).success();
    sandbox
}

/// Tries to update with a feed that must be refused; what was held must stay, byte for byte.
#[track_caller]
fn refused(sandbox: &Sandbox, args: &[&str]) -> String {
    let held = sandbox.read("manifests/kernels.lock");
    let mut all = vec!["lines", "update"];
    all.extend(args);
    let said = sandbox.run(&all).failure(4);
    assert_eq!(sandbox.read("manifests/kernels.lock"), held);
    assert_eq!(sandbox.list("manifests"), ["README", "kernels.lock"]);
    said
}

#[test]
fn a_feed_is_held() {
    let sandbox = Sandbox::new();
    sandbox.write("releases.json", RELEASES);
    sandbox.write("manifests/README", "");
    let run = sandbox.run(&["lines", "update", "--feed", "releases.json"]);
    assert_snapshot!(format!("{}{}", run.stdout, run.stderr), @"
    5.10    new, 5.10.271
    5.15    new, 5.15.224
    6.1     new, 6.1.190
    6.6     new, 6.6.141
    6.12    new, 6.12.57
    6.18    new, 6.18.61
    7.2     new, 7.2.15
    7.3     new, 7.3.5
    7.4     new, 7.4-rc5
    wrote manifests/kernels.lock
    ");
    assert_snapshot!(sandbox.read("manifests/kernels.lock"), @r#"
    # Written by `lustre-dist lines update`: the last good feed. Commit it; do not edit it.
    schema = 1
    from = "releases.json"
    latest-stable = "7.3.5"

    [series."5.10"]
    version = "5.10.271"
    released = "2026-10-29"
    moniker = "longterm"
    eol = false

    [series."5.15"]
    version = "5.15.224"
    released = "2026-11-05"
    moniker = "longterm"
    eol = false

    [series."6.1"]
    version = "6.1.190"
    released = "2026-11-05"
    moniker = "longterm"
    eol = false

    [series."6.6"]
    version = "6.6.141"
    released = "2026-11-12"
    moniker = "longterm"
    eol = false

    [series."6.12"]
    version = "6.12.57"
    released = "2026-11-12"
    moniker = "longterm"
    eol = false

    [series."6.18"]
    version = "6.18.61"
    released = "2026-11-19"
    moniker = "longterm"
    eol = false

    [series."7.2"]
    version = "7.2.15"
    released = "2026-11-04"
    moniker = "stable"
    eol = true

    [series."7.3"]
    version = "7.3.5"
    released = "2026-11-19"
    moniker = "stable"
    eol = false

    [series."7.4"]
    version = "7.4-rc5"
    released = "2026-11-22"
    moniker = "mainline"
    eol = false
    "#);

    let run = sandbox.run(&["lines", "update", "--feed", "releases.json"]);
    assert_snapshot!(format!("{}{}", run.stdout, run.stderr), @"nothing changed; manifests/kernels.lock stands");
    // An address of a file, and another name of the same feed, change nothing.
    let held = sandbox.read("manifests/kernels.lock");
    let address = format!("file://{}", sandbox.path("releases.json").display());
    sandbox.run(&["lines", "update", "--feed", &address]).success();
    assert_eq!(sandbox.read("manifests/kernels.lock"), held);
}

#[test]
fn what_changed_is_shown() {
    let sandbox = holding();
    let longterm = |text: String| {
        text.replace(
            "stable\",\n            \"version\": \"7.3.5\"",
            "longterm\",\n            \"version\": \"7.3.5\"",
        )
    };
    let next = longterm(without("7.2.15"))
        .replace("6.12.57", "6.12.58")
        .replace("7.4-rc5", "7.4-rc6")
        .replace("\"5.10.271\",\n            \"iseol\": false", "\"5.10.271\",\n            \"iseol\": true");
    sandbox.write("releases.json", &next);
    let run = sandbox.run(&["lines", "update", "--feed", "releases.json", "--json"]);
    assert_snapshot!(run.stdout, @r#"
    [
      {
        "series": "5.10",
        "change": "eol",
        "old": null,
        "new": null
      },
      {
        "series": "6.12",
        "change": "newer",
        "old": "6.12.57",
        "new": "6.12.58"
      },
      {
        "series": "7.3",
        "change": "moniker",
        "old": "stable",
        "new": "longterm"
      },
      {
        "series": "7.4",
        "change": "newer",
        "old": "7.4-rc5",
        "new": "7.4-rc6"
      }
    ]
    "#);
    assert_eq!(run.stderr, "wrote manifests/kernels.lock\n");
    // 7.2 was at its end before it left: it stays known as such.
    assert!(sandbox.read("manifests/kernels.lock").contains("[series.\"7.2\"]\nversion = \"7.2.15\""));
    sandbox.write("releases.json", next.replace("6.12.58", "6.12.59"));
    let run = sandbox.run(&["lines", "update", "--feed", "releases.json"]);
    assert_snapshot!(run.stdout, @"6.12    6.12.58 -> 6.12.59");
}

#[test]
fn a_bad_feed_is_refused_with_its_place() {
    let sandbox = holding();
    let bad = |name: &str, text: &[u8]| {
        sandbox.write("bad.json", text);
        format!("# {name}\n{}\n", refused(&sandbox, &["--feed", "bad.json"]))
    };
    let twice = without("6.6.141").replace("6.1.190", "6.12.57");
    let key = edited(&[(
        "\"version\": \"6.6.141\",",
        "\"version\": \"6.6.141\",\n            \"version\": \"6.6.142\",",
    )]);
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let inside = edited(&[("\"pgp\": null", &format!("\"pgp\": {nested}"))]);
    let all = [
        bad("empty", b""),
        bad("blank", b" \n\n"),
        bad("truncated", &RELEASES.as_bytes()[..RELEASES.len() / 2]),
        bad("HTML", b"<!DOCTYPE html>\n<html><head><title>503</title></head></html>\n"),
        bad("not JSON", RELEASES.replacen("true", "yes", 1).as_bytes()),
        bad("more behind it", format!("{RELEASES}]\n").as_bytes()),
        bad("not UTF-8", b"{\"latest_stable\": \"\xff\"}"),
        bad("nested", nested.as_bytes()),
        bad("not an object", b"[]\n"),
        bad("no releases", b"{\"latest_stable\": {\"version\": \"7.3.5\"}, \"releases\": []}\n"),
        bad("a version twice", twice.as_bytes()),
        bad("a key twice", key.as_bytes()),
        bad("an unknown moniker", RELEASES.replacen("longterm", "eternal", 1).as_bytes()),
        bad("the future", RELEASES.replacen("2026-11-19", "2026-11-24", 1).as_bytes()),
        bad("the far future", RELEASES.replacen("\"timestamp\": 1", "\"timestamp\": 2", 1).as_bytes()),
        bad("a wrong type", RELEASES.replacen("\"iseol\": false", "\"iseol\": \"no\"", 1).as_bytes()),
        bad("not a version", RELEASES.replacen("\"6.12.57\"", "\"6.12.57-acme\"", 1).as_bytes()),
        bad("a missing key", RELEASES.replacen("\"released\"", "\"published\"", 1).as_bytes()),
        bad("an unlisted latest one", RELEASES.replacen("7.3.5", "7.3.6", 1).as_bytes()),
    ];
    assert_snapshot!(all.concat(), @r#"
    # empty
    error: the feed `bad.json` is empty
     = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # blank
    error: the feed `bad.json` is empty
     = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # truncated
    error: the feed `bad.json` ends early
      --> bad.json:92:102
       |
    92 |                 "incremental": "https://cdn.kernel.org/pub/linux/kernel/v6.x/incr/patch-6.12.56-57.xz"
       |                                                                                                      ^ the end of what was read: there must be more
       = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # HTML
    error: the feed `bad.json` is not JSON but looks like HTML
     --> bad.json:1:1
      |
    1 | <!DOCTYPE html>
      | ^^^^^^^^^^^^^^^ expected `{`
      = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # not JSON
    error: the feed `bad.json` is not JSON
      --> bad.json:45:22
       |
    45 |             "iseol": yes,
       |                      ^ expected value
       = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # more behind it
    error: the feed `bad.json` is not JSON
       --> bad.json:188:1
        |
    188 | ]
        | ^ trailing characters
        = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # not UTF-8
    error: the feed `bad.json` is not text
     = note: its byte 20 is not UTF-8

    # nested
    error: the feed is an array
    --> bad.json:1:1
     = note: expected an object
     = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # not an object
    error: the feed is an array
     --> bad.json:1:1
      |
    1 | []
      | ^^ expected an object
      = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # no releases
    error: the feed has no releases
     --> bad.json:1:53
      |
    1 | {"latest_stable": {"version": "7.3.5"}, "releases": []}
      |                                                     ^^ expected some
      = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # a version twice
    error: the feed has the version 6.12.57 twice
      --> bad.json:98:24
       |
    98 |             "version": "6.12.57",
       |                        ^^^^^^^^^ the first is `releases[4].version`
       = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # a key twice
    error: `releases[5]` has the key `version` twice
      --> bad.json:99:24
       |
    99 |             "version": "6.6.142",
       |                        ^^^^^^^^^ the first is on line 98
       = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # an unknown moniker
    error: `eternal` is not a moniker of kernel.org
      --> bad.json:61:24
       |
    61 |             "moniker": "eternal",
       |                        ^^^^^^^^^ not known here
       = note: known are mainline, stable, longterm and linux-next
       = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # the future
    error: the feed has a release of 2026-11-24, and today is 2026-11-23
      --> bad.json:30:28
       |
    30 |                 "isodate": "2026-11-24"
       |                            ^^^^^^^^^^^^ in the future
       = help: look at this machine's clock, and at where the feed comes from

    # the far future
    error: the feed has a release of 2058-07-31, and today is 2026-11-23
      --> bad.json:11:30
       |
    11 |                 "timestamp": 2795338840,
       |                              ^^^^^^^^^^ in the future
       = help: look at this machine's clock, and at where the feed comes from

    # a wrong type
    error: `releases[0].iseol` is a string
     --> bad.json:9:22
      |
    9 |             "iseol": "no",
      |                      ^^^^ expected `true` or `false`
      = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # not a version
    error: `6.12.57-acme` is not a kernel version
      --> bad.json:80:24
       |
    80 |             "version": "6.12.57-acme",
       |                        ^^^^^^^^^^^^^^ expected a third number, `-rc` and a number, or the end
       = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # a missing key
    error: `releases[0]` has no `released`
     --> bad.json:6:9
      |
    6 |         {
      |         ^ the object begins here
      = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    # an unlisted latest one
    error: the latest stable kernel 7.3.6 is not among the releases
     --> bad.json:3:20
      |
    3 |         "version": "7.3.6"
      |                    ^^^^^^^
      = help: expected the format of https://www.kernel.org/releases.json; what was held is kept
    "#);
    let said = bad("nested inside", inside.as_bytes());
    assert!(said.contains("`releases[0].pgp` is an array"), "{}", &said[..500]);
}

#[test]
fn a_feed_that_is_older_is_refused() {
    let sandbox = holding();
    sandbox.write("old.json", edited(&[("6.12.57", "6.12.56"), ("7.4-rc5", "7.4-rc4")]));
    assert_snapshot!(refused(&sandbox, &["--feed", "old.json"]), @"
    error: the feed is older than the one held: series 6.12 goes backwards
     = note: held  6.12.57, released 2026-11-12
     = note: feed  6.12.56, released 2026-11-12

    error: the feed is older than the one held: series 7.4 goes backwards
     = note: held  7.4-rc5, released 2026-11-22
     = note: feed  7.4-rc4, released 2026-11-22
     = note: the feed is old.json; what was held is kept as it is

    2 problems
    ");
}

#[test]
fn a_longterm_series_does_not_vanish_by_itself() {
    let sandbox = holding();
    sandbox.write("less.json", without("6.6.141"));
    assert_snapshot!(refused(&sandbox, &["--feed", "less.json"]), @"
    error: the feed claims that the longterm series 6.6 vanished
     = note: held  6.6.141, released 2026-11-12; its projected end is 2027-12-31
     = note: the feed is less.json; what was held is kept as it is
     = help: look at https://www.kernel.org/; if it is so, add `--accept-vanished 6.6`
    ");
    assert_snapshot!(refused(&sandbox, &["--feed", "less.json", "--accept-vanished", "6.1"]), @"
    error: the feed claims that the longterm series 6.6 vanished
     = note: held  6.6.141, released 2026-11-12; its projected end is 2027-12-31
     = help: look at https://www.kernel.org/; if it is so, add `--accept-vanished 6.6`

    error: `--accept-vanished 6.1`: that series did not vanish
     = note: the feed is less.json; what was held is kept as it is
     = help: leave the option out: it is for a series that a feed misses

    2 problems
    ");
    let run = sandbox.run(&["lines", "update", "--feed", "less.json", "--accept-vanished", "6.6"]);
    assert_snapshot!(run.success(), @"6.6     vanished, as accepted: held no longer");
    assert!(!sandbox.read("manifests/kernels.lock").contains("[series.\"6.6\"]"));
}

#[test]
fn a_series_may_leave_at_its_end() {
    let sandbox = holding();
    // Past the projected end of 5.10, and a stable series at any time.
    let text = without("5.10.271").replace("7.4-rc5", "7.5-rc1").replace("7.3.5", "7.4.1");
    sandbox.write("less.json", text);
    let mut command = sandbox.command(&["lines", "update", "--feed", "less.json"]);
    let run = sandbox.finish(command.env("LUSTRE_DIST_TODAY", "2027-01-02"));
    assert_snapshot!(run.success(), @"
    5.10    left the feed: at its end of life
    7.3     left the feed: at its end of life
    7.4     7.4-rc5 -> 7.4.1
    7.4     mainline -> stable
    7.5     new, 7.5-rc1
    ");
}

#[test]
fn a_huge_feed_is_refused_before_it_is_read() {
    let sandbox = holding();
    let file = File::create(sandbox.path("huge.json")).expect("a file");
    file.set_len(200 << 20).expect("a length");
    assert_snapshot!(refused(&sandbox, &["--feed", "huge.json"]), @"
    error: the feed `huge.json` is too large
     = note: it has 209715200 bytes, and no feed has more than 4194304
     = help: expected the format of https://www.kernel.org/releases.json; what was held is kept
    ");
}

/// A server on this machine that answers every request the same way; its address.
fn serve(answer: impl Fn(&mut dyn std::io::Write) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            answer(&mut stream);
        }
    });
    address
}

fn answer(head: &str, body: &str) -> impl Fn(&mut dyn std::io::Write) + Send + 'static {
    let text = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}");
    move |stream| {
        let _ = stream.write_all(text.as_bytes());
    }
}

#[test]
fn a_feed_comes_over_http() {
    let sandbox = holding();
    let length = later().len();
    let address = serve(answer(&format!("200 OK\r\nContent-Length: {length}"), &later()));
    let moved = serve(answer(&format!("302 Found\r\nLocation: {address}/releases.json"), ""));
    let run = sandbox.run(&["lines", "update", "--feed", &format!("{moved}/releases.json")]);
    assert_snapshot!(run.success(), @"6.12    6.12.57 -> 6.12.58");
    let secret = address.replace("http://", "http://user:secret@");
    sandbox.write("manifests/kernels.lock", "schema = 1\nfrom = \"nothing\"\n[series]\n");
    sandbox.run(&["lines", "update", "--feed", &secret]).success();
    let held = sandbox.read("manifests/kernels.lock");
    assert!(held.contains("http://user:***@127.0.0.1"), "{held}");
}

#[test]
fn an_address_that_gives_no_feed_is_refused() {
    let sandbox = holding();
    let said = |address: &str| {
        let said = refused(&sandbox, &["--feed", &format!("{address}/releases.json")]);
        said.replace(address, "ADDRESS").replace(address.trim_start_matches("http://"), "HOST")
    };
    let large = "200 OK\r\nContent-Length: 209715200";
    let all = [
        said(&serve(answer("404 Not Found\r\nContent-Length: 0", ""))),
        said(&serve(answer("200 OK", "<html>\n</html>\n"))),
        said(&serve(answer("302 Found\r\nLocation: https://127.0.0.1:1/x", ""))),
        said(&serve(answer("302 Found\r\nLocation: /again", ""))),
        said(&serve(answer(large, ""))),
        said(&serve(|stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            // 200 MB of it, unless nobody listens any more.
            let blanks = [b' '; 1 << 16];
            for _ in 0..3200 {
                if stream.write_all(&blanks).is_err() {
                    break;
                }
            }
        })),
        said(&serve(answer("200 OK\r\nContent-Length: 100", "{"))),
    ];
    assert_snapshot!(all.join("\n"), @"
    error: cannot fetch the feed `ADDRESS/releases.json`
     = note: the server says 404 Not Found
     = help: what was held is kept; look at the address in a browser

    error: the feed `ADDRESS/releases.json` is not JSON but looks like HTML
     --> ADDRESS/releases.json:1:1
      |
    1 | <html>
      | ^^^^^^ expected `{`
      = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    error: cannot fetch the feed `ADDRESS/releases.json`
     = note: it redirects to another scheme, https
     = help: what was held is kept; give a file instead, or try again later

    error: cannot fetch the feed `ADDRESS/releases.json`
     = note: it redirects more than 5 times
     = help: what was held is kept; give a file instead, or try again later

    error: the feed `ADDRESS/releases.json` is too large
     = note: it has 209715200 bytes, and no feed has more than 4194304
     = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    error: the feed `ADDRESS/releases.json` is too large
     = note: it has more than 4194304 bytes, and no feed has
     = help: expected the format of https://www.kernel.org/releases.json; what was held is kept

    error: cannot fetch the feed `ADDRESS/releases.json`
     = note: request or response body error
     = note: error reading a body from connection
     = note: end of file before message length reached
     = help: what was held is kept; give a file instead, or try again later
    ");
    let said = refused(&sandbox, &["--feed", "http://127.0.0.1:1/releases.json"]);
    assert!(said.starts_with("error: cannot fetch the feed `http://127.0.0.1:1/releases.json`"), "{said}");
    let said = sandbox.run(&["lines", "update", "--feed", "ftp://127.0.0.1/releases.json"]).failure(2);
    assert_snapshot!(said, @"
    error: cannot read a feed over `ftp`
     = help: give a file, or an address that begins with `https://`, `http://` or `file://`
    ");
    let said = sandbox.run(&["lines", "update", "--offline"]).failure(2);
    assert_snapshot!(said, @"
    error: `--offline`, and the feed is an address
     = help: give a file with `--feed`
    ");
    let said = refused(&sandbox, &["--feed", "nowhere.json"]);
    assert_snapshot!(said, @"
    error: cannot read the feed `nowhere.json`
     = note: No such file or directory (os error 2)
     = help: give a file in the format of https://www.kernel.org/releases.json, an address, or `repository`
    ");
}

/// A kernel's repository with one commit and these tags.
pub fn tagged(sandbox: &Sandbox, folder: &str, tags: &[&str]) {
    sandbox.repository(folder, &[("fs/lustre/super.c", "kernel\n")], tags[0]);
    for tag in &tags[1..] {
        sandbox.git(folder, &["tag", "--annotate", "--message", tag, tag]);
    }
}

#[test]
fn the_tags_of_a_kernel_stand_in_for_a_feed() {
    let sandbox = Sandbox::new();
    sandbox.write("manifests/README", "");
    tagged(
        &sandbox,
        "linux",
        &[
            "v6.12.58",
            "v6.9",
            "v6.9.12",
            "v6.12",
            "v6.12.0",
            "v6.12.9",
            "v6.12.59-rc1",
            "v6.1.159",
            "v7.0-rc2",
            "v6.19.2",
            "v6.18.1",
            "next-20261120",
            "v2.6.32.27",
            "v6.12.58-lustre",
            "v2_17_0",
            "v6.012",
        ],
    );
    let run = sandbox.run(&["lines", "update", "--feed", "linux"]);
    assert_snapshot!(format!("{}{}", run.stdout, run.stderr), @"
    6.1     new, 6.1.159
    6.12    new, 6.12.58
    6.18    new, 6.18.1
    6.19    new, 6.19.2
    7.0     new, 7.0-rc2
    11 tags of kernel versions, 5 others
    version 6.12 has several tags: v6.12, v6.12.0
    wrote manifests/kernels.lock
    ");
    assert_snapshot!(sandbox.read("manifests/kernels.lock"), @r#"
    # Written by `lustre-dist lines update`: the last good feed. Commit it; do not edit it.
    schema = 1
    from = "tags of linux"
    latest-stable = "6.19.2"

    [series."6.1"]
    version = "6.1.159"
    eol = false

    [series."6.12"]
    version = "6.12.58"
    eol = false

    [series."6.18"]
    version = "6.18.1"
    eol = false

    [series."6.19"]
    version = "6.19.2"
    eol = false

    [series."7.0"]
    version = "7.0-rc2"
    eol = false
    "#);
    let run = sandbox.run(&["lines", "update", "--feed", "repository", "--source", "linux=linux"]);
    assert!(run.stderr.contains("nothing changed"), "{}", run.stderr);
    sandbox.git("linux", &["tag", "--delete", "v6.12.58"]);
    assert_snapshot!(refused(&sandbox, &["--feed", "linux"]), @"
    10 tags of kernel versions, 5 others
    version 6.12 has several tags: v6.12, v6.12.0
    error: the feed is older than the one held: series 6.12 goes backwards
     = note: held  6.12.58
     = note: feed  6.12.9
     = note: the feed is tags of linux; what was held is kept as it is
    ");
    let said = refused(&sandbox, &["--feed", "repository"]);
    assert_snapshot!(said, @"
    error: no kernel source is at hand
     = help: point at a kernel's repository: `--feed repository --source linux=PATH`
    ");
    sandbox.git("linux", &["bundle", "create", "--quiet", "../linux.bundle", "--tags"]);
    let run = sandbox.run(&["lines", "update", "--feed", "linux.bundle"]);
    assert!(run.failure(4).contains("series 6.12 goes backwards"));
}

#[test]
fn a_damaged_held_feed_is_an_error() {
    let sandbox = holding();
    let held = sandbox.read("manifests/kernels.lock");
    sandbox.write("manifests/kernels.lock", held.replace("eol = true", "eol = 7"));
    let run = sandbox.run(&["lines", "update", "--feed", "releases.json"]);
    assert_snapshot!(run.failure(3), @"
    error: the held feed `manifests/kernels.lock` is damaged
      --> manifests/kernels.lock:46:7
       |
    46 | eol = 7
       |       ^ invalid type: integer `7`, expected a boolean
       = help: take it from your version control again, or remove it and run `lustre-dist lines update`
    ");
    sandbox.write("manifests/kernels.lock", held.replace("schema = 1", "schema = 2"));
    let run = sandbox.run(&["lines", "update", "--feed", "releases.json"]);
    assert_snapshot!(run.failure(3), @"
    error: the held feed `manifests/kernels.lock` has schema 2; 1 is known
     = help: it was written by a newer lustre-dist: use that one
    ");
}

#[test]
fn the_table_of_series_is_checked_like_a_manifest() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "manifests/kernels.toml",
        r#"schema = 1

[series."6.12"]
moniker  = "longtrem"
released = "2024-11-17"
eol      = "2028-13-31"

[series."6.18"]
moniker = "longterm"
relesed = "2025-11-30"

[series.6]
moniker  = "stable"
released = 2026-02-08

[series."7.0"]
moniker  = "longterm"
released = "2026-04-12"
eol      = "2026-04-11"
"#,
    );
    assert_snapshot!(sandbox.run(&["check", "manifests"]).failure(3), @r#"
    error: `longtrem` is not the moniker of a series
     --> manifests/kernels.toml:4:12
      |
    4 | moniker  = "longtrem"
      |            ^^^^^^^^^^ did you mean `longterm`?
      = note: known words: `longterm` and `stable`

    error: `2028-13-31` is not a date
     --> manifests/kernels.toml:6:12
      |
    6 | eol      = "2028-13-31"
      |            ^^^^^^^^^^^^ expected a day of the calendar, as in 2028-12-31
      = help: write it like `eol = "2028-12-31"`

    error: `moniker = "longterm"` without `eol`
     --> manifests/kernels.toml:9:11
      |
    9 | moniker = "longterm"
      |           ^^^^^^^^^^ needs `eol` beside it
      = help: for example `eol = "2028-12-31"`

    error: unknown key `relesed` in `[series."6.18"]`
      --> manifests/kernels.toml:10:1
       |
    10 | relesed = "2025-11-30"
       | ^^^^^^^ did you mean `released`?
       = note: known keys: `moniker`, `released` and `eol`

    error: `[series."6"]` is not a kernel series
      --> manifests/kernels.toml:12:9
       |
    12 | [series.6]
       |         ^ expected `.` and the minor number
       = help: write it like `[series."6.12"]`, with the quotes

    error: `released` is a datetime
      --> manifests/kernels.toml:14:12
       |
    14 | released = 2026-02-08
       |            ^^^^^^^^^^ expected a string, a date
       = help: write it like `released = "2024-11-17"`

    error: `[series."7.0"]` ends before its first release
      --> manifests/kernels.toml:19:12
       |
    19 | eol      = "2026-04-11"
       |            ^^^^^^^^^^^^ `released` on line 18 is 2026-04-12

    7 problems
    "#);
    sandbox.write("manifests/kernels.toml", "schema = 2\n");
    assert_snapshot!(sandbox.run(&["check", "manifests/kernels.toml"]).failure(3), @"
    error: the kernel table has schema 2
     --> manifests/kernels.toml:1:10
      |
    1 | schema = 2
      |          ^ this lustre-dist reads schema 1
      = help: it was written for a newer lustre-dist: update the tool
    ");
}
