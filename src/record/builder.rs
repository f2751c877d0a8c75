// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Who runs the tool, as provenance names it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The `builder.id` of SLSA provenance v1: a URI for the machine, service or person that is trusted to
/// have run the build as described. Nothing checks it but the signature on the statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BuilderId(String);

impl BuilderId {
    /// Where nobody said who builds. No policy should trust it.
    pub const UNSPECIFIED: &str = "urn:lustre-dist:builder:unspecified-local-build";

    /// Checks that `text` is an absolute URI by the characters of RFC 3986.
    ///
    /// # Errors
    /// What is wrong with it, for a message.
    pub fn new(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err("expected a URI, such as `https://builds.example.org/lustre`".to_owned());
        };
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        if !is_scheme || rest.is_empty() {
            return Err(
                "expected a scheme, a colon and more, such as `https://builds.example.org`".to_owned()
            );
        }
        match text.chars().find(|&c| !c.is_ascii_graphic() || "\"<>\\^`{|}".contains(c)) {
            Some(c) => Err(format!("a URI cannot hold {c:?}; write it percent-encoded")),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for BuilderId {
    fn default() -> Self {
        Self(Self::UNSPECIFIED.to_owned())
    }
}

impl fmt::Display for BuilderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builders_are_uris() {
        for text in [BuilderId::UNSPECIFIED, "https://builds.example.org/lustre@v1", "mailto:a@example.org"] {
            assert_eq!(BuilderId::new(text).map(|id| id.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "builder", ":x", "https:", "1a:b", "a b:c", "urn:x y", "urn:ü", "urn:<x>"] {
            assert!(BuilderId::new(text).is_err(), "{text}");
        }
    }
}
