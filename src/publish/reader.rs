// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A repository as its readers see it: over the web, in a folder, or the store itself.

use std::io::Read as _;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT_ENCODING, HeaderValue};
use sha2::Digest as _;

use crate::model::{Class, Failure, Problem, Sha256};
use crate::repository::layout;
use crate::store::{Extent, Settings, Store};

const TO_CONNECT: Duration = Duration::from_secs(15);
/// A server that sends nothing for this long is not waited for.
const SILENT: Duration = Duration::from_secs(60);
const TRIES: u32 = 3;
const PIECE: usize = 1 << 18;

/// Where readers find a repository.
#[derive(Debug)]
pub struct Reader {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Store(Store),
    Web { base: String, client: Client },
}

impl Reader {
    /// The readers' side of an address: `https://`, `http://`, `file://`, or a store's own.
    ///
    /// # Errors
    /// It is none of these.
    pub fn open(at: &str, settings: &Settings) -> Result<Self, Failure> {
        if !at.starts_with("http://") && !at.starts_with("https://") {
            return Ok(Self { kind: Kind::Store(Store::open(at, settings)?) });
        }
        let wrong = |why: String| {
            let problem = Problem::new(format!("`{at}` is not a public address")).note(why);
            Failure::new(
                Class::Usage,
                problem.help("expected an address such as https://dist.example.org/lustre"),
            )
        };
        let url = url::Url::parse(at).map_err(|error| wrong(error.to_string()))?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(wrong("it has more than a host and a path".to_owned()));
        }
        let client = Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(TO_CONNECT)
            .timeout(None)
            .redirect(reqwest::redirect::Policy::limited(5))
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { kind: Kind::Web { base, client } })
    }

    /// The store itself.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        Self { kind: Kind::Store(store.clone()) }
    }

    /// Its address, for people.
    #[must_use]
    pub fn at(&self) -> String {
        match &self.kind {
            Kind::Store(store) => store.at(),
            Kind::Web { base, .. } => base.clone(),
        }
    }

    /// Reads an object through and measures it; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn measure(&self, path: &str, moved: &(dyn Fn(u64) + Sync)) -> Result<Option<Extent>, Failure> {
        match &self.kind {
            Kind::Store(store) => store.measure(path, moved),
            Kind::Web { base, client } => patiently(base, client, path, |answer| measured(answer, moved)),
        }
    }

    /// Reads an object of at most `most` bytes; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read, or is larger.
    pub fn read(&self, path: &str, most: u64) -> Result<Option<Vec<u8>>, Failure> {
        match &self.kind {
            Kind::Store(store) => Ok(store.read(path, most)?.map(|(bytes, _)| bytes)),
            Kind::Web { base, client } => patiently(base, client, path, |answer| {
                let mut bytes = Vec::new();
                answer.take(most + 1).read_to_end(&mut bytes)?;
                let is_larger = bytes.len() as u64 > most;
                if is_larger {
                    Err(std::io::Error::other(format!("more than {most} bytes")))
                } else {
                    Ok(bytes)
                }
            }),
        }
    }
}

/// Asks for an object, and once more where the server or the network fails.
fn patiently<T>(
    base: &str,
    client: &Client,
    path: &str,
    take: impl Fn(Response) -> std::io::Result<T>,
) -> Result<Option<T>, Failure> {
    let url = format!("{base}/{}", layout::escaped(path));
    let mut last = String::new();
    for nth in 0..TRIES {
        if nth > 0 {
            std::thread::sleep(Duration::from_millis(300 << nth));
        }
        match get(client, &url).map(|answer| answer.map(&take).transpose()) {
            Ok(Ok(taken)) => return Ok(taken),
            Ok(Err(error)) => last = error.to_string(),
            Err(why) => last = why,
        }
    }
    let problem = Problem::new(format!("cannot read `{url}`")).note(last);
    let problem = problem.help("run again when the server answers: what was done stays done");
    Err(Failure::new(Class::Source, problem))
}

fn get(client: &Client, url: &str) -> Result<Option<Response>, String> {
    let request = client.get(url).timeout(SILENT * 60);
    let answer = request
        .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
        .send()
        .map_err(|error| innermost(&error))?;
    match answer.status() {
        StatusCode::OK => Ok(Some(answer)),
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
        status => Err(format!("the server says {status}")),
    }
}

fn measured(mut answer: Response, moved: &dyn Fn(u64)) -> std::io::Result<Extent> {
    let (mut length, mut hasher) = (0, sha2::Sha256::new());
    let mut piece = vec![0; PIECE];
    loop {
        match answer.read(&mut piece)? {
            0 => return Ok(Extent { length, sha256: Sha256(hasher.finalize().into()) }),
            count => {
                hasher.update(&piece[..count]);
                length += count as u64;
                moved(count as u64);
            }
        }
    }
}

/// The last cause of an error: the others only say that there is one.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}
