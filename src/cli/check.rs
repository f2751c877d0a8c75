// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist check`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Done;
use super::args::{self, usage};
use super::screen::Screen;
use crate::line::TABLE;
use crate::lock::{Inputs, patch_problem};
use crate::manifest::{Manifest, read_kernels};
use crate::model::{Class, Failure, Problem, SourceText};
use crate::{package, patch, plan};

/// Check manifests and kernels.toml, with the patches and templates that they name, and report every problem
///
/// Reads no source and touches no network. Without an argument it checks the folder `manifests`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The manifests, or folders of them
    manifests: Vec<PathBuf>,
    /// Check a folder of templates for packages: what `package --template-dir` takes
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let paths = match (args.manifests.is_empty(), &args.templates) {
        (true, Some(_)) => Vec::new(),
        _ => paths(&args.manifests)?,
    };
    let mut problems = Vec::new();
    let mut checked = Vec::new();
    if let Some(folder) = &args.templates {
        let found = package::check_folder(folder);
        let mut answer =
            serde_json::json!({ "templates": folder.display().to_string(), "ok": found.is_empty() });
        if found.is_empty() {
            if !args.json {
                screen.answer(format_args!("{}: templates, ok\n", folder.display()));
            }
        } else {
            answer["problems"] = found.len().into();
        }
        checked.push(answer);
        problems.extend(found);
    }
    for path in &paths {
        if path.file_name().is_some_and(|name| name == TABLE) {
            match check_kernels(path) {
                Ok(series) => {
                    checked.push(serde_json::json!({
                        "kernels": path.display().to_string(), "ok": true, "series": series,
                    }));
                    if !args.json {
                        screen.answer(format_args!("{}: {series} kernel series, ok\n", path.display()));
                    }
                }
                Err(failure) => {
                    checked.push(serde_json::json!({
                        "kernels": path.display().to_string(), "ok": false,
                        "problems": failure.problems.len(),
                    }));
                    problems.extend(failure.problems);
                }
            }
            continue;
        }
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

/// The table of kernel series, which stands among the manifests.
fn check_kernels(path: &Path) -> Result<usize, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::io("read", path, &error))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let kernels =
        read_kernels(SourceText { name: path.display().to_string(), text }).map_err(Failure::manifest)?;
    Ok(kernels.series.len())
}

/// The files that are named, with those of the folders among them; of `manifests/` where none is.
fn paths(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if named.is_empty() && !Path::new("manifests").is_dir() {
        return Err(usage(
            Problem::new("there is no folder `manifests` here")
                .help("name the manifests: `lustre-dist check FILE...`"),
        ));
    }
    let usual = [PathBuf::from("manifests")];
    let mut paths = Vec::new();
    for path in if named.is_empty() { &usual } else { named } {
        if !path.is_dir() {
            paths.push(path.clone());
            continue;
        }
        let mut found = args::manifest_paths(path)?;
        found.extend(Some(path.join(TABLE)).filter(|table| table.exists()));
        if found.is_empty() {
            return Err(usage(
                Problem::new(format!("there is no manifest in `{}`", path.display()))
                    .help("name the manifests: `lustre-dist check FILE...`"),
            ));
        }
        paths.extend(found);
    }
    Ok(paths)
}
