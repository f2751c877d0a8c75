// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `debian/control` (Debian Policy 5.1 and 5.2), read strictly: what a template rendered is judged before
//! anything is written.

use std::ops::Range;
use std::sync::Arc;

use crate::model::{Problem, SourceText};

/// One field of a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    /// The value: its first line, and the lines that go on, each with its blank in front.
    pub(super) value: String,
    span: Range<usize>,
}

/// One paragraph: a source or binary package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Paragraph {
    pub(super) fields: Vec<Field>,
}

impl Paragraph {
    /// The value of a field, names compared without regard to case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.as_str())
    }

    fn span(&self) -> Range<usize> {
        self.fields.first().map_or(0..0, |field| field.span.clone())
    }
}

/// The fields that name other packages.
const RELATIONS: [&str; 15] = [
    "Build-Depends",
    "Build-Depends-Arch",
    "Build-Depends-Indep",
    "Build-Conflicts",
    "Build-Conflicts-Arch",
    "Build-Conflicts-Indep",
    "Depends",
    "Pre-Depends",
    "Recommends",
    "Suggests",
    "Enhances",
    "Breaks",
    "Conflicts",
    "Replaces",
    "Provides",
];

/// A control file that dpkg reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Control {
    pub(super) source: Paragraph,
    pub(super) binaries: Vec<Paragraph>,
}

/// Reads a control file; `name` is for messages.
///
/// # Errors
/// Every line that is no field, every field that must be there and is not, or is there twice.
pub(super) fn parse(name: &str, text: &str) -> Result<Control, Vec<Problem>> {
    let source = Arc::new(SourceText { name: name.to_owned(), text: text.to_owned() });
    let wrong = |span: Range<usize>, label: String| {
        Problem::new(format!("`{name}` is no valid control file"))
            .at(&source, span, label)
            .help("mend the template that it was rendered from; Debian Policy 5 has the form")
    };
    let mut problems = Vec::new();
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut open = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let span = start..start + line.trim_end_matches('\n').len();
        start += line.len();
        let line = line.trim_end_matches('\n');
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            open = false;
            continue;
        }
        if line.starts_with([' ', '\t']) {
            match paragraphs.last_mut().and_then(|paragraph| paragraph.fields.last_mut()) {
                Some(field) if open => {
                    field.value.push('\n');
                    field.value.push_str(line);
                }
                _ => problems.push(wrong(span, "goes on with no field".to_owned())),
            }
            continue;
        }
        if !open {
            paragraphs.push(Paragraph::default());
            open = true;
        }
        let paragraph = paragraphs.last_mut().expect("one was just opened");
        match line.split_once(':') {
            Some((field, value)) if is_field_name(field) => {
                if paragraph.get(field).is_some() {
                    problems.push(wrong(span.clone(), format!("`{field}` stands twice in its paragraph")));
                }
                let (name, value) = (field.to_owned(), value.trim().to_owned());
                paragraph.fields.push(Field { name, value, span });
            }
            _ => problems.push(wrong(span, "is no `Field: value`".to_owned())),
        }
    }
    let mut paragraphs = paragraphs.into_iter();
    let first = paragraphs.next().unwrap_or_default();
    let binaries: Vec<Paragraph> = paragraphs.collect();
    let mut need = |paragraph: &Paragraph, fields: &[&str]| {
        for field in fields {
            if paragraph.get(field).is_none_or(|value| value.trim().is_empty()) {
                problems.push(wrong(paragraph.span(), format!("its paragraph has no `{field}`")));
            }
        }
    };
    need(&first, &["Source", "Maintainer", "Standards-Version"]);
    for binary in &binaries {
        need(binary, &["Package", "Architecture", "Description"]);
    }
    let mut names: Vec<(&str, &Paragraph)> = Vec::new();
    names.extend(first.get("Source").map(|name| (name, &first)));
    for binary in &binaries {
        if let Some(package) = binary.get("Package") {
            if names[1.min(names.len())..].iter().any(|(name, _)| *name == package) {
                problems.push(wrong(binary.span(), format!("`{package}` stands twice")));
            }
            names.push((package, binary));
        }
    }
    for (package, paragraph) in names {
        if !is_package_name(package) {
            problems.push(wrong(
                paragraph.span(),
                "expected two or more of `a-z`, `0-9`, `+`, `-` and `.`, the first a letter or digit"
                    .to_owned(),
            ));
        }
    }
    for field in std::iter::once(&first).chain(&binaries).flat_map(|paragraph| &paragraph.fields) {
        if RELATIONS.iter().any(|name| field.name.eq_ignore_ascii_case(name)) {
            problems.extend(relations_fault(&field.value).map(|fault| wrong(field.span.clone(), fault)));
        }
    }
    if binaries.is_empty() {
        problems.push(wrong(first.span(), "no binary package follows".to_owned()));
    }
    if problems.is_empty() { Ok(Control { source: first, binaries }) } else { Err(problems) }
}

/// Debian Policy 5.1: printable, no blank, no colon, neither `#` nor `-` first.
fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['#', '-'])
        && name.chars().all(|c| c.is_ascii_graphic() && c != ':')
}

/// Debian Policy 5.6.1.
pub(super) fn is_package_name(name: &str) -> bool {
    name.len() >= 2
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
}

/// The first fault in relations to other packages (Debian Policy 7.1): `a (>= 1) [amd64] <!nocheck> | b, c`.
/// What stands for a value to come, `${misc:Depends}`, is believed.
fn relations_fault(value: &str) -> Option<String> {
    let relations = value.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" ");
    let clauses = relations.split(',').map(str::trim).filter(|clause| !clause.is_empty());
    clauses
        .flat_map(|clause| clause.split('|'))
        .map(str::trim)
        .find(|relation| !relation.starts_with("${") && !is_relation(relation))
        .map(|relation| format!("`{relation}` is no relation to a package"))
}

fn is_relation(relation: &str) -> bool {
    let end = relation.find(|c: char| c.is_whitespace() || "([<:".contains(c)).unwrap_or(relation.len());
    let (name, mut rest) = relation.split_at(end);
    if let Some(after) = rest.strip_prefix(':') {
        let end = after.find(|c: char| c.is_whitespace() || "([<".contains(c)).unwrap_or(after.len());
        rest = &after[end..];
    }
    let is_version = |inner: &str| {
        let version = inner.trim().trim_start_matches(['<', '>', '=']);
        let operator = inner.trim().len() - version.len();
        (1..=2).contains(&operator)
            && !version.trim().is_empty()
            && !version.trim().contains(char::is_whitespace)
    };
    loop {
        rest = rest.trim_start();
        let Some(open) = rest.chars().next() else { return is_package_name(name) };
        let close = match open {
            '(' => ')',
            '[' => ']',
            '<' => '>',
            _ => return false,
        };
        let Some((inner, after)) = rest[1..].split_once(close) else { return false };
        if inner.trim().is_empty() || open == '(' && !is_version(inner) {
            return false;
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Source: lustre\nMaintainer: A <a@b.c>\nStandards-Version: 4.6.2\n# a remark\nBuild-Depends: aa,\n bb\n\n\
        Package: lustre-utils\nArchitecture: any\nDescription: short\n long\n .\n more\n";

    #[test]
    fn fields_are_read_with_the_lines_that_go_on() {
        let control = parse("control", GOOD).unwrap();
        assert_eq!(control.source.get("build-depends"), Some("aa,\n bb"));
        assert_eq!(control.binaries[0].get("Description"), Some("short\n long\n .\n more"));
    }

    #[test]
    fn relations_are_read() {
        let good = "a1, bb (>=1.7) | cc:any (<< 2~) [amd64 !i386] <!nocheck> <cross>, ${misc:Depends},\n dd (= ${binary:Version}),";
        assert_eq!(relations_fault(good), None);
        for bad in
            ["aa b", "aa (1)", "aa (>= )", "aa (>= 1", "A1", "a", "aa [", "aa (>= 1 2)", "aa ()", "(>= 1)"]
        {
            assert!(relations_fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn every_fault_is_found() {
        let bad = GOOD.replace("Maintainer: A <a@b.c>\n", "").replace("lustre-utils", "Lustre_Utils");
        let labels: Vec<String> =
            parse("control", &bad).unwrap_err().into_iter().map(|problem| problem.label).collect();
        assert_eq!(
            labels,
            [
                "its paragraph has no `Maintainer`",
                "expected two or more of `a-z`, `0-9`, `+`, `-` and `.`, the first a letter or digit",
            ]
        );
        assert_eq!(parse("control", "odd\n").unwrap_err().len(), 5);
        assert_eq!(parse("control", &GOOD.replace("Architecture: any", "Package: b")).unwrap_err().len(), 2);
    }
}
