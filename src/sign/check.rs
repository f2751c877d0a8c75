// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every signature that stands in a release's directory, held against keys.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::decode::Decoded;
use super::{Ready, check, circumstances, dsse, files};
use crate::manifest::Format;
use crate::model::{Failure, SourceDate};
use crate::record::Names;
use crate::signature::{self, Checked, Content, Keys, Kind, Refusal, Why};
use crate::source::shown;

/// One signature file and what is said of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CheckedSignature {
    /// The file.
    pub file: String,
    /// What it is over; `None` where no file of the release has that signature.
    pub covers: Option<String>,
    /// The verdicts.
    pub checked: Checked,
}

/// The endings that signatures have.
const ENDINGS: [&str; 4] = [".sign", ".asc", ".sig", ".dsse.json"];

/// Checks every signature file of a release, sorted by name. A release without any has an empty list,
/// and whether that will do is the caller's to say.
///
/// # Errors
/// A file cannot be read.
pub fn check_release(ready: &Ready, keys: &Keys, now: SourceDate) -> Result<Vec<CheckedSignature>, Failure> {
    let directory = ready.directory();
    let mut found = Vec::new();
    let entries = std::fs::read_dir(directory).map_err(|error| Failure::io("read", directory, &error))?;
    let mut present = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Failure::io("read", directory, &error))?;
        present.push(entry.file_name().to_string_lossy().into_owned());
    }
    present.sort();
    for file in present {
        if !ENDINGS.iter().any(|ending| file.ends_with(ending)) || file.starts_with('.') {
            continue;
        }
        let Some(bytes) = files::read_existing(directory, &file)? else { continue };
        let names = ready.names();
        let target = ready.targets().iter().find_map(|target| {
            [Kind::Openpgp, Kind::Ssh]
                .into_iter()
                .find(|kind| names.signature(&target.name, *kind) == file)
                .map(|kind| (target, kind))
        });
        let (covers, checked) = match (target, ready.statement()) {
            (Some((target, kind)), _) if Kind::of(&bytes) == kind => {
                (Some(target.name.clone()), check(target, &bytes, keys, now)?)
            }
            (Some((target, kind)), _) => {
                let text = format!("its name is that of an {kind} signature, and it is none");
                let help = "take the signature from where it was published, unchanged";
                (Some(target.name.clone()), Checked::refused(Refusal::new(Why::WrongType, text, help)))
            }
            (None, Some(statement)) if file == names.envelope() => {
                (Some(names.provenance()), dsse::check(statement, &bytes, keys, circumstances(now)))
            }
            _ => {
                let text = "it is over no file of this release";
                let help = "remove it, or find the file that it belongs to";
                (None, Checked::refused(Refusal::new(Why::Mismatch, text, help)))
            }
        };
        // Anybody may have named it.
        found.push(CheckedSignature { file: shown(&file), covers, checked });
    }
    Ok(found)
}

/// A tarball as it stands, or the tar inside it.
struct Tarball {
    path: PathBuf,
    decode: Option<Format>,
}

impl Content for Tarball {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(Decoded::open(&self.path, self.decode.unwrap_or(Format::Tar))?))
    }
}

/// Checks the signatures that stand beside one tarball: those over the file, and those over the tar
/// inside it. Nothing is known of the rest of its release. A tarball whose name has no ending of a
/// format has no signatures.
///
/// # Errors
/// A signature file cannot be read. A tarball that cannot be decoded has no good signature over its tar.
pub fn check_beside(tarball: &Path, keys: &Keys, now: SourceDate) -> Result<Vec<CheckedSignature>, Failure> {
    let name = tarball.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let directory = tarball.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The longest ending: `.tar.gz` before `.tar`.
    let formats = Format::ALL.into_iter().rev();
    let Some((title, format)) = formats
        .filter_map(|format| Some((name.strip_suffix(&format!(".{}", format.extension()))?, format)))
        .next()
    else {
        return Ok(Vec::new());
    };
    let names = Names::new(title);
    let tar = names.artifact(Format::Tar);
    let mut contents = vec![(tar, Some(format))];
    if format != Format::Tar {
        contents.push((name, None));
    }
    let mut found = Vec::new();
    for (covers, decode) in contents {
        for kind in [Kind::Openpgp, Kind::Ssh] {
            let file = names.signature(&covers, kind);
            let Some(bytes) = files::read_existing(directory, &file)? else { continue };
            let content = Tarball { path: tarball.to_owned(), decode };
            let checked = match signature::check(&content, &bytes, keys, circumstances(now)) {
                Ok(checked) => checked,
                Err(error) => {
                    let text = format!("what it is over cannot be read: {error}");
                    Checked::refused(Refusal::new(Why::Mismatch, text, "get the tarball again"))
                }
            };
            found.push(CheckedSignature { file, covers: Some(covers.clone()), checked });
        }
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(found)
}
