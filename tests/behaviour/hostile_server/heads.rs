// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Heads that are endless, contradict themselves, or are no HTTP, and statuses that nobody expects.

use std::time::Duration;

use super::{answer, drip, endless, raw, silence, tarball, tell_all, truth};
use crate::site::Reply;

#[test]
fn heads_and_statuses() {
    let told = tell_all(|sandbox| {
        let length = truth(sandbox).len();
        let status = |status: u16| move |_: &_, _| Reply::Status(status, vec![], b"no".to_vec());
        vec![
            tarball("no answer at all", |_, _| silence("")),
            tarball("the connection ends at once", |_, _| raw("")),
            tarball("a head without an end", |_, _| endless("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n")),
            tarball("a line without an end", |_, _| endless("HTTP/1.1 200 OK\r\nX-Long: ", [b'x'; 4096])),
            tarball("a head in drips", |_, _| {
                drip("HTTP/1.1 200 OK\r\n", "X-More: x\r\n", Duration::from_millis(20))
            }),
            tarball("100 Continue for ever", |_, _| endless("", "HTTP/1.1 100 Continue\r\n\r\n")),
            tarball("103 Early Hints in drips", |_, _| {
                drip("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", Duration::from_millis(20))
            }),
            tarball("another protocol", |_, _| raw("SSH-2.0-OpenSSH_10.0\r\n")),
            tarball("two lengths", move |_, _| {
                answer(&["Content-Length: 5", &format!("Content-Length: {length}")], b"12345")
            }),
            tarball("a negative length", |_, _| answer(&["Content-Length: -1"], b"12345")),
            tarball("a length beyond all", |_, _| {
                answer(&["Content-Length: 99999999999999999999"], b"12345")
            }),
            tarball("the largest length", |_, _| answer(&["Content-Length: 18446744073709551615"], b"12345")),
            tarball("a chunk without a size", |_, _| answer(&["Transfer-Encoding: chunked"], b"zz\r\nx\r\n")),
            tarball("a chunk's extension without an end", |_, _| {
                endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", [b'x'; 4096])
            }),
            tarball("trailers without an end", |_, _| {
                endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-More: and more\r\n")
            }),
            tarball("a content encoding that steers a terminal", |_, _| {
                answer(&["Content-Encoding: \u{9b}2J\u{9d}"], b"12345")
            }),
            tarball("204", status(204)),
            tarball("206 of what was asked for whole", status(206)),
            tarball("304", status(304)),
            tarball("401", status(401)),
            tarball("403", status(403)),
            tarball("404", status(404)),
            tarball("410", status(410)),
            tarball("416", status(416)),
            tarball("418", status(418)),
            tarball("500 each time", status(500)),
            tarball("503 each time", status(503)),
            tarball("500 twice, then as it should be", |_, nth| match nth {
                1 | 2 => Reply::Status(500, vec![], b"no".to_vec()),
                _ => Reply::Usual,
            }),
            tarball("429 once, then as it should be", |_, nth| match nth {
                1 => Reply::Status(429, vec![("Retry-After", "86400".into())], vec![]),
                _ => Reply::Usual,
            }),
        ]
    });
    insta::assert_snapshot!(told, @r"
    no answer at all: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it was silent for 3 s (`--timeout`)
       = help: try again later, or another mirror with `--from`
    the connection ends at once: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: client error (SendRequest): connection closed before message completed
       = help: try again later, or another mirror with `--from`
    a head without an end: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: client error (SendRequest): message head is too large
       = help: try again later, or another mirror with `--from`
    a line without an end: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: client error (SendRequest): message head is too large
       = help: try again later, or another mirror with `--from`
    a head in drips: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it was silent for 3 s (`--timeout`)
       = help: try again later, or another mirror with `--from`
    100 Continue for ever: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it was silent for 3 s (`--timeout`)
       = help: try again later, or another mirror with `--from`
    103 Early Hints in drips: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it was silent for 3 s (`--timeout`)
       = help: try again later, or another mirror with `--from`
    another protocol: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: client error (SendRequest): invalid HTTP version parsed
       = help: try again later, or another mirror with `--from`
    two lengths: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: client error (SendRequest): invalid content-length parsed
       = help: try again later, or another mirror with `--from`
    a negative length: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: client error (SendRequest): invalid content-length parsed
       = help: try again later, or another mirror with `--from`
    a length beyond all: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: client error (SendRequest): invalid content-length parsed
       = help: try again later, or another mirror with `--from`
    the largest length: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: client error (SendRequest): message head is too large
       = help: try again later, or another mirror with `--from`
    a chunk without a size: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: error decoding response body: error reading a body from connection: Invalid chunk size line: missing size digit
       = help: try again later, or another mirror with `--from`
    a chunk's extension without an end: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: error decoding response body: error reading a body from connection: chunk extensions over limit
       = help: try again later, or another mirror with `--from`
    trailers without an end: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: error decoding response body: error reading a body from connection: chunk trailers count overflow
       = help: try again later, or another mirror with `--from`
    a content encoding that steers a terminal: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it gives the bytes in the content encoding `\u{9b}2J\u{9d}`, which was not asked for
       = help: try again later, or another mirror with `--from`
    204: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 204 No Content
       = help: try again later, or another mirror with `--from`
    206 of what was asked for whole: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it gives a part, and the whole was asked for
       = help: try again later, or another mirror with `--from`
    304: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 304 Not Modified, though it was not asked whether anything changed
       = help: try again later, or another mirror with `--from`
    401: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 401 Unauthorized
       = help: try again later, or another mirror with `--from`
    403: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 403 Forbidden
       = help: try again later, or another mirror with `--from`
    404: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 404 Not Found
       = help: try again later, or another mirror with `--from`
    410: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 410 Gone
       = help: try again later, or another mirror with `--from`
    416: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 416 Range Not Satisfiable
       = help: try again later, or another mirror with `--from`
    418: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 418 I'm a teapot
       = help: try again later, or another mirror with `--from`
    500 each time: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 500 Internal Server Error
       = help: try again later, or another mirror with `--from`
    503 each time: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 503 Service Unavailable
       = help: try again later, or another mirror with `--from`
    500 twice, then as it should be: exit code 0
    429 once, then as it should be: exit code 0
    ");
}
