// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a reader is asked for, and who hears what it does.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{Address, Pace, Pin, States};

/// Whether servers may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// They may.
    Allowed,
    /// What an earlier run trusted and kept must do.
    Offline,
}

/// Which repository, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The repository and its mirrors, in the order in which they are asked. None needs to be trusted.
    pub addresses: Vec<Address>,
    /// What trust begins with.
    pub pin: Pin,
    /// What earlier runs trusted.
    pub states: States,
    /// The cache's folder.
    pub cache: PathBuf,
    /// The time of the run, which metadata is held against.
    pub now: Timestamp,
    /// How slow a server may be.
    pub pace: Pace,
    /// Whether servers may be asked.
    pub network: Network,
}

/// Hears what a reader does.
pub trait Watch: Sync {
    /// An address did not give `what`, and the next one is asked.
    fn passed_over(&self, address: &Address, what: &str, why: &str);
    /// Another run is fetching the file, and is waited for.
    fn waits(&self, file: &str);
    /// A file is being fetched, of which `have` bytes are there.
    fn begins(&self, file: &str, length: Option<u64>, have: u64);
    /// More bytes of it came.
    fn moved(&self, bytes: u64);
    /// It is there.
    fn ends(&self, file: &str);
}
