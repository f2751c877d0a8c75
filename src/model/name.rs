// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Names that a manifest gives to its parts.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// What every name is made of: it stands in file names, TOML keys and command lines.
fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '+'))
}

/// The rule for names, for messages.
pub const NAME_RULE: &str =
    "a name has 1 to 64 characters of `a-z`, `0-9`, `-`, `.` and `+`, and starts with a letter or digit";

// Every entry of a plan has the names of its source and layer, so that copies share the text.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the characters; see [`NAME_RULE`].
            #[must_use]
            pub fn new(text: &str) -> Option<Self> {
                is_name(text).then(|| Self(Arc::from(text)))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// The name of what is released: `lustre`. With the version it names every file.
    ReleaseName
);
name!(
    /// The name of a source: `linux`, `lustre`.
    SourceName
);
name!(
    /// The name of a layer: `upstream`, `compat`, `userspace`, `extras`.
    LayerName
);
