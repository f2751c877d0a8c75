// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What stands beside the tarballs: the release's description, the table of origins, the bill of
//! materials, the provenance, the checksums. All of it is read off the plan and what was written;
//! nothing is computed twice. What the plan does not know of a file's bytes, [`look`] learns while they
//! are written.

mod builder;
mod facts;
mod identifier;
mod location;
mod names;
mod origins;
mod provenance;
mod release_json;
mod spdx;
mod sums;

pub use builder::BuilderId;
pub use facts::{Facts, look};
pub(crate) use location::source_uri;
pub use names::Names;
pub use origins::{OriginFields, origins, type_mode_target};
pub use provenance::{BUILD_TYPE, builder_of, statement};
pub use release_json::{Artifact, Description, Source, describe};
pub use spdx::Sbom;
pub use sums::{Sums, SumsFault};
