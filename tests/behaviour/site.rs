// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A web server for a folder, with ranges and entity tags, that a test may make misbehave.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The path without its first slash, decoded.
    pub path: String,
    /// The header lines, with lower-case names.
    pub headers: Vec<(String, String)>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Writes to a connection whatever it wants.
pub type Write = Box<dyn FnOnce(&TcpStream) -> std::io::Result<()> + Send>;

/// How to answer.
pub enum Reply {
    /// As a good server does.
    Usual,
    /// Like that, and break off after so many bytes of the body.
    Cut(usize),
    /// Like that, in pieces of so many bytes with a pause after each.
    Slow(usize, Duration),
    /// A status with headers and a body.
    Status(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Other bytes as if they were the file.
    Bytes(Vec<u8>),
    /// Whatever this writes; then the connection ends.
    Raw(Write),
}

/// A server; it ends with the test's process.
pub struct Site {
    pub url: String,
    log: Arc<Mutex<Vec<Asked>>>,
}

impl Site {
    /// Serves a folder as a good server does.
    pub fn new(folder: PathBuf) -> Self {
        Self::with(folder, |_| Reply::Usual)
    }

    /// Asks `hook` how to answer each request.
    pub fn with(folder: PathBuf, hook: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let log: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (noted, hook) = (Arc::clone(&log), Arc::new(hook));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (folder, noted, hook) = (folder.clone(), Arc::clone(&noted), Arc::clone(&hook));
                std::thread::spawn(move || {
                    // A client that goes away is no matter.
                    let _ = converse(&stream, &folder, &*hook, &noted);
                });
            }
        });
        Self { url, log }
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.log.lock().expect("the log").clone()
    }

    /// How often a path with that ending was asked for.
    pub fn count(&self, ending: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path.ends_with(ending)).count()
    }
}

fn converse(
    stream: &TcpStream,
    folder: &std::path::Path,
    hook: &dyn Fn(&Asked) -> Reply,
    log: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.by_ref().take(1 << 16).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or("/").trim_start_matches('/').to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.by_ref().take(1 << 16).read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let asked = Asked { path: path.replace("%2B", "+").replace("%25", "%"), headers };
        log.lock().expect("the log").push(asked.clone());
        let reply = hook(&asked);
        if !answer(stream, folder, &asked, reply)? {
            return Ok(());
        }
    }
}

/// Answers; false when the connection ends with it.
fn answer(
    mut stream: &TcpStream,
    folder: &std::path::Path,
    asked: &Asked,
    reply: Reply,
) -> std::io::Result<bool> {
    let (mut cut, mut slow) = (None, None);
    let bytes = match reply {
        Reply::Status(status, headers, body) => {
            let mut head = format!("HTTP/1.1 {status} -\r\n");
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
                head += &format!("Content-Length: {}\r\n", body.len());
            }
            for (name, value) in headers {
                head += &format!("{name}: {value}\r\n");
            }
            stream.write_all(format!("{head}\r\n").as_bytes())?;
            stream.write_all(&body)?;
            return Ok(true);
        }
        Reply::Bytes(bytes) => Ok(bytes),
        Reply::Raw(write) => {
            write(stream)?;
            return Ok(false);
        }
        reply => {
            match reply {
                Reply::Cut(count) => cut = Some(count),
                Reply::Slow(count, pause) => slow = Some((count, pause)),
                _ => {}
            }
            std::fs::read(folder.join(&asked.path))
        }
    };
    let Ok(bytes) = bytes else {
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
        return Ok(true);
    };
    let tag = format!("\"{:x}-{}\"", bytes.len(), bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>());
    let range = asked.header("range").and_then(|range| {
        let from: usize = range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()?;
        let same = asked.header("if-range").is_none_or(|wanted| wanted == tag);
        (same && from < bytes.len()).then_some(from)
    });
    let body = &bytes[range.unwrap_or(0)..];
    let mut head = match range {
        None => "HTTP/1.1 200 OK\r\n".to_owned(),
        Some(from) => {
            let whole = bytes.len();
            format!("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{}/{whole}\r\n", whole - 1)
        }
    };
    head += &format!("Content-Length: {}\r\nETag: {tag}\r\nAccept-Ranges: bytes\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    if let Some((count, pause)) = slow {
        for piece in body.chunks(count) {
            stream.write_all(piece)?;
            std::thread::sleep(pause);
        }
        return Ok(true);
    }
    let end = cut.unwrap_or(body.len()).min(body.len());
    stream.write_all(&body[..end])?;
    Ok(end == body.len())
}
