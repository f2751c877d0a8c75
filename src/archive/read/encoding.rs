// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! How a file is encoded, by what it begins with and by its name.

use std::fmt;

use super::fault::{At, Fault, Part};

/// How a tarball is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Tar,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
    /// The .xz format.
    Xz,
}

impl Encoding {
    const ALL: [Self; 4] = [Self::Tar, Self::Gzip, Self::Zstd, Self::Xz];

    /// The file name's ending.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Tar => "tar",
            Self::Gzip => "tar.gz",
            Self::Zstd => "tar.zst",
            Self::Xz => "tar.xz",
        }
    }

    /// The encoding that a file's name says, if it says one.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|encoding| name.strip_suffix(encoding.extension()).is_some_and(|rest| rest.ends_with('.')))
    }

    /// The encoding of a file that begins with these bytes, at least 512 of them where it has so many.
    #[must_use]
    pub fn of_bytes(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ if start.get(257..262) == Some(b"ustar") => Some(Self::Tar),
            _ => None,
        }
    }
}

/// The program's name, for messages.
impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tar => "tar",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
        })
    }
}

/// What a file is taken for.
pub(super) fn of(start: &[u8], name: &str) -> Encoding {
    Encoding::of_bytes(start).or_else(|| Encoding::of_name(name)).unwrap_or(Encoding::Tar)
}

/// Tells a file whose name says another encoding than it has.
pub(super) fn misnamed(encoding: Encoding, name: &str) -> Option<Fault> {
    let said = Encoding::of_name(name).filter(|said| *said != encoding)?;
    let what = format!("the file is {encoding}, and its name says {said}");
    Some(Fault::new(
        At::File(0),
        Part::Encoding,
        what,
        format!("{said}, or a name that ends in `.{}`", encoding.extension()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_their_encoding_by_their_ending() {
        assert_eq!(Encoding::of_name("lustre-2.17.57.tar.zst"), Some(Encoding::Zstd));
        assert_eq!(Encoding::of_name("lustre-2.17.57.tar"), Some(Encoding::Tar));
        assert_eq!(Encoding::of_name("tar"), None);
        assert_eq!(Encoding::of_name("atar.gz"), None);
    }
}
