// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist check`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Done;
use super::args::{self, usage};
use super::screen::Screen;
use crate::lock::{Inputs, patch_problem};
use crate::manifest::Manifest;
use crate::model::{Class, Failure, Problem, SourceText};
use crate::{patch, plan};

/// Check manifests, with the patches and templates that they name, and report every problem
///
/// Reads no source and touches no network. Without an argument it checks manifests/*.toml.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The manifests
    manifests: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let paths = if args.manifests.is_empty() { default_manifests("check")? } else { args.manifests.clone() };
    let mut problems = Vec::new();
    let mut checked = Vec::new();
    for path in &paths {
        match check(path) {
            Ok(manifest) => {
                checked.push(serde_json::json!({
                    "manifest": path.display().to_string(), "ok": true,
                    "name": manifest.release.name.as_str(), "version": manifest.release.version.to_string(),
                }));
                if !args.json {
                    let release = &manifest.release;
                    screen.answer(format_args!(
                        "{}: {} {}, ok\n",
                        path.display(),
                        release.name,
                        release.version
                    ));
                }
            }
            Err(failure) => {
                checked.push(
                    serde_json::json!({ "manifest": path.display().to_string(), "ok": false, "problems": failure.problems.len() }),
                );
                problems.extend(failure.problems);
            }
        }
    }
    if args.json {
        screen.json(&checked);
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure { class: Class::Manifest, problems }) }
}

fn check(path: &Path) -> Result<Manifest, Failure> {
    let manifest = args::read_manifest(path)?;
    let inputs = Inputs::read(&manifest)?;
    let mut problems = Vec::new();
    for entry in manifest.layers.iter().flat_map(|layer| &layer.patches) {
        for (name, strip) in inputs.patches(entry) {
            let bytes = inputs.file(name);
            if let Err(found) = patch::parse_stripping(name, bytes, strip) {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let text = Arc::new(SourceText { name: name.to_owned(), text });
                problems.extend(found.iter().map(|fault| patch_problem(fault, &text)));
            }
        }
    }
    for template in &manifest.templates {
        problems.extend(plan::check_template(&template.file.value, inputs.file(&template.file.value)));
    }
    if problems.is_empty() { Ok(manifest) } else { Err(Failure::manifest(problems)) }
}

/// The manifests in the current folder's `manifests/`; the command is for the help.
pub(super) fn default_manifests(command: &str) -> Result<Vec<PathBuf>, Failure> {
    let folder = Path::new("manifests");
    let entries = std::fs::read_dir(folder).map_err(|error| {
        usage(
            Problem::new("there is no folder `manifests` here")
                .note(error.to_string())
                .help(format!("name the manifests: `lustre-dist {command} FILE...`")),
        )
    })?;
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(usage(
            Problem::new("there is no manifest in `manifests`")
                .help(format!("name the manifests: `lustre-dist {command} FILE...`")),
        ));
    }
    Ok(paths)
}
