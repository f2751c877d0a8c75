// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is known of kernels beside one folder of manifests.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

use super::{Feed, download, held};
use crate::manifest::{self, Kernels, Series};
use crate::model::version::KernelSeries;
use crate::model::{Class, Failure, Moniker, Problem, SourceText};

/// The name of the table of kernel series in a folder of manifests.
pub const TABLE: &str = "kernels.toml";

/// The table for folders that have none.
const CARRIED: &str = include_str!("../../manifests/kernels.toml");

/// Which kernels are believed to be the newest.
#[derive(Debug, Clone)]
pub enum Feeding {
    /// Those of the feed that is held beside the manifests.
    Held,
    /// Those of this feed, whatever is held.
    Given(Arc<Feed>),
    /// Those that the kernel sources have tags of.
    Tags,
}

/// What people say of kernel series, and the newest kernels.
#[derive(Debug)]
pub struct Calendar {
    /// `kernels.toml`, or the one that the tool carries.
    pub kernels: Kernels,
    /// The newest kernels by a feed; none where tags are all there is.
    pub feed: Option<Arc<Feed>>,
}

impl Calendar {
    /// Reads what stands in a folder of manifests.
    ///
    /// # Errors
    /// The table has problems, or the held feed is damaged.
    pub fn load(folder: &Path, feeding: &Feeding) -> Result<Self, Failure> {
        Self::of(folder, &folder.join(TABLE), feeding)
    }

    /// Reads a table that must be there, and what stands beside it.
    ///
    /// # Errors
    /// As for [`Calendar::load`].
    pub fn read(file: &Path, feeding: &Feeding) -> Result<Self, Failure> {
        if let Err(error) = std::fs::metadata(file) {
            return Err(Failure::io("read", file, &error));
        }
        Self::of(file.parent().unwrap_or(Path::new("")), file, feeding)
    }

    fn of(folder: &Path, file: &Path, feeding: &Feeding) -> Result<Self, Failure> {
        let feed = match feeding {
            Feeding::Held => held::load(folder)?.map(Arc::new),
            Feeding::Given(feed) => Some(Arc::clone(feed)),
            Feeding::Tags => None,
        };
        Ok(Self { kernels: table(file)?, feed })
    }

    /// What people say of a series.
    #[must_use]
    pub fn series(&self, series: KernelSeries) -> Option<&Series> {
        self.kernels.series.get(&series)
    }

    /// What kernel.org calls a series: by the feed, else by people.
    #[must_use]
    pub fn moniker(&self, series: KernelSeries) -> Option<Moniker> {
        let feed = self.feed.as_ref().and_then(|feed| feed.series.get(&series));
        feed.and_then(|known| known.moniker).or(self.series(series).map(|series| series.moniker))
    }
}

/// The calendars of several folders, each read once.
#[derive(Debug)]
pub struct Calendars {
    feeding: Feeding,
    read: HashMap<PathBuf, Arc<Calendar>>,
}

impl Calendars {
    /// No folder is read yet.
    #[must_use]
    pub fn new(feeding: Feeding) -> Self {
        Self { feeding, read: HashMap::new() }
    }

    /// The calendar of a folder.
    ///
    /// # Errors
    /// As for [`Calendar::load`].
    pub fn of(&mut self, folder: &Path) -> Result<Arc<Calendar>, Failure> {
        if let Some(calendar) = self.read.get(folder) {
            return Ok(Arc::clone(calendar));
        }
        let calendar = Arc::new(Calendar::load(folder, &self.feeding)?);
        self.read.insert(folder.to_owned(), Arc::clone(&calendar));
        Ok(calendar)
    }
}

fn table(path: &Path) -> Result<Kernels, Failure> {
    let (name, text) = match std::fs::read(path) {
        Ok(bytes) => (path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            ("the kernels.toml that lustre-dist carries".to_owned(), CARRIED.to_owned())
        }
        Err(error) => return Err(Failure::io("read", path, &error)),
    };
    manifest::read_kernels(SourceText { name, text }).map_err(Failure::manifest)
}

/// Reads a feed from a file or an address.
///
/// # Errors
/// As for [`download::read`] and [`Feed::from_json`].
pub fn read_feed(place: &str, today: Date) -> Result<Feed, Failure> {
    let text = download::read(place)?;
    Feed::from_json(text, today).map_err(|mut problems| {
        if let Some(last) = problems.last_mut().filter(|last| last.help.is_none()) {
            *last = std::mem::replace(last, Problem::new(""))
                .help("expected the format of https://www.kernel.org/releases.json; what was held is kept");
        }
        Failure { class: Class::Source, problems }
    })
}
