// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! How much a tarball may ask of its reader. A few kilobytes can decode to petabytes, so every size
//! is bounded before anything is believed.

/// The most that is read. What goes beyond is a fault that ends the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the uncompressed tar.
    pub tar: u64,
    /// Members below the top directory, and the top directory itself.
    pub members: usize,
    /// Components of a path, the top directory included.
    pub depth: usize,
    /// Bytes of one path, and of one link's target.
    pub path: usize,
    /// Bytes of all paths and targets together, which stay in memory until the end; a path that folds to
    /// another one where case or Unicode form do not count, with that one too.
    pub names: usize,
    /// How many times larger than its file the tar may be, once it is larger than
    /// [`Limits::ratio_from`].
    pub ratio: u64,
    /// The size of the tar from which the ratio counts: a small release is mostly zeros, which compress
    /// without end.
    pub ratio_from: u64,
    /// Bytes of memory of a decoder: the zstd window, the xz dictionary.
    pub memory: u64,
    /// Faults that are listed before the reading is given up.
    pub faults: usize,
}

impl Default for Limits {
    /// Room for a whole kernel tree, five times over.
    fn default() -> Self {
        Self {
            tar: 8 << 30,
            members: 1_000_000,
            depth: 128,
            path: 4096,
            names: 128 << 20,
            ratio: 200,
            ratio_from: 64 << 20,
            // zstd's widest ordinary window, of level 22, and xz's largest preset with room to spare.
            memory: 128 << 20,
            faults: 1000,
        }
    }
}

impl Limits {
    /// The limits of a tarball whose uncompressed size somebody trusted has stated: a byte more is a
    /// fault, and the ratio does not matter.
    #[must_use]
    pub fn signed(tar: u64) -> Self {
        Self { tar, ratio: u64::MAX, ..Self::default() }
    }
}
