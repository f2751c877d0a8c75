// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Servers that send us elsewhere, and servers without the TLS that was asked for.

use std::io::Read as _;
use std::net::TcpListener;
use std::sync::mpsc;

use super::{Case, fetch, plain, recovers, tarball, tell_all, vendor};
use crate::runner::Sandbox;
use crate::site::{Asked, Reply};

fn to(address: &str) -> impl Fn(&Asked, usize) -> Reply + Send + Sync + use<> {
    let address = address.to_owned();
    move |_, _| Reply::Status(302, vec![("Location", address.clone())], vec![])
}

#[test]
fn elsewhere() {
    let told = tell_all(|sandbox| {
        let here = |status: u16, to: fn(&str, usize) -> String| {
            move |asked: &Asked, nth: usize| {
                Reply::Status(status, vec![("Location", to(&asked.path, nth))], vec![])
            }
        };
        // A file that must not be read through a server's word.
        let file = format!("file://{}", sandbox.path("repo/root.json").display());
        vec![
            tarball("to a file", to(&file)),
            tarball("to ftp", to("ftp://127.0.0.1/x")),
            tarball("to data", to("data:text/plain,x")),
            tarball("to gopher", to("gopher://127.0.0.1:70/x")),
            tarball("to no address", to("http://")),
            tarball("without saying where", |_, _| Reply::Status(302, vec![], vec![])),
            tarball("to itself", here(302, |path, _| format!("/{path}"))),
            any(
                "from one to the next, for ever",
                here(307, |_, nth| format!("/{nth}/lustre-2.17.0.tar.zst")),
            ),
            tarball("by 308 to a port where nobody is", to("http://127.0.0.1:1/x")),
            tarball("to a path here, once", |asked, nth| match nth {
                1 => Reply::Status(302, vec![("Location", format!("/{}", asked.path))], vec![]),
                _ => Reply::Usual,
            }),
        ]
    });
    insta::assert_snapshot!(told, @"
    to a file: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 302 Found, without an address of the web to go on to
       = help: try again later, or another mirror with `--from`
    to ftp: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it redirects from http to ftp
       = help: try again later, or another mirror with `--from`
    to data: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 302 Found, without an address of the web to go on to
       = help: try again later, or another mirror with `--from`
    to gopher: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it redirects from http to gopher
       = help: try again later, or another mirror with `--from`
    to no address: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 302 Found, without an address of the web to go on to
       = help: try again later, or another mirror with `--from`
    without saying where: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it says 302 Found, without an address of the web to go on to
       = help: try again later, or another mirror with `--from`
    to itself: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it redirects more than 5 times
       = help: try again later, or another mirror with `--from`
    from one to the next, for ever: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: it redirects more than 5 times
       = help: try again later, or another mirror with `--from`
    by 308 to a port where nobody is: exit code 4
      error: cannot fetch `lustre-2.17.0.tar.zst`
       = note: http://SITE: client error (Connect): tcp connect error: Connection refused (os error 111)
       = help: try again later, or another mirror with `--from`
    to a path here, once: exit code 0
    ");
}

/// Hostile for the tarball wherever it is asked for.
fn any(name: &'static str, reply: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Case {
    let count = std::sync::atomic::AtomicUsize::new(0);
    tarball(name, move |asked, _| reply(asked, count.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
}

/// Whoever takes the TLS away gets nothing: no plain request, no path, no second try without.
#[test]
fn tls_is_not_given_up() {
    let sandbox = Sandbox::new();
    let _vendor = vendor(&sandbox);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/repo", listener.local_addr().unwrap());
    let (heard, hears) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).unwrap_or(0);
            let _ = heard.send(bytes[..read].to_vec());
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        }
    });
    let run = fetch(&sandbox, "plain", &[&url], &[]);
    insta::assert_snapshot!(format!("exit code {}\n{}", run.code, plain(&run.stderr)), @"
    exit code 4
    error: cannot read `metadata/2.root.json` of https://SITE/repo
     = note: client error (Connect): received corrupt message of type InvalidContentType
     = help: try again later, or another mirror with `--from`
    ");
    let said: Vec<Vec<u8>> = hears.try_iter().collect();
    assert!(!said.is_empty());
    for bytes in said {
        assert_eq!(&bytes[..2], [0x16, 3], "the first byte of a TLS handshake");
        assert!(!bytes.windows(4).any(|four| four == b"GET "));
    }
    recovers(&sandbox, "plain", "a server without TLS");
}
