// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A new line from the manifest of another.

use std::ops::Range;
use std::path::PathBuf;

use super::text::{Edited, Edits};
use crate::manifest::{Manifest, Wanted};
use crate::model::version::{KernelRange, KernelSeries, KernelVersion};
use crate::model::{Class, Failure, Problem, ReleaseName};

/// What a new line is to be.
#[derive(Debug)]
pub struct NewLine {
    /// The LTS kernel's series.
    pub series: KernelSeries,
    /// The kernels that the compatibility layer covers, where the other line's range will not do.
    pub supports: Option<KernelRange>,
    /// The name of what is released, where it is not the other's.
    pub name: Option<ReleaseName>,
    /// The file to write: in the other manifest's folder, since the paths in it are relative.
    pub file: PathBuf,
}

impl NewLine {
    /// The line's id: `lts-6.18`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("lts-{}", self.series)
    }
}

/// The manifest of a new line: the text of `from` with the line's id, its kernel series, and the
/// tags of its kernel sources changed, and nothing else.
///
/// # Errors
/// `from` has no `[line]`, or its compatibility layer does not cover the new series.
pub fn new_line(from: &Manifest, wanted: &NewLine) -> Result<Edited, Failure> {
    let text = &from.text.text;
    let Some(line) = &from.line else {
        let problem = Problem::new(format!("`{}` has no `[line]`", from.path().display()))
            .note("a new line is made from the manifest of another one")
            .help("give that manifest a line, such as `id = \"mainline\"`, or name another with `--from`");
        return Err(Failure::new(Class::Manifest, problem));
    };
    let series = wanted.series.to_string();
    if let (Some(supports), None) = (&line.supports, &wanted.supports)
        && !KernelVersion::parse(&series).is_ok_and(|first| supports.contains(&first))
    {
        let problem = from
            .problem(
                format!("the compatibility layer does not cover kernel {series}"),
                &supports.span,
                format!("{series} is outside"),
            )
            .help("say what the new line's layer covers: `--supports RANGE`");
        return Err(Failure::new(Class::Manifest, problem));
    }
    let mut edits = Edits::default();
    edits.string(&line.id.span, &wanted.id());
    let mut last = &line.id.span;
    match &line.kernel {
        Some(kernel) => {
            edits.string(&kernel.span, &series);
            last = if kernel.span.end > last.end { &kernel.span } else { last };
        }
        None => edits.line_after(text, last, "kernel", &series),
    }
    match (&wanted.supports, &line.supports) {
        (Some(range), Some(old)) => edits.string(&old.span, &range.to_string()),
        (Some(range), None) => edits.line_after(text, last, "supports", &range.to_string()),
        (None, _) => {}
    }
    // An ended line may be the model for one that starts.
    if let Some(ended) = &line.ended {
        edits.remove_key(text, &ended.span);
    }
    if let Some(name) = &wanted.name {
        edits.string(&from.release.name.span, name.as_str());
    }
    if let Some(respin) = &from.release.respin {
        edits.remove_key(text, &respin.span);
    }
    for source in from.sources.values() {
        let is_kernel = match &source.wanted.value {
            Wanted::Pattern(pattern) => pattern.is_kernel(),
            Wanted::Tag(tag) => KernelVersion::from_tag(tag).is_some(),
            Wanted::Commit(_) | Wanted::Branch(_) | Wanted::Ref(_) => false,
        };
        if is_kernel {
            edits.string(&source.wanted.span, &format!("v{series}.*"));
            // What they say, they say about another tag.
            let pins = [
                source.tag_object.as_ref().map(|at| &at.span),
                source.tag_object_name.as_ref().map(|at| &at.span),
                source.tags.as_ref().map(|at| &at.span),
                source.on_branch.as_ref().map(|at| &at.span),
            ];
            for span in pins.into_iter().flatten() {
                edits.remove_key(text, span);
            }
        }
    }
    let edited = edits.apply(from, &wanted.file)?;
    match &edited.manifest.line {
        Some(line) if line.kernel.as_ref().is_some_and(|kernel| kernel.value == wanted.series) => Ok(edited),
        _ => Err(by_hand(from, last, &format!("kernel = \"{series}\""))),
    }
}

/// A table written in a form that a new key cannot be put into.
pub(super) fn by_hand(manifest: &Manifest, span: &Range<usize>, key: &str) -> Failure {
    let problem = manifest
        .problem("cannot add a key to this table in place", span, "the table is not written a key a line")
        .help(format!("write `{key}` into it by hand"));
    Failure::new(Class::Manifest, problem)
}
