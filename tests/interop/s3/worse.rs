// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A server in front of an S3 server that makes it worse. Each connection has one request.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// In which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worse {
    /// It knows no conditions.
    Ignores,
    /// It looks whether the condition holds, and then writes: right for one at a time, as s3s-fs is.
    LooksFirst,
    /// It does what it is asked, and says that it failed, the first time that it is asked.
    LosesAnswers,
}

struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Worse {
    /// Serves until the tests end.
    pub fn start(self, upstream: SocketAddr) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("an address");
        let failed: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let failed = Arc::clone(&failed);
                // A client that goes away is its own affair.
                std::thread::spawn(move || self.serve(client, upstream, &failed));
            }
        });
        at
    }

    fn serve(
        self,
        mut client: TcpStream,
        upstream: SocketAddr,
        failed: &Mutex<BTreeSet<String>>,
    ) -> io::Result<()> {
        let mut request = Request::read(&mut client)?;
        let condition = request.take("if-none-match").is_some();
        let expected = request.take("if-match");
        let answer = match self {
            Self::Ignores => request.send(upstream)?,
            Self::LooksFirst if condition || expected.is_some() => {
                let head = request.head(upstream)?;
                let is_there = head.starts_with("HTTP/1.1 200");
                let holds = expected.map_or(!is_there, |tag| head.contains(&tag));
                std::thread::sleep(Duration::from_millis(20));
                if holds { request.send(upstream)? } else { empty("412 Precondition Failed") }
            }
            Self::LooksFirst => request.send(upstream)?,
            Self::LosesAnswers => {
                let name = format!("{} {expected:?}", request.line);
                if condition {
                    request.headers.push(("if-none-match".to_owned(), "*".to_owned()));
                }
                request.headers.extend(expected.map(|tag| ("if-match".to_owned(), tag)));
                let answer = request.send(upstream)?;
                let is_first = failed.lock().expect("no thread panics").insert(name);
                if is_first { empty("500 Internal Server Error") } else { answer }
            }
        };
        client.write_all(&answer)
    }
}

fn empty(status: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into_bytes()
}

impl Request {
    fn read(client: &mut TcpStream) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let end = loop {
            let mut piece = [0; 4096];
            let count = client.read(&mut piece)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes.extend_from_slice(&piece[..count]);
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
        };
        let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = text.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .filter(|(name, _)| name != "connection")
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, value)| value.parse().expect("a length"));
        let mut body = bytes.split_off(end + 4);
        let more = length - body.len() as u64;
        client.take(more).read_to_end(&mut body)?;
        Ok(Self { line, headers, body })
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let nth = self.headers.iter().position(|(other, _)| other == name)?;
        Some(self.headers.swap_remove(nth).1)
    }

    fn send(&self, upstream: SocketAddr) -> io::Result<Vec<u8>> {
        let mut server = TcpStream::connect(upstream)?;
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        server.write_all(format!("{}\r\n{headers}connection: close\r\n\r\n", self.line).as_bytes())?;
        server.write_all(&self.body)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        Ok(answer)
    }

    /// What the server says of the object that is to be written.
    fn head(&self, upstream: SocketAddr) -> io::Result<String> {
        let path = self.line.split(' ').nth(1).unwrap_or_default();
        let headers = self.headers.iter().filter(|(name, _)| name == "host" || name == "authorization");
        let request = Self {
            line: format!("HEAD {path} HTTP/1.1"),
            headers: headers.cloned().collect(),
            body: Vec::new(),
        };
        Ok(String::from_utf8_lossy(&request.send(upstream)?).into_owned())
    }
}
