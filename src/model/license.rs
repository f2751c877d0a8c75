// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! SPDX licence expressions (SPDX 2.3, annex D), as people write them into files and manifests.
//!
//! An expression that has the grammar is kept, whatever its ids; an id that is not on the SPDX License
//! List becomes a reference, which a document must then explain. Ids that the list deprecates, such
//! as `GPL-2.0` and `GPL-2.0+`, are on it, and stay as they were written.

use std::borrow::Cow;
use std::fmt;

use spdx::identifiers::{EXCEPTIONS, LICENSES};

use super::Sha256;

/// The edition of the SPDX License List that ids are looked up in.
pub const LIST_VERSION: &str = spdx::identifiers::VERSION;

/// A licence expression that has the grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Term(Term),
}

/// One licence of an expression, with its exception.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// Of the list, spelled as there: `GPL-2.0`, `MPL-1.1+`, `GPL-2.0 WITH Linux-syscall-note`.
    Listed(String),
    /// A reference, with an exception of the list where it has one.
    Reference {
        /// `LicenseRef-` and letters, digits, `.` and `-`.
        id: String,
        /// The exception.
        exception: Option<&'static str>,
        /// What was written where the reference stands, if that was something else.
        written: Option<String>,
    },
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(text) | Self::Reference { id: text, exception: None, .. } => f.write_str(text),
            Self::Reference { id, exception: Some(exception), .. } => write!(f, "{id} WITH {exception}"),
        }
    }
}

impl Expression {
    /// Reads an expression. `None` when it does not have the grammar. Ids count in any case, as the
    /// specification says; operators are all capitals or, as SPDX 3 allows, all small.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let mut words = spaced.split_ascii_whitespace().peekable();
        let mut tokens = Vec::new();
        let mut depth = 0_usize;
        let mut wants_term = true;
        while let Some(word) = words.next() {
            let token = match word {
                "(" if wants_term => {
                    depth += 1;
                    Token::Open
                }
                ")" if !wants_term && depth > 0 => {
                    depth -= 1;
                    Token::Close
                }
                "AND" | "and" if !wants_term => {
                    wants_term = true;
                    Token::And
                }
                "OR" | "or" if !wants_term => {
                    wants_term = true;
                    Token::Or
                }
                word if is_operator(word) => return None,
                id if wants_term => {
                    wants_term = false;
                    let exception = match words.next_if(|word| matches!(*word, "WITH" | "with")) {
                        Some(_) => Some(words.next().filter(|word| is_id(word) && !is_operator(word))?),
                        None => None,
                    };
                    Token::Term(term(id, exception)?)
                }
                _ => return None,
            };
            tokens.push(token);
        }
        (!wants_term && depth == 0).then_some(Self(tokens))
    }

    /// Its licences, in the order written.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        self.0.iter().filter_map(|token| match token {
            Token::Term(term) => Some(term),
            _ => None,
        })
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|token| match token {
            Token::Open => f.write_str("("),
            Token::Close => f.write_str(")"),
            Token::And => f.write_str(" AND "),
            Token::Or => f.write_str(" OR "),
            Token::Term(term) => term.fmt(f),
        })
    }
}

fn is_operator(word: &str) -> bool {
    matches!(word, "(" | ")" | "AND" | "and" | "OR" | "or" | "WITH" | "with")
}

/// What an id, its `+` included, is made of. The colon joins the parts of a reference into another
/// document.
fn is_id(word: &str) -> bool {
    let word = word.strip_suffix('+').unwrap_or(word);
    word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'))
}

fn is_reference(word: &str) -> bool {
    word.strip_prefix("LicenseRef-").is_some_and(|rest| {
        !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
    })
}

fn term(id: &str, exception: Option<&str>) -> Option<Term> {
    if !is_id(id) {
        return None;
    }
    let listed_exception = match exception {
        None => None,
        Some(exception) => match EXCEPTIONS.iter().find(|known| known.name.eq_ignore_ascii_case(exception)) {
            Some(known) => Some(known.name),
            // No reference can stand for an exception alone: SPDX 2.3 has none for those.
            None => return Some(unlisted(&format!("{id} WITH {exception}"), None)),
        },
    };
    Some(match listed(id) {
        Some(id) => Term::Listed(match listed_exception {
            Some(exception) => format!("{id} WITH {exception}"),
            None => id.into_owned(),
        }),
        None if is_reference(id) => {
            Term::Reference { id: id.to_owned(), exception: listed_exception, written: None }
        }
        None => unlisted(id, listed_exception),
    })
}

/// The id as the list spells it. `GPL-2.0+` is on the list itself; for others `+` says "or later".
fn listed(id: &str) -> Option<Cow<'static, str>> {
    let find =
        |id: &str| LICENSES.iter().map(|known| known.name).find(|known| known.eq_ignore_ascii_case(id));
    // The list's own file has this entry beside the licences; it is a value, not a licence.
    if id.eq_ignore_ascii_case("NOASSERTION") {
        return None;
    }
    match (find(id), id.strip_suffix('+')) {
        (Some(known), _) => Some(Cow::Borrowed(known)),
        (None, Some(base)) => find(base).map(|known| Cow::Owned(format!("{known}+"))),
        (None, None) => None,
    }
}

/// A reference for what is on no list. The same text gives the same reference, and another text another.
fn unlisted(written: &str, exception: Option<&'static str>) -> Term {
    let plain: String =
        written.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let digest = if plain == written {
        String::new()
    } else {
        format!("-{}", &Sha256::of(written.as_bytes()).to_string()[..8])
    };
    let id = format!("LicenseRef-unlisted-{plain}{digest}");
    Term::Reference { id, exception, written: Some(written.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        Expression::parse(text).map(|expression| expression.to_string())
    }

    #[test]
    fn what_files_say_is_kept() {
        for text in [
            "GPL-2.0",
            "GPL-2.0+",
            "GPL-2.0-only",
            "GPL-2.0-or-later",
            "LGPL-2.1+",
            "MPL-1.1+",
            "GPL-2.0 WITH Linux-syscall-note",
            "LGPL-2.1+ WITH Linux-syscall-note",
            "GPL-2.0+ WITH GCC-exception-2.0",
            "GPL-2.0 WITH mif-exception",
            "GPL-2.0-only OR BSD-3-Clause",
            "GPL-1.0+ OR BSD-3-Clause OR OpenSSL",
            "(GPL-2.0 WITH Linux-syscall-note) AND MIT",
            "((MIT OR ISC) AND (Apache-2.0))",
            "LicenseRef-scancode-x",
            "LicenseRef-a OR MIT",
        ] {
            assert_eq!(shown(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn spelling_becomes_the_lists() {
        assert_eq!(shown("gpl-2.0-ONLY").as_deref(), Some("GPL-2.0-only"));
        assert_eq!(shown("mit or (isc  AND BSD-2-clause)").as_deref(), Some("MIT OR (ISC AND BSD-2-Clause)"));
        assert_eq!(
            shown("GPL-2.0 with linux-syscall-NOTE").as_deref(),
            Some("GPL-2.0 WITH Linux-syscall-note")
        );
    }

    #[test]
    fn ids_that_are_on_no_list_become_references() {
        for (text, expected) in [
            ("GPLv2", "LicenseRef-unlisted-GPLv2"),
            ("GPL-v2.0+", "LicenseRef-unlisted-GPL-v2.0--df88ad09"),
            ("MIT AND Acme", "MIT AND LicenseRef-unlisted-Acme"),
            ("Acme WITH Linux-syscall-note", "LicenseRef-unlisted-Acme WITH Linux-syscall-note"),
            ("GPL-2.0 WITH acme-note", "LicenseRef-unlisted-GPL-2.0-WITH-acme-note-db01e8e5"),
            ("DocumentRef-a:LicenseRef-b", "LicenseRef-unlisted-DocumentRef-a-LicenseRef-b-a63f0cd2"),
            ("LicenseRef-a+", "LicenseRef-unlisted-LicenseRef-a--66626e81"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        // Texts that differ in what a reference cannot hold stay apart.
        assert_ne!(shown("GPL-v2.0+"), shown("GPL-v2.0-"));
    }

    #[test]
    fn what_has_no_grammar_is_no_expression() {
        for text in [
            "",
            "<SPDX License Expression>",
            "<SPDX-License> WITH Linux-syscall-note",
            "/ &&",
            "@) {",
            ".*)/) {",
            ".",
            "GPL-2.0 GPL-2.0",
            "GPL-2.0 AND",
            "OR MIT",
            "(MIT",
            "MIT)",
            "()",
            "(MIT) WITH Linux-syscall-note",
            "MIT WITH",
            "MIT WITH OR",
            "WITH Linux-syscall-note",
            "MIT And ISC",
            "MIT, ISC",
            "GPL-2.0 \\",
            "MIT++",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
