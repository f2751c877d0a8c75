// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A repository as its readers see it: over the web, in a folder, or the store itself.

use std::path::Path;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use sha2::Digest as _;
use tokio::runtime::Runtime;

use crate::model::{Class, Failure, Problem, Sha256};
use crate::repository::layout;
use crate::store::{Extent, Settings, Store};

const TO_CONNECT: Duration = Duration::from_secs(15);
/// A server that sends nothing for this long is not waited for.
const SILENT: Duration = Duration::from_secs(60);
const TRIES: u32 = 3;

/// Where readers find a repository.
#[derive(Debug)]
pub struct Reader {
    kind: Kind,
}

#[derive(Debug)]
struct Web {
    base: String,
    client: Client,
    runtime: Runtime,
}

#[derive(Debug)]
enum Kind {
    Store(Store),
    Web(Web),
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
            .read_timeout(SILENT)
            .redirect(reqwest::redirect::Policy::limited(5))
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::io("connect to", Path::new(at), &error))?;
        Ok(Self { kind: Kind::Web(Web { base, client, runtime }) })
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
            Kind::Web(web) => web.base.clone(),
        }
    }

    /// Reads an object through and measures it; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn measure(&self, path: &str, moved: &(dyn Fn(u64) + Sync)) -> Result<Option<Extent>, Failure> {
        match &self.kind {
            Kind::Store(store) => store.measure(path, moved),
            Kind::Web(web) => web.patiently(path, || {
                let (mut length, mut hasher) = (0, sha2::Sha256::new());
                let extent = web.through(path, |piece| {
                    hasher.update(piece);
                    length += piece.len() as u64;
                    moved(piece.len() as u64);
                    Ok(())
                })?;
                Ok(extent.map(|()| Extent { length, sha256: Sha256(hasher.finalize().into()) }))
            }),
        }
    }

    /// Reads an object of at most `most` bytes; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read, or is larger.
    pub fn read(&self, path: &str, most: u64) -> Result<Option<Vec<u8>>, Failure> {
        match &self.kind {
            Kind::Store(store) => Ok(store.read(path, most)?.map(|(bytes, _)| bytes)),
            Kind::Web(web) => web.patiently(path, || {
                let mut bytes = Vec::new();
                let there = web.through(path, |piece| {
                    bytes.extend_from_slice(piece);
                    if bytes.len() as u64 > most { Err(format!("more than {most} bytes")) } else { Ok(()) }
                })?;
                Ok(there.map(|()| bytes))
            }),
        }
    }
}

impl Web {
    fn url(&self, path: &str) -> String {
        format!("{}/{}", self.base, layout::escaped(path))
    }

    /// Tries once more where the server or the network fails.
    fn patiently<T>(
        &self,
        path: &str,
        attempt: impl Fn() -> Result<Option<T>, String>,
    ) -> Result<Option<T>, Failure> {
        let mut last = String::new();
        for nth in 0..TRIES {
            if nth > 0 {
                std::thread::sleep(Duration::from_millis(300 << nth));
            }
            match attempt() {
                Ok(taken) => return Ok(taken),
                Err(why) => last = why,
            }
        }
        let problem = Problem::new(format!("cannot read `{}`", self.url(path))).note(last);
        let problem = problem.help("run again when the server answers: what was done stays done");
        Err(Failure::new(Class::Source, problem))
    }

    /// Asks for an object and takes it piece by piece, however long it takes; but not from a server that falls
    /// silent.
    fn through(
        &self,
        path: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<Option<()>, String> {
        self.runtime.block_on(async {
            let Some(mut answer) = self.get(&self.url(path)).await? else { return Ok(None) };
            while let Some(piece) = answer.chunk().await.map_err(|error| innermost(&error))? {
                take(&piece)?;
            }
            Ok(Some(()))
        })
    }

    async fn get(&self, url: &str) -> Result<Option<Response>, String> {
        let request =
            self.client.get(url).header(ACCEPT_ENCODING, HeaderValue::from_static("identity")).send();
        // What is read of the body has its own limit of silence.
        let answer = tokio::time::timeout(SILENT, request)
            .await
            .map_err(|_| format!("the server was silent for {} s", SILENT.as_secs()))?
            .map_err(|error| innermost(&error))?;
        match answer.status() {
            StatusCode::OK => Ok(Some(answer)),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            status => Err(format!("the server says {status}")),
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
