// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The directories aside that are being filled: what a signal that ends the process has to clean up.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::Failure;

/// The list of them, and whether it may grow.
pub struct UnderWay {
    made: Vec<Made>,
    /// The process ends: nothing new is made, and nothing is published any more.
    ending: bool,
}

/// A directory aside.
pub struct Made {
    path: PathBuf,
    /// The folders above it that were not there, the innermost first.
    pub folders: Vec<PathBuf>,
}

impl Made {
    /// Removes it, and the folders above it that were made for it.
    pub fn remove(&self) {
        // Other threads may still create files in it.
        for _ in 0..8 {
            if std::fs::remove_dir_all(&self.path).is_ok() || !self.path.exists() {
                break;
            }
        }
        remove_folders(&self.folders);
    }
}

impl UnderWay {
    /// Takes a directory off the list: it has its name, or it is removed by who asks.
    pub fn forget(&mut self, path: &Path) -> Option<Made> {
        let nth = self.made.iter().position(|made| made.path == path)?;
        Some(self.made.swap_remove(nth))
    }
}

static UNDER_WAY: Mutex<UnderWay> = Mutex::new(UnderWay { made: Vec::new(), ending: false });

fn list() -> MutexGuard<'static, UnderWay> {
    // A poisoned list is still a list of paths.
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every directory that is under way and lets no other begin. For the moment before the
/// process ends.
pub fn remove_all() {
    let mut under_way = list();
    under_way.ending = true;
    for made in std::mem::take(&mut under_way.made) {
        made.remove();
    }
}

/// Whether [`remove_all`] was called: failures from then on come of what it removed.
#[must_use]
pub fn is_ending() -> bool {
    list().ending
}

/// The list, held so that no signal comes between a step and its note.
///
/// # Errors
/// The process is about to end.
pub fn hold() -> Result<MutexGuard<'static, UnderWay>, Failure> {
    let under_way = list();
    if under_way.ending { Err(Failure::interrupted()) } else { Ok(under_way) }
}

/// Takes a directory off the list, whether or not the process ends.
pub fn forget(path: &Path) -> Option<Made> {
    list().forget(path)
}

/// Creates a folder and those above it. Returns the ones that were not there, the innermost first.
pub fn make_folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let missing: Vec<PathBuf> = folder
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .map(Path::to_owned)
        .collect();
    match std::fs::create_dir_all(folder) {
        Ok(()) => Ok(missing),
        Err(error) => {
            remove_folders(&missing);
            Err(error)
        }
    }
}

/// Removes folders, as far as they are empty.
fn remove_folders(folders: &[PathBuf]) {
    for folder in folders {
        if std::fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

/// Makes a directory with a name of its own and notes it down; `None` when `folder` is gone.
///
/// # Errors
/// It cannot be made, or the process is about to end.
pub fn make(folder: &Path, prefix: &str, folders: &[PathBuf]) -> Result<Option<PathBuf>, Failure> {
    // Held over the making: a signal finds it noted down, or none is made.
    let mut under_way = hold().inspect_err(|_| remove_folders(folders))?;
    match tempfile::Builder::new().prefix(prefix).tempdir_in(folder) {
        Ok(made) => {
            let path = made.keep();
            under_way.made.push(Made { path: path.clone(), folders: folders.to_owned() });
            Ok(Some(path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            remove_folders(folders);
            Err(Failure::io("create a folder in", folder, &error))
        }
    }
}
