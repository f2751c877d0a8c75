// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The bytes of a feed: a file, or what an address gives. Small, soon, and from where it was asked for.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use crate::model::{Class, Failure, Problem, SourceText};

/// No feed of kernel.org has ever come near this; most have 20 kB.
const MOST: u64 = 4 << 20;

const TO_CONNECT: Duration = Duration::from_secs(10);
const IN_ALL: Duration = Duration::from_secs(30);

/// How many times a server may send us elsewhere.
const REDIRECTS: usize = 5;

/// Whether the text is an address and not a path.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.contains("://")
}

/// Whether reading it takes the network.
#[must_use]
pub fn is_remote(text: &str) -> bool {
    is_address(text) && !text.starts_with("file://")
}

/// Reads a feed from a file, or from an address: `https`, `http` or `file`.
///
/// # Errors
/// It cannot be reached or read, is larger than 4 MiB, or is not text.
pub fn read(place: &str) -> Result<SourceText, Failure> {
    let bytes = match place.split_once("://") {
        None => file(Path::new(place), place)?,
        // An absolute path, with or without the empty host in front of it.
        Some(("file", path)) => file(Path::new(path.strip_prefix("localhost").unwrap_or(path)), place)?,
        Some(("http" | "https", _)) => web(place)?,
        Some((scheme, _)) => {
            return Err(Failure::new(
                Class::Usage,
                Problem::new(format!("cannot read a feed over `{scheme}`"))
                    .help("give a file, or an address that begins with `https://`, `http://` or `file://`"),
            ));
        }
    };
    let name = without_password(place);
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceText { name, text }),
        Err(error) => Err(Problem::new(format!("the feed `{name}` is not text"))
            .note(format!("its byte {} is not UTF-8", error.utf8_error().valid_up_to() + 1))
            .into_source()),
    }
}

fn file(path: &Path, place: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: &std::io::Error| {
        Problem::new(format!("cannot read the feed `{place}`"))
            .note(error.to_string())
            .help("give a file in the format of https://www.kernel.org/releases.json, an address, or `repository`")
            .into_source()
    };
    let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if metadata.len() > MOST {
        return Err(too_large(place, Some(metadata.len())));
    }
    limited(file, place).map_err(|error| unreadable(&error))?
}

fn web(place: &str) -> Result<Vec<u8>, Failure> {
    let refused = |error: &dyn std::error::Error| {
        let mut problem = Problem::new(format!("cannot fetch the feed `{}`", without_password(place)));
        let mut cause = Some(error);
        while let Some(error) = cause {
            let said = error.to_string();
            // reqwest says the address in its first line, with whatever secret it has.
            if !said.contains("for url (") {
                problem = problem.note(said);
            }
            cause = error.source();
        }
        problem.help("what was held is kept; give a file instead, or try again later").into_source()
    };
    let secure = place.starts_with("https://");
    let policy = reqwest::redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > REDIRECTS {
            attempt.error(format!("it redirects more than {REDIRECTS} times"))
        } else if (attempt.url().scheme() == "https") != secure {
            let scheme = attempt.url().scheme().to_owned();
            attempt.error(format!("it redirects to another scheme, {scheme}"))
        } else {
            attempt.follow()
        }
    });
    let client = reqwest::blocking::Client::builder()
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(TO_CONNECT)
        .timeout(IN_ALL)
        .redirect(policy)
        .build()
        .map_err(|error| refused(&error))?;
    let answer = client.get(place).send().map_err(|error| refused(&error))?;
    if !answer.status().is_success() {
        return Err(Problem::new(format!("cannot fetch the feed `{}`", without_password(place)))
            .note(format!("the server says {}", answer.status()))
            .help("what was held is kept; look at the address in a browser")
            .into_source());
    }
    if let Some(length) = answer.content_length().filter(|length| *length > MOST) {
        return Err(too_large(place, Some(length)));
    }
    limited(answer, place).map_err(|error| refused(&error))?
}

/// Reads no more than a feed can have.
fn limited(from: impl Read, place: &str) -> std::io::Result<Result<Vec<u8>, Failure>> {
    let mut bytes = Vec::new();
    from.take(MOST + 1).read_to_end(&mut bytes)?;
    Ok(if bytes.len() as u64 > MOST { Err(too_large(place, None)) } else { Ok(bytes) })
}

fn too_large(place: &str, length: Option<u64>) -> Failure {
    let problem = Problem::new(format!("the feed `{}` is too large", without_password(place)));
    let problem = match length {
        Some(length) => problem.note(format!("it has {length} bytes, and no feed has more than {MOST}")),
        None => problem.note(format!("it has more than {MOST} bytes, and no feed has")),
    };
    problem
        .help("expected the format of https://www.kernel.org/releases.json; what was held is kept")
        .into_source()
}

/// An address without the password in it, as it is shown and held.
fn without_password(place: &str) -> String {
    crate::source::without_password(place)
}
