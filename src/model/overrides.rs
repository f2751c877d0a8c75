// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The marks that a run leaves when somebody makes it do what it would refuse by itself.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A flag that overrides a rule. Each new one is a variant here, and so stands in every record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// `--leave-out GLOB`: the tarball lacks what the manifest takes, and is partial.
    LeaveOut,
    /// `--assemble-past-end-of-life`: the line is over.
    AssemblePastEndOfLife,
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeaveOut => "--leave-out",
            Self::AssemblePastEndOfLife => "--assemble-past-end-of-life",
        })
    }
}

/// One flag that was used, with all its values. It goes into the release's description and into the
/// parameters of its provenance, where a policy can refuse it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Override {
    /// Which flag.
    pub flag: Flag,
    /// Its values in the order given; none for a switch.
    pub values: Vec<String>,
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.flag)?;
        for (nth, value) in self.values.iter().enumerate() {
            write!(f, "{}{value}", if nth == 0 { " " } else { ", " })?;
        }
        Ok(())
    }
}
