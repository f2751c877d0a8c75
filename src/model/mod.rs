// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The words of the tool as types. Nothing here does I/O, reads a clock or the environment, or
//! prints.

pub mod date;
pub mod digest;
pub mod failure;
pub mod license;
pub mod moniker;
pub mod name;
pub mod overrides;
pub mod path;
pub mod problem;
pub mod version;

pub use date::SourceDate;
pub use digest::{BlobId, CommitId, NotHex, Sha1, Sha256, TagId, TreeId};
pub use failure::{Class, Failure};
pub use license::Expression;
pub use moniker::Moniker;
pub use name::{LayerName, ReleaseName, SourceName};
pub use overrides::{Flag, Override};
pub use path::{PathFault, PathGlob, TarPath};
pub use problem::{Place, Problem, SourceText};
