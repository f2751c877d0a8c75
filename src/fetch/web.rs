// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One request to a server, or one file: within time, within length, from where it was asked for.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header;
use tokio::runtime::Runtime;
use url::Url;

use super::fault::{Fault, Kind};
use super::pace::{Pace, Stopwatch};
use super::reply::{self, Ask};
use crate::model::{Class, Failure, Problem};
use crate::release::plain;

/// How many times a server may send us elsewhere.
const REDIRECTS: usize = 5;

/// How often an address is asked again for the same bytes, and how long after a failure.
pub(super) const AGAIN: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(600), Duration::from_millis(1800)];

/// How much of a file is read at once.
const PIECE: usize = 1 << 18;

/// The way to servers and files.
#[derive(Debug)]
pub(super) struct Web {
    pace: Pace,
    /// Made when it is first needed: it reads the machine's certificates.
    client: OnceLock<reqwest::Client>,
}

impl Web {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, client: OnceLock::new() }
    }

    fn client(&self) -> Result<&reqwest::Client, Fault> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let policy = reqwest::redirect::Policy::custom(|attempt| {
            let from = attempt.previous().last().map_or("", Url::scheme).to_owned();
            let to = attempt.url().scheme().to_owned();
            if attempt.previous().len() > REDIRECTS {
                attempt.error(format!("it redirects more than {REDIRECTS} times"))
            } else if to != "https" && to != from {
                attempt.error(format!("it redirects from {from} to {to}"))
            } else {
                attempt.follow()
            }
        });
        let made = reqwest::Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.pace.to_connect())
            .redirect(policy)
            .referer(false)
            .build()
            .map_err(|error| Fault::of_http(&error))?;
        Ok(self.client.get_or_init(|| made))
    }

    /// Asks for an object.
    pub(super) async fn get(&self, url: &Url, ask: Ask<'_>) -> Result<Body, Fault> {
        let watch = Stopwatch::start(self.pace);
        if url.scheme() == "file" {
            let (from, file) = open(url, &ask).map_err(|error| Fault::of_file(&error))?;
            let length = file.metadata().map_err(|error| Fault::of_file(&error))?.len();
            if let Some(expected) = ask.length.filter(|expected| *expected != length) {
                let why = format!("its object has {length} bytes, and {expected} are vouched for");
                return Err(Fault::new(Kind::Wrong, why));
            }
            let rest = room(&ask, from);
            return Ok(Body { from, tag: None, rest, most: ask.most, watch, bytes: From::File(file) });
        }
        let mut request = self.client()?.get(url.clone()).header(header::ACCEPT_ENCODING, "identity");
        if ask.from > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", ask.from));
            if let Some(tag) = ask.same_as {
                request = request.header(header::IF_RANGE, tag);
            }
        }
        let sent = tokio::time::timeout(self.pace.silence, request.send()).await;
        let answer = sent.map_err(|_| silent(self.pace))?.map_err(|error| Fault::of_http(&error))?;
        let coming = reply::judge(answer.status(), answer.headers(), &ask)?;
        let rest = room(&ask, coming.from);
        let bytes = From::Server(Box::new(answer));
        Ok(Body { from: coming.from, tag: coming.tag, rest, most: ask.most, watch, bytes })
    }

    /// Reads a small object whole, and asks again where the fault may pass.
    pub(super) async fn read(&self, url: &Url, most: u64) -> Result<Vec<u8>, Fault> {
        let mut again = AGAIN.iter();
        loop {
            match self.read_once(url, most).await {
                Err(Fault { kind: Kind::Passing, .. }) if again.len() > 0 => {
                    tokio::time::sleep(*again.next().expect("it has one")).await;
                }
                done => return done,
            }
        }
    }

    async fn read_once(&self, url: &Url, most: u64) -> Result<Vec<u8>, Fault> {
        let mut body = self.get(url, Ask { most, ..Ask::default() }).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// How many bytes may come, from one on.
fn room(ask: &Ask<'_>, from: u64) -> u64 {
    ask.length.unwrap_or(ask.most).saturating_sub(from)
}

fn silent(pace: Pace) -> Fault {
    Fault::slow(format!("it was silent for {} s (`--timeout`)", pace.silence.as_secs_f64()))
}

fn open(url: &Url, ask: &Ask<'_>) -> std::io::Result<(u64, File)> {
    let path = url.to_file_path().map_err(|()| std::io::Error::other("the address names no file here"))?;
    let mut file = plain::open(&path)?;
    file.seek(SeekFrom::Start(ask.from))?;
    Ok((ask.from, file))
}

/// The bytes of an object, as they come.
#[derive(Debug)]
pub(super) struct Body {
    /// Where in the object they begin.
    pub(super) from: u64,
    /// The object's strong validator.
    pub(super) tag: Option<String>,
    /// How many more may come.
    rest: u64,
    most: u64,
    watch: Stopwatch,
    bytes: From,
}

#[derive(Debug)]
enum From {
    Server(Box<reqwest::Response>),
    File(File),
}

impl Body {
    /// The next bytes; none at the end. Never more in all than the object has or may have.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        let pace = self.watch.pace();
        let chunk = match &mut self.bytes {
            From::Server(answer) => {
                let came = tokio::time::timeout(pace.silence, answer.chunk()).await;
                came.map_err(|_| silent(pace))?.map_err(|error| Fault::of_http(&error))?
            }
            From::File(file) => {
                let mut piece = Vec::with_capacity(PIECE);
                let read = file.take(PIECE as u64).read_to_end(&mut piece);
                read.map_err(|error| Fault::of_file(&error))?;
                (!piece.is_empty()).then(|| Bytes::from(piece))
            }
        };
        let Some(chunk) = chunk else { return Ok(None) };
        self.rest = self.rest.checked_sub(chunk.len() as u64).ok_or_else(|| reply::too_long(self.most))?;
        self.watch.moved(chunk.len())?;
        Ok(Some(chunk))
    }
}

/// What waits for the network.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        let problem = Problem::new("cannot wait for the network").note(error.to_string());
        Failure::new(Class::Environment, problem)
    })
}
