// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Downloads that break off, and servers that lie about the rest.

use super::{Case, raw, tarball, tell_all, truth};
use crate::site::{Asked, Reply};

/// Breaks off after 100,000 bytes, and then does as `rest` says.
fn broken(name: &'static str, rest: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Case {
    tarball(name, move |asked, nth| if nth == 1 { Reply::Cut(100_000) } else { rest(asked, nth) })
}

fn part(range: &str, tag: &str, body: &[u8]) -> Reply {
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: {range}\r\nETag: {tag}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    raw([head.as_bytes(), body].concat())
}

#[test]
fn the_rest_of_what_broke_off() {
    let told = tell_all(|sandbox| {
        let bytes = truth(sandbox);
        let length = bytes.len();
        let last = length - 1;
        let rest = bytes[100_000..].to_vec();
        let zeros = vec![0; rest.len()];
        let mut other = bytes.clone();
        other[7] ^= 1;
        let long = [&rest[..], b"x"].concat();
        // Only where a part is asked for: the whole can still be had.
        let say = |range: String, body: Vec<u8>| {
            move |asked: &Asked, _| match asked.header("range") {
                Some(_) => part(&range, "\"1\"", &body),
                None => Reply::Usual,
            }
        };
        vec![
            broken("the rest as it should be", |_, _| Reply::Usual),
            tarball("it breaks off each time, a bit later", |_, _| Reply::Cut(90_000)),
            tarball("it breaks off before the first byte, each time", |_, _| Reply::Cut(0)),
            broken("500 in the middle, once", |_, nth| match nth {
                2 => Reply::Status(500, vec![], vec![]),
                _ => Reply::Usual,
            }),
            broken("500 in the middle, from then on", |_, _| Reply::Status(500, vec![], vec![])),
            broken("another part", say(format!("bytes 0-{}/{length}", rest.len() - 1), rest.clone())),
            broken("a part of a longer file", say(format!("bytes 100000-{length}/{}", length + 1), long)),
            broken("a part without a range", {
                let rest = rest.clone();
                move |_, _| {
                    let head =
                        format!("HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\n\r\n", rest.len());
                    raw([head.as_bytes(), &rest].concat())
                }
            }),
            broken("a part in another unit, whatever is asked for", {
                let rest = rest.clone();
                move |_, _| part(&format!("lines 100000-{last}/{length}"), "\"1\"", &rest)
            }),
            broken("a part in another unit", say(format!("lines 100000-{last}/{length}"), rest.clone())),
            broken("other bytes as the rest", move |asked, nth| match nth {
                2 => part(&format!("bytes 100000-{last}/{length}"), "\"1\"", &zeros),
                _ if asked.header("range").is_some() => Reply::Status(400, vec![], vec![]),
                _ => Reply::Usual,
            }),
            broken("the object is another one now", move |_, _| Reply::Bytes(other.clone())),
            broken("416, then as it should be", |asked, _| match asked.header("range") {
                Some(_) => Reply::Status(416, vec![("Content-Range", "bytes */5".into())], vec![]),
                None => Reply::Usual,
            }),
            broken("the whole once more, in place of the rest", {
                let bytes = bytes.clone();
                move |_, _| {
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                    raw([head.as_bytes(), &bytes].concat())
                }
            }),
            broken("the whole once more, said to be the rest", {
                let bytes = bytes.clone();
                move |_, _| part(&format!("bytes 100000-{last}/{length}"), "\"1\"", &bytes)
            }),
            broken("404 for the rest", |_, _| Reply::Status(404, vec![], vec![])),
        ]
    });
    insta::assert_snapshot!(told, @"
    the rest as it should be: exit code 0
    it breaks off each time, a bit later: exit code 0
    it breaks off before the first byte, each time: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: error decoding response body: error reading a body from connection: end of file before message length reached
       = help: try again later, or another mirror with `--from`
    500 in the middle, once: exit code 0
    500 in the middle, from then on: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 500 Internal Server Error
       = note: [N] bytes are kept in the cache, and the next run goes on from there
       = help: try again later, or another mirror with `--from`
    another part: exit code 0
    a part of a longer file: exit code 0
    a part without a range: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it gives a part, and the whole was asked for
       = note: [N] bytes are kept in the cache, and the next run goes on from there
       = help: try again later, or another mirror with `--from`
    a part in another unit, whatever is asked for: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it gives a part, and the whole was asked for
       = note: [N] bytes are kept in the cache, and the next run goes on from there
       = help: try again later, or another mirror with `--from`
    a part in another unit: exit code 0
    other bytes as the rest: exit code 0
    the object is another one now: exit code 6
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: its bytes have the sha256 [SHA256], and not [SHA256]
       = help: what is there is not what was published: try another mirror with `--from`
    416, then as it should be: exit code 0
    the whole once more, in place of the rest: exit code 0
    the whole once more, said to be the rest: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it gives a part, and the whole was asked for
       = note: [N] bytes are kept in the cache, and the next run goes on from there
       = help: try again later, or another mirror with `--from`
    404 for the rest: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 404 Not Found
       = note: [N] bytes are kept in the cache, and the next run goes on from there
       = help: try again later, or another mirror with `--from`
    ");
}
