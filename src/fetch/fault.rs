// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Why one address did not give what was asked for.

use std::fmt;

/// What kind of fault it is, as far as what to do next depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is no such object: 404 and 410, or no such file.
    Missing,
    /// The server does not let us read it: 403. S3 says so too of an object that is not there, to
    /// readers who may not list.
    Forbidden,
    /// It may go away: a broken connection, 429, or a fault of the server's.
    Passing,
    /// The server is too slow to go on with.
    Slow,
    /// The server gives what it must not; asking again is of no use.
    Refused,
    /// The bytes are not the ones that are vouched for.
    Wrong,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    /// A sentence without a full stop, about "it", the server.
    pub(super) why: String,
}

impl Fault {
    pub(super) fn new(kind: Kind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into() }
    }

    pub(super) fn slow(why: impl Into<String>) -> Self {
        Self::new(Kind::Slow, why)
    }

    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::new(Kind::Refused, why)
    }

    pub(super) fn passing(why: impl Into<String>) -> Self {
        Self::new(Kind::Passing, why)
    }

    /// An error of the HTTP library: its causes from the outside in, without the address that we say
    /// ourselves and that may have a password in it.
    pub(super) fn of_http(error: &reqwest::Error) -> Self {
        let mut said: Vec<String> = Vec::new();
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        while let Some(error) = cause {
            let text = error.to_string();
            let repeats = said.last().is_some_and(|last| last.ends_with(&text));
            if !text.contains("for url (") && !repeats {
                said.push(text);
            }
            cause = error.source();
        }
        let why = if said.is_empty() { "the request failed".to_owned() } else { said.join(": ") };
        if error.is_redirect() { Self::refused(why) } else { Self::passing(why) }
    }

    /// An error of a file.
    pub(super) fn of_file(error: &std::io::Error) -> Self {
        let kind = if error.kind() == std::io::ErrorKind::NotFound { Kind::Missing } else { Kind::Refused };
        Self::new(kind, error.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Fault {}
