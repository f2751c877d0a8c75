// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Contents that are slow, endless, too long, too short, of another file, or wrapped.

use std::time::Duration;

use super::{answer, drip, endless, raw, silence, tarball, tell_all, truth};
use crate::hostile_tar::encodings::gzip;
use crate::site::Reply;

#[test]
fn contents() {
    let told = tell_all(|sandbox| {
        let true_bytes = truth(sandbox);
        let length = true_bytes.len();
        let with = |bytes: Vec<u8>| move |_: &_, _| Reply::Bytes(bytes.clone());
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        let short = true_bytes[..length - 1].to_vec();
        let long = [&true_bytes[..], b"x"].concat();
        let mut flipped = true_bytes.clone();
        flipped[length / 2] ^= 1;
        let packed = gzip(&true_bytes);
        let is_packed = format!("Content-Length: {}", packed.len());
        let (slow, stalled, more) = (head.clone(), head.clone(), head.clone());
        let begun = [head.as_bytes(), &true_bytes[..1000]].concat();
        let bytes = true_bytes.clone();
        vec![
            tarball("a byte now and then", move |_, _| drip(slow.clone(), "x", Duration::from_millis(20))),
            tarball("a head and then silence", move |_, _| silence(stalled.clone())),
            tarball("silence in the middle", move |_, _| silence(begun.clone())),
            tarball("endless, without a length", |_, _| endless("HTTP/1.1 200 OK\r\n\r\n", [0; 4096])),
            tarball("endless, in chunks", |_, _| {
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                endless(head, format!("1000\r\n{}\r\n", "x".repeat(4096)))
            }),
            tarball("a byte a chunk, for ever", |_, _| {
                endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n".repeat(1000))
            }),
            tarball("more than was announced", move |_, _| {
                raw([more.as_bytes(), &bytes, b"and more"].concat())
            }),
            tarball("a byte short", with(short)),
            tarball("a byte long", with(long)),
            tarball("nothing", with(Vec::new())),
            tarball("one bit is another", with(flipped)),
            tarball("a page of a portal", |_, _| {
                let page = b"<html>Please log in</html>";
                answer(&["Content-Type: text/html", &format!("Content-Length: {}", page.len())], page)
            }),
            tarball("gzip that nobody asked for", move |_, _| {
                answer(&["Content-Encoding: gzip", &is_packed], &packed)
            }),
            tarball("said to be gzip", {
                let bytes = true_bytes.clone();
                move |_, _| answer(&["Content-Encoding: gzip", &format!("Content-Length: {length}")], &bytes)
            }),
            tarball("brotli over nothing", |_, _| {
                answer(&["Content-Encoding: identity, br", "Content-Length: 0"], b"")
            }),
        ]
    });
    insta::assert_snapshot!(told, @"
    a byte now and then: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it gave [N] bytes a second for [N] s; the least is 2000 (`--min-rate`)
       = note: [N] bytes are kept in the cache, and the next run goes on from there
       = help: try again later, or another mirror with `--from`
    a head and then silence: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it was silent for 3 s (`--timeout`)
       = help: try again later, or another mirror with `--from`
    silence in the middle: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it was silent for 3 s (`--timeout`)
       = note: [N] bytes are kept in the cache, and the next run goes on from there
       = help: try again later, or another mirror with `--from`
    endless, without a length: exit code 6
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: its object has more than 301159 bytes
       = help: what is there is not what was published: try another mirror with `--from`
    endless, in chunks: exit code 6
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: its object has more than 301159 bytes
       = help: what is there is not what was published: try another mirror with `--from`
    a byte a chunk, for ever: exit code 6
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: its object has more than 301159 bytes
       = help: what is there is not what was published: try another mirror with `--from`
    more than was announced: exit code 0
    a byte short: exit code 6
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: its object has 301158 bytes, and 301159 are vouched for
       = help: what is there is not what was published: try another mirror with `--from`
    a byte long: exit code 6
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: its object has 301160 bytes, and 301159 are vouched for
       = help: what is there is not what was published: try another mirror with `--from`
    nothing: exit code 6
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: its object has 0 bytes, and 301159 are vouched for
       = help: what is there is not what was published: try another mirror with `--from`
    one bit is another: exit code 6
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: its bytes have the sha256 [SHA256], and not [SHA256]
       = help: what is there is not what was published: try another mirror with `--from`
    a page of a portal: exit code 6
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: its object has 26 bytes, and 301159 are vouched for
       = help: what is there is not what was published: try another mirror with `--from`
    gzip that nobody asked for: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it gives the bytes in the content encoding `gzip`, which was not asked for
       = help: try again later, or another mirror with `--from`
    said to be gzip: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it gives the bytes in the content encoding `gzip`, which was not asked for
       = help: try again later, or another mirror with `--from`
    brotli over nothing: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it gives the bytes in the content encoding `identity, br`, which was not asked for
       = help: try again later, or another mirror with `--from`
    ");
}
