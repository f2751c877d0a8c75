// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Quilt series files: one patch a line, in the order of application.

use std::collections::HashMap;

use super::error::{Cause, PatchProblem};
use super::path::strip;
use super::quote::show_path;

/// A patch that a series lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesEntry {
    /// The patch file, relative to the series file.
    pub file: String,
    /// How many leading components to take off the paths in it: 1 unless the series says `-pN`.
    pub strip: usize,
    /// Where the entry stands in the series, from 1.
    pub line: usize,
}

/// Reads a quilt series: a patch file and options on each line, `#` for comments. `name` is for the
/// problems, of which all are returned.
pub fn parse_series(name: &str, bytes: &[u8]) -> Result<Vec<SeriesEntry>, Vec<PatchProblem>> {
    let mut entries: Vec<SeriesEntry> = Vec::new();
    let mut problems = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (index, text) in bytes.split(|&b| b == b'\n').enumerate() {
        let line = index + 1;
        let problem = |cause: Cause| PatchProblem::new(name, cause).at(line);
        let Ok(text) = std::str::from_utf8(text) else {
            problems.push(problem(Cause::Malformed(format!("{} is not UTF-8", show_path(text)))));
            continue;
        };
        match entry(text, line) {
            Ok(None) => {}
            Ok(Some(entry)) => match seen.insert(entry.file.clone(), line) {
                Some(earlier) => {
                    let what = format!("{} is listed twice, on line {earlier} and here", entry.file);
                    problems.push(problem(Cause::Malformed(what)));
                }
                None => entries.push(entry),
            },
            Err(cause) => {
                let reversed = matches!(cause, Cause::Refused(_));
                let found = problem(cause);
                problems.push(if reversed {
                    found.help("Keep the patch in the direction in which it applies.")
                } else {
                    found
                });
            }
        }
    }
    if entries.is_empty() && problems.is_empty() {
        problems.push(PatchProblem::new(name, Cause::Malformed("the series lists no patch".to_owned())));
    }
    if problems.is_empty() { Ok(entries) } else { Err(problems) }
}

fn entry(text: &str, line: usize) -> Result<Option<SeriesEntry>, Cause> {
    // A comment starts the line or follows white space, as in quilt; a name may hold a #.
    let mut words = text.split_ascii_whitespace().take_while(|word| !word.starts_with('#'));
    let Some(file) = words.next() else {
        return Ok(None);
    };
    let path = strip(file.as_bytes(), 0).map_err(Cause::UnsafePath)?;
    debug_assert_eq!(path, file.as_bytes());
    let mut level = 1;
    for option in words {
        level = match option.strip_prefix("-p").map(str::parse::<u8>) {
            Some(Ok(level)) => usize::from(level),
            _ if option == "-R" => {
                let what = "-R, a patch to apply in reverse, is not supported";
                return Err(Cause::Refused(what.to_owned()));
            }
            _ => {
                return Err(Cause::Malformed(format!("{option} is no option of a series; -pN is")));
            }
        };
    }
    Ok(Some(SeriesEntry { file: file.to_owned(), strip: level, line }))
}
