// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Templates (MiniJinja) rendered from the release's own data; a name that is not there is an
//! error.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::overlay::{Entries, words};
use super::{Content, Entry, Node, Origin};
use crate::lock::{Lock, Locked};
use crate::manifest::{Carries, Manifest, Template};
use crate::model::version::ReleaseVersion;
use crate::model::{Problem, SourceText};

/// How many steps a template may take.
const FUEL: u64 = 1_000_000;

/// Everything that a template can name.
#[derive(Debug, Serialize)]
struct Context<'a> {
    release: Release<'a>,
    line: Option<Line<'a>>,
    sources: BTreeMap<&'a str, Source<'a>>,
    layers: Vec<Layer<'a>>,
}

#[derive(Debug, Serialize)]
struct Release<'a> {
    name: &'a str,
    version: &'a str,
    base: String,
    version_file: String,
    debian: String,
    rpm: String,
    license: &'a str,
    respin: Option<u32>,
    kernel: Option<String>,
    date: String,
    development: bool,
    partial: bool,
    buildable: bool,
    note: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    id: &'a str,
    kernel: Option<String>,
    supports: Option<String>,
    kernel_min: Option<String>,
    kernel_max: Option<String>,
}

#[derive(Debug, Serialize)]
struct Source<'a> {
    wanted: &'a str,
    r#ref: Option<&'a str>,
    tag: Option<String>,
    commit: String,
    tree: String,
    date: String,
}

#[derive(Debug, Serialize)]
struct Layer<'a> {
    name: &'a str,
    source: &'a str,
    files: usize,
    patches: Vec<Patch<'a>>,
}

#[derive(Debug, Serialize)]
struct Patch<'a> {
    file: &'a str,
    upstream: Option<&'a str>,
    reason: Option<&'a str>,
}

/// Renders every template of the manifest and puts it among the entries.
pub(super) fn templates(
    locked: &Locked,
    entries: &mut Entries,
    left_out: &[String],
    problems: &mut Vec<Problem>,
) {
    if locked.manifest.templates.is_empty() {
        return;
    }
    let files_of = |layer: &str| entries.iter().filter(|entry| is_of(entry, layer)).count();
    let context = match context(&locked.manifest, &locked.lock, &files_of, !left_out.is_empty()) {
        Ok(context) => context,
        Err(problem) => {
            problems.push(problem);
            return;
        }
    };
    for template in &locked.manifest.templates {
        let path = template.to.value.clone();
        if let Some(there) = entries.get(path.as_str()) {
            problems.push(
                locked
                    .manifest
                    .problem(format!("two files land on `{path}`"), &template.to.span, "rendered here")
                    .note(format!("the other is {}", words(&there.origin)))
                    .help("exclude that one, or render elsewhere"),
            );
            continue;
        }
        match render(template, locked.inputs.file(&template.file.value), &context) {
            Ok(text) => {
                let content = Content::Bytes(Arc::from(text.into_bytes()));
                let node = Node::File { executable: template.executable, content };
                let origin = Origin::Template { file: template.file.value.clone() };
                entries.insert(Entry { path, node, origin });
            }
            Err(problem) => problems.push(problem),
        }
    }
}

/// Whether a template is well formed, without rendering it.
#[must_use]
pub fn check_template(name: &str, bytes: &[u8]) -> Option<Problem> {
    let text = match text_of(name, bytes) {
        Ok(text) => text,
        Err(problem) => return Some(problem),
    };
    environment().template_from_named_str(name, text).err().map(|error| fault(name, text, &error))
}

fn text_of<'b>(name: &str, bytes: &'b [u8]) -> Result<&'b str, Problem> {
    std::str::from_utf8(bytes).map_err(|_| Problem::new(format!("the template `{name}` is not UTF-8")))
}

/// Renders one template as [`make`](super::make) does, for whoever checks what it made. `files_of`
/// says how many files and links of the tarball a layer has; `partial` whether `--leave-out` dropped
/// any.
///
/// # Errors
/// The template is at fault, or the lock's version.
pub fn render_template(
    manifest: &Manifest,
    lock: &Lock,
    template: &Template,
    bytes: &[u8],
    files_of: &dyn Fn(&str) -> usize,
    partial: bool,
) -> Result<String, Problem> {
    render(template, bytes, &context(manifest, lock, files_of, partial)?)
}

fn render(template: &Template, bytes: &[u8], context: &Context<'_>) -> Result<String, Problem> {
    let name = &template.file.value;
    let text = text_of(name, bytes)?;
    environment()
        .template_from_named_str(name, text)
        .and_then(|template| template.render(Serde(context)))
        .map_err(|error| fault(name, text, &error))
}

/// Every name of a well-formed template that no value has, each as a problem: `lin`, and `release.nam`
/// where `sample`, the values of a release that has everything, has no such field. Both sides of every
/// condition are looked at. Of the names `beside` the sample no field is known. What a loop runs over is seen when the sample is rendered.
#[must_use]
pub fn check_names(name: &str, bytes: &[u8], sample: &serde_json::Value, help: &str) -> Vec<Problem> {
    let Ok(text) = text_of(name, bytes) else { return Vec::new() };
    let environment = environment();
    let Ok(template) = environment.template_from_named_str(name, text) else { return Vec::new() };
    let built_in: Vec<&str> = environment.globals().map(|(name, _)| name).collect();
    let mut unknown: Vec<(usize, String, String)> = template
        .undeclared_variables(true)
        .into_iter()
        .filter(|path| !built_in.contains(&path.split('.').next().unwrap_or(path)))
        .filter_map(|path| {
            let why = missing(sample, &path)?;
            Some((place(text, &path), path, why))
        })
        .collect();
    unknown.sort();
    let source = Arc::new(SourceText { name: name.to_owned(), text: text.to_owned() });
    let title = format!("the template `{name}` names something that is not there");
    unknown
        .into_iter()
        .map(|(at, path, why)| {
            // As it stands there: blanks may be around its dots.
            let length = if text[at..].starts_with(&path) { path.len() } else { 0 };
            // Of a name that is there, the label has all that can be said.
            let problem = Problem::new(title.clone()).at(&source, at..at + length, why);
            if path.contains('.') { problem } else { problem.help(help) }
        })
        .collect()
}

/// What of `a.b.c` is not there, in words.
fn missing(sample: &serde_json::Value, path: &str) -> Option<String> {
    let mut value = sample;
    let mut above = String::new();
    for part in path.split('.') {
        let fields = value.as_object();
        // The only fields with names of the user's are those of `sources`.
        let found = match fields {
            Some(fields) if above == "sources" => fields.values().next(),
            Some(fields) => fields.get(part),
            None => None,
        };
        match found {
            Some(found) => value = found,
            None if above.is_empty() => return Some(format!("there is no `{part}`")),
            None => {
                let names: Vec<&str> =
                    fields.map_or(Vec::new(), |fields| fields.keys().map(String::as_str).collect());
                let names = if names.is_empty() { "no fields".to_owned() } else { names.join(", ") };
                return Some(format!("`{above}` has no `{part}`; it has {names}"));
            }
        }
        if !above.is_empty() {
            above.push('.');
        }
        above.push_str(part);
    }
    None
}

/// Where a name stands first, with nothing of a longer one around it.
fn place(text: &str, path: &str) -> usize {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let stands = |at: &usize| {
        let (before, after) = (&text[..*at], &text[at + path.len()..]);
        !before.ends_with(|c: char| part(c) || c == '.') && !after.starts_with(part)
    };
    let found = text.match_indices(path).map(|(at, _)| at).find(stands);
    let first = path.split('.').next().unwrap_or(path);
    found.or_else(|| text.find(first)).unwrap_or(0)
}

/// Renders a text with values of the caller's, as strictly as a manifest's templates. `help` says what
/// such a template can name; `extend` may add filters.
///
/// # Errors
/// The template is at fault.
pub fn render_text(
    name: &str,
    bytes: &[u8],
    values: &impl Serialize,
    help: &str,
    extend: &dyn Fn(&mut Environment<'_>),
) -> Result<String, Problem> {
    let text = text_of(name, bytes)?;
    let mut environment = environment();
    extend(&mut environment);
    environment
        .template_from_named_str(name, text)
        .and_then(|template| template.render(Serde(values)))
        .map_err(|error| fault(name, text, &error).help(help))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // `verify` and `rebuild` render what strangers' tarballs carry; the templates of ours take some
    // hundred steps for each layer.
    environment.set_fuel(Some(FUEL));
    // A file's last newline is part of the file; the library drops it unless told.
    let syntax =
        SyntaxConfig::builder().keep_trailing_newline(true).build().expect("no delimiter is changed");
    environment.set_syntax(syntax);
    // What it renders is a text file, not HTML, whatever its name ends in.
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
}

fn fault(name: &str, text: &str, error: &minijinja::Error) -> Problem {
    let what = match error.kind() {
        minijinja::ErrorKind::UndefinedError => "names something that is not there",
        minijinja::ErrorKind::SyntaxError => "is not a well-formed template",
        _ => "cannot be rendered",
    };
    let source = Arc::new(SourceText { name: name.to_owned(), text: text.to_owned() });
    let label = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let span = error.range().or_else(|| error.line().map(|line| source.line(line)));
    let problem = Problem::new(format!("the template `{name}` {what}"));
    let problem = match span {
        Some(span) => problem.at(&source, span, label),
        None => problem.note(label),
    };
    problem.help(
        "a template can name `release`, `line`, `sources` and `layers`; see the README for their fields",
    )
}

fn context<'a>(
    manifest: &'a Manifest,
    lock: &'a Lock,
    files_of: &dyn Fn(&str) -> usize,
    partial: bool,
) -> Result<Context<'a>, Problem> {
    let version = ReleaseVersion::parse(&lock.version)
        .map_err(|error| Problem::new(format!("the lock's version cannot be read: {error}")))?;
    let release = Release {
        name: manifest.release.name.as_str(),
        version: &lock.version,
        base: version.base.to_string(),
        version_file: version.version_file(),
        debian: version.debian_upstream(),
        rpm: version.rpm_version(),
        license: &manifest.release.license.value,
        respin: version.respin.map(std::num::NonZero::get),
        kernel: version.kernel.as_ref().map(ToString::to_string),
        date: lock.source_date.to_string(),
        development: lock.development,
        partial,
        buildable: manifest.release.buildable,
        note: manifest.release.note.as_ref().map(|note| note.value.as_str()),
    };
    let line = manifest.line.as_ref().map(|line| Line {
        id: &line.id.value,
        kernel: line.kernel.as_ref().map(ToString::to_string),
        supports: line.supports.as_ref().map(ToString::to_string),
        kernel_min: line.supports.as_ref().and_then(|range| range.min()).map(|min| min.to_string()),
        kernel_max: line.supports.as_ref().and_then(|range| range.max()).map(|max| max.to_string()),
    });
    let sources = lock
        .source
        .iter()
        .map(|(name, pin)| {
            let source = Source {
                wanted: &pin.wanted,
                r#ref: pin.r#ref.as_deref(),
                tag: pin.tag.map(|tag| tag.to_string()),
                commit: pin.commit.to_string(),
                tree: pin.tree.to_string(),
                date: pin.date.to_string(),
            };
            (name.as_str(), source)
        })
        .collect();
    let layers = manifest
        .layers
        .iter()
        .map(|layer| Layer {
            name: layer.name.as_str(),
            source: layer.source.as_str(),
            files: files_of(layer.name.as_str()),
            patches: layer
                .patches
                .iter()
                .map(|patch| {
                    let (upstream, reason) = match &patch.carries {
                        Carries::Upstream(commit) => (Some(commit.as_str()), None),
                        Carries::Reason(reason) => (None, Some(reason.as_str())),
                    };
                    Patch { file: &patch.path.value, upstream, reason }
                })
                .collect(),
        })
        .collect();
    Ok(Context { release, line, sources, layers })
}

fn is_of(entry: &Entry, name: &str) -> bool {
    matches!(&entry.origin, Origin::Blob { layer, .. } | Origin::Patched { layer, .. } if layer.as_str() == name)
}
