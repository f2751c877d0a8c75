// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What stands beside the tarballs: the release's description, the table of origins, the checksums.
//! All of it is read off the plan and what was written; nothing is computed twice.

mod names;
mod origins;
mod release_json;
mod sums;

pub use names::Names;
pub use origins::{OriginFields, origins, type_mode_target};
pub use release_json::{Artifact, Description, Source, describe};
pub use sums::{Sums, SumsFault};
