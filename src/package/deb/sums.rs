// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The three digests of every file that a `.dsc` and a `.changes` list.

use std::io::Read;

use crate::model::{Class, Failure, Problem, Sha256};
use crate::package::Tarball;
use crate::release::plain;

/// The digests of one file. Debian's formats ask for all three (Debian Policy 5.6.21 and 5.6.24); nothing
/// here believes the two old ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) md5: String,
    pub(super) sha1: String,
    pub(super) sha256: Sha256,
}

#[derive(Default)]
struct Running {
    md5: md5::Md5,
    sha1: sha1::Sha1,
    sha256: sha2::Sha256,
    size: u64,
}

impl Running {
    fn update(&mut self, bytes: &[u8]) {
        use sha2::Digest as _;
        md5::Digest::update(&mut self.md5, bytes);
        md5::Digest::update(&mut self.sha1, bytes);
        self.sha256.update(bytes);
        self.size += bytes.len() as u64;
    }

    fn end(self, name: &str) -> Sums {
        use sha2::Digest as _;
        Sums {
            name: name.to_owned(),
            size: self.size,
            md5: hex(&md5::Digest::finalize(self.md5)),
            sha1: hex(&md5::Digest::finalize(self.sha1)),
            sha256: Sha256(self.sha256.finalize().into()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digests of bytes.
pub(super) fn of(name: &str, bytes: &[u8]) -> Sums {
    let mut running = Running::default();
    running.update(bytes);
    running.end(name)
}

/// The digests of the release's tarball, under the name that it gets.
///
/// # Errors
/// It cannot be read, or changed since it was read before.
pub(super) fn of_tarball(name: &str, tarball: &Tarball) -> Result<Sums, Failure> {
    let unreadable = |error: std::io::Error| Failure::io("read", &tarball.path, &error);
    let mut file = plain::open(&tarball.path).map_err(unreadable)?;
    let mut running = Running::default();
    let mut chunk = vec![0; 256 << 10];
    loop {
        match file.read(&mut chunk).map_err(unreadable)? {
            0 => break,
            n => running.update(&chunk[..n]),
        }
    }
    let sums = running.end(name);
    if (sums.size, sums.sha256) == (tarball.sum.size, tarball.sum.sha256) {
        return Ok(sums);
    }
    let problem = Problem::new(format!("`{}` changed while it was packaged", tarball.path.display()));
    Err(Failure::new(Class::Verification, problem.help("run again when nothing writes to it")))
}

#[cfg(test)]
mod tests {
    #[test]
    fn digests_are_those_of_the_standards() {
        let sums = super::of("a", b"abc");
        assert_eq!(sums.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(sums.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            sums.sha256.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(sums.size, 3);
    }
}
