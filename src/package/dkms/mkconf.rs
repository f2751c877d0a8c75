// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A tree's `dkms.mkconf`: the shell script that writes its `dkms.conf`, followed without a shell.
//!
//! The script is the tree's, and packaging must not run what a tarball brings. All that such a script
//! does is to write here-documents, some of them for certain packages only; that much of the shell
//! (POSIX.1-2017 XCU 2.7.4 and `test`) is read here, and anything else is refused, with its place.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;

use crate::model::{Problem, SourceText};

/// What the script would write, started with these values of its options' variables.
pub(super) fn render(
    name: &str,
    text: &str,
    options: &[(&'static str, String)],
) -> Result<String, Vec<Problem>> {
    let source = Arc::new(SourceText { name: name.to_owned(), text: text.to_owned() });
    let mut script = Script {
        source: &source,
        options: options.iter().cloned().collect(),
        defaults: BTreeMap::new(),
        open: Vec::new(),
        out: String::new(),
        problems: Vec::new(),
    };
    script.run(lines(text).peekable());
    if script.problems.is_empty() { Ok(script.out) } else { Err(script.problems) }
}

/// Each line with its place, without its newline.
fn lines(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        let line = line.strip_suffix('\n').unwrap_or(line);
        (at..at + line.len(), line)
    })
}

struct Script<'t> {
    source: &'t Arc<SourceText>,
    /// The variables that options set, which win over what the script starts with.
    options: BTreeMap<&'static str, String>,
    defaults: BTreeMap<String, String>,
    /// Whether the condition of each `if` that is open holds.
    open: Vec<bool>,
    out: String,
    problems: Vec<Problem>,
}

impl<'t> Script<'t> {
    fn run(&mut self, mut lines: Peekable<impl Iterator<Item = (Range<usize>, &'t str)>>) {
        while let Some((span, line)) = lines.next() {
            let word = line.trim();
            if word.is_empty() || word.starts_with('#') {
            } else if word.starts_with("while getopts ") {
                // What it sets is given.
                _ = lines.by_ref().find(|(_, line)| line.trim() == "done");
            } else if let Some(rest) = word.strip_prefix("if ") {
                let holds = self.holds(&span, rest);
                self.open.push(holds);
            } else if word == "fi" {
                if self.open.pop().is_none() {
                    self.refuse(span, "ends no `if`");
                }
            } else if let Some((target, end)) = word.strip_prefix("cat >").and_then(|w| w.split_once("<<")) {
                self.document(span, target, end.trim(), &mut lines);
            } else if !self.is_active() {
            } else if let Some((name, value)) = word.split_once('=').filter(|(name, _)| is_name(name)) {
                self.defaults.insert(name.to_owned(), value.trim_matches('"').to_owned());
            } else {
                self.refuse(span, "is more than a here-document, an `if` or a variable");
            }
        }
        if !self.open.is_empty() {
            let end = self.source.text.len();
            self.refuse(end..end, "an `if` is still open");
        }
    }

    fn is_active(&self) -> bool {
        self.open.iter().all(|holds| *holds)
    }

    fn refuse(&mut self, span: Range<usize>, label: &str) {
        self.problems.push(
            Problem::new("the tree's script for `dkms.conf` cannot be followed")
                .at(self.source, span, label)
                .help("use ours: `--packaging ours`, where the tree builds without configure"),
        );
    }

    /// `[ TEST -o TEST ... ] ; then`. In what is not reached nothing is looked at.
    fn holds(&mut self, span: &Range<usize>, rest: &str) -> bool {
        if !self.is_active() {
            return false;
        }
        let inner = rest
            .strip_suffix("then")
            .map(|rest| rest.trim_end().trim_end_matches(';').trim_end())
            .and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
        let Some(inner) = inner else {
            self.refuse(span.clone(), "expected `if [ ... ]; then`");
            return false;
        };
        let words: Vec<String> = inner
            .split_whitespace()
            .map(|word| {
                let word = word.trim_matches('"');
                self.expand(word).unwrap_or_else(|(_, why)| {
                    self.refuse(span.clone(), &why);
                    String::new()
                })
            })
            .collect();
        let mut any = false;
        for test in words.split(|word| word == "-o") {
            any |= match test {
                [how, value] if how == "-z" => value.is_empty(),
                [how, value] if how == "-n" => !value.is_empty(),
                [left, how, right] if how == "=" || how == "==" => left == right,
                [left, how, right] if how == "!=" => left != right,
                _ => {
                    self.refuse(span.clone(), "expected tests with `=`, `!=`, `-z` and `-n`, joined by `-o`");
                    false
                }
            };
        }
        any
    }

    /// `cat >FILE <<END` or `cat >>FILE <<END`, and the lines up to `END`.
    fn document(
        &mut self,
        span: Range<usize>,
        target: &str,
        end: &str,
        lines: &mut impl Iterator<Item = (Range<usize>, &'t str)>,
    ) {
        // Behind the newline of the line that opens it.
        let mut body = span.end + 1..span.end + 1;
        let mut closed = false;
        for (at, line) in lines {
            body.end = at.start;
            if line == end {
                closed = true;
                break;
            }
        }
        if !self.is_active() {
            return;
        }
        let (again, target) = match target.strip_prefix('>') {
            Some(target) => (true, target),
            None => (false, target),
        };
        if !closed || !is_name(end) || target.trim() != "${filename}" {
            self.refuse(span, "expected a here-document to `${filename}`, with an end that has no quotes");
            return;
        }
        if !again {
            self.out.clear();
        }
        match self.expand(&self.source.text[body.clone()]) {
            Ok(text) => self.out.push_str(&text),
            Err((at, why)) => {
                let line = self.source.text[..body.start + at].matches('\n').count() + 1;
                self.refuse(self.source.line(line), &why);
            }
        }
    }

    /// Variables and backslashes, as in a here-document whose end has no quotes. A fault has its offset.
    fn expand(&self, text: &str) -> Result<String, (usize, String)> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['\\', '$', '`']) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(behind) = rest.strip_prefix("\\\n") {
                rest = behind;
            } else if let Some(escaped) = rest.strip_prefix('\\').and_then(|rest| rest.get(..1))
                && matches!(escaped, "$" | "`" | "\\")
            {
                out.push_str(escaped);
                rest = &rest[2..];
            } else if rest.starts_with('\\') {
                out.push('\\');
                rest = &rest[1..];
            } else if rest.starts_with('`') || rest.starts_with("$(") {
                return Err((text.len() - rest.len(), "runs a program when `dkms.conf` is made".to_owned()));
            } else {
                let behind = &rest[1..];
                let fault = |why: String| (text.len() - rest.len(), why);
                let (name, after) = match behind.strip_prefix('{') {
                    Some(inner) => {
                        inner.split_once('}').ok_or_else(|| fault("a `${` has no end".to_owned()))?
                    }
                    None => {
                        let end = behind.find(|c: char| !is_name_character(c)).unwrap_or(behind.len());
                        behind.split_at(end)
                    }
                };
                let value = self.options.get(name).or_else(|| self.defaults.get(name));
                out.push_str(
                    value.ok_or_else(|| fault(format!("`{name}` is not known when `dkms.conf` is made")))?,
                );
                rest = after;
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_name_character) && !text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = r#"#!/usr/bin/bash
PROG=$0
kmoddir=extra
while getopts "n:v:f:k:" opt; do
	case $opt in
		n) pkgname=$OPTARG ;;
	esac
done
if [ -z "${pkgname}" -o -z "${filename}" ]; then
	echo "Usage: $PROG -n <pkgname>"
	exit 1
fi
cat >${filename} <<EOF
PACKAGE_NAME="${pkgname}"
PRE_BUILD="hook.sh \$module \
	\$arch"
nproc="\`nproc\`" '\\n' \n
module lnet lnet ${kmoddir}
EOF
if [ $pkgname = "lustre-zfs" -o $pkgname = "lustre-all" ] ; then
	cat >>${filename} <<EOF
fi
module osd_zfs
EOF
fi
if [ $pkgname != "lustre-client" ] ; then
	cat >>${filename} <<EOF
module mdt
EOF
fi
"#;

    fn of(package: &str, text: &str) -> Result<String, Vec<Problem>> {
        let option = |name, value: &str| (name, value.to_owned());
        render("dkms.mkconf", text, &[option("pkgname", package), option("filename", "dkms.conf")])
    }

    #[test]
    fn each_package_has_its_parts() {
        let common = "PACKAGE_NAME=\"lustre-client\"\nPRE_BUILD=\"hook.sh $module \t$arch\"\n\
            nproc=\"`nproc`\" '\\n' \\n\nmodule lnet lnet extra\n";
        assert_eq!(of("lustre-client", SCRIPT).unwrap(), common);
        let all = common.replace("lustre-client", "lustre-all") + "fi\nmodule osd_zfs\nmodule mdt\n";
        assert_eq!(of("lustre-all", SCRIPT).unwrap(), all);
        let ldiskfs = common.replace("lustre-client", "lustre-ldiskfs") + "module mdt\n";
        assert_eq!(of("lustre-ldiskfs", SCRIPT).unwrap(), ldiskfs);
    }

    #[test]
    fn what_needs_a_shell_is_refused() {
        for (from, to, expected) in [
            ("module lnet lnet", "$(id) lnet", "runs a program when `dkms.conf` is made"),
            ("module lnet lnet", "`id` lnet", "runs a program when `dkms.conf` is made"),
            ("module lnet lnet", "$HOME lnet", "`HOME` is not known when `dkms.conf` is made"),
            (
                "kmoddir=extra",
                "kmoddir=extra\nrm -rf /",
                "is more than a here-document, an `if` or a variable",
            ),
            (
                "-o $pkgname =",
                "-a $pkgname =",
                "expected tests with `=`, `!=`, `-z` and `-n`, joined by `-o`",
            ),
            (
                "cat >${filename} <<EOF",
                "cat >/etc/passwd <<EOF",
                "expected a here-document to `${filename}`, with an end that has no quotes",
            ),
            ("if [ $pkgname !=", "if test [ $pkgname !=", "expected `if [ ... ]; then`"),
        ] {
            assert!(SCRIPT.contains(from), "{from}");
            let labels: Vec<String> = of("lustre-client", &SCRIPT.replacen(from, to, 1))
                .unwrap_err()
                .into_iter()
                .map(|p| p.label)
                .collect();
            assert_eq!(labels, [expected], "{to}");
        }
    }
}
