// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! SPDX licence expressions as DEP-5 has them (debian/copyright format 1.0, 7.1).
//!
//! DEP-5 has no brackets: `and` binds closer than `or`, as in SPDX, unless a comma stands in front of it, so
//! that `(A OR B) AND C` is `A or B, and C`. What needs more brackets than that is written out as every
//! combination.

/// More combinations than anybody would read.
const MOST: usize = 64;

/// Deeper brackets than anybody writes.
const DEEPEST: usize = 32;

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum License {
    /// One licence, with its exception: `GPL-2.0 WITH Linux-syscall-note`.
    Term(String),
    /// All of them, none of which is an `And`.
    And(Vec<License>),
    /// One of them, none of which is an `Or`.
    Or(Vec<License>),
}

impl License {
    /// Reads an SPDX expression (SPDX 2.3, annex D); operators are all capitals or all small. `None` where it
    /// is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut rest = words.as_slice();
        let license = any(&mut rest, 0)?;
        rest.is_empty().then_some(license)
    }

    /// All of several.
    pub(super) fn all(parts: Vec<Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::And(inner) => inner,
            other => vec![other],
        });
        one_or(flat.collect(), Self::And)
    }

    fn one_of(parts: Vec<Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::Or(inner) => inner,
            other => vec![other],
        });
        one_or(flat.collect(), Self::Or)
    }

    /// Its licences, each with its exception.
    pub(super) fn terms(&self) -> Vec<&str> {
        match self {
            Self::Term(term) => vec![term],
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::terms).collect(),
        }
    }

    /// As DEP-5 spells it: `GPL-2.0-only WITH Linux-syscall-note` is `GPL-2 with Linux-syscall-note exception`.
    /// `None` where it has too many combinations to be written.
    pub(super) fn spelled(&self) -> Option<String> {
        match self {
            Self::And(parts) => {
                let parts: Vec<String> =
                    parts.iter().map(Self::flat).collect::<Option<_>>().or_else(|| {
                        // Brackets in brackets.
                        Some(vec![Self::combined(&self.combinations()?)])
                    })?;
                let comma = parts.iter().any(|part| part.contains(" or "));
                Some(parts.join(if comma { ", and " } else { " and " }))
            }
            other => other.flat().or_else(|| Some(Self::combined(&other.combinations()?))),
        }
    }

    /// The same, where it needs no brackets.
    fn flat(&self) -> Option<String> {
        let is_flat = |part: &Self| match part {
            Self::Term(_) => true,
            Self::And(parts) => parts.iter().all(|part| matches!(part, Self::Term(_))),
            Self::Or(_) => false,
        };
        match self {
            Self::Term(term) => Some(spelled(term)),
            Self::And(parts) if is_flat(self) => {
                Some(parts.iter().map(Self::flat).collect::<Option<Vec<_>>>()?.join(" and "))
            }
            Self::Or(parts) if parts.iter().all(is_flat) => {
                Some(parts.iter().map(Self::flat).collect::<Option<Vec<_>>>()?.join(" or "))
            }
            _ => None,
        }
    }

    /// Every set of licences that is enough.
    fn combinations(&self) -> Option<Vec<Vec<&str>>> {
        let found = match self {
            Self::Term(term) => vec![vec![term.as_str()]],
            Self::Or(parts) => parts
                .iter()
                .map(Self::combinations)
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .flatten()
                .collect(),
            Self::And(parts) => {
                let mut all: Vec<Vec<&str>> = vec![Vec::new()];
                for part in parts {
                    let part = part.combinations()?;
                    if all.len() * part.len() > MOST {
                        return None;
                    }
                    all = all
                        .iter()
                        .flat_map(|one| part.iter().map(|more| [one.as_slice(), more.as_slice()].concat()))
                        .collect();
                }
                all
            }
        };
        (found.len() <= MOST).then_some(found)
    }

    fn combined(combinations: &[Vec<&str>]) -> String {
        let spelled = combinations.iter().map(|one| {
            let mut terms: Vec<&str> = Vec::new();
            for term in one {
                if !terms.contains(term) {
                    terms.push(term);
                }
            }
            terms.into_iter().map(spelled).collect::<Vec<_>>().join(" and ")
        });
        spelled.collect::<Vec<_>>().join(" or ")
    }
}

fn one_or(mut parts: Vec<License>, several: impl Fn(Vec<License>) -> License) -> License {
    if parts.len() == 1 { parts.remove(0) } else { several(parts) }
}

fn any(rest: &mut &[&str], depth: usize) -> Option<License> {
    let mut parts = vec![all(rest, depth)?];
    while take(rest, "OR") {
        parts.push(all(rest, depth)?);
    }
    Some(License::one_of(parts))
}

fn all(rest: &mut &[&str], depth: usize) -> Option<License> {
    let mut parts = vec![one(rest, depth)?];
    while take(rest, "AND") {
        parts.push(one(rest, depth)?);
    }
    Some(License::all(parts))
}

fn one(rest: &mut &[&str], depth: usize) -> Option<License> {
    if take(rest, "(") {
        let inner = if depth < DEEPEST { any(rest, depth + 1)? } else { return None };
        return take(rest, ")").then_some(inner);
    }
    let id = id(rest)?;
    if !take(rest, "WITH") {
        return Some(License::Term(id.to_owned()));
    }
    Some(License::Term(format!("{id} WITH {}", self::id(rest)?)))
}

fn take(rest: &mut &[&str], wanted: &str) -> bool {
    match rest.split_first() {
        Some((word, behind)) if *word == wanted || *word == wanted.to_ascii_lowercase() => {
            *rest = behind;
            true
        }
        _ => false,
    }
}

fn id<'t>(rest: &mut &[&'t str]) -> Option<&'t str> {
    let (word, behind) = rest.split_first()?;
    let is_plain = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | ':'));
    let is_operator = ["AND", "OR", "WITH"].iter().any(|operator| word.eq_ignore_ascii_case(operator));
    if !is_plain || is_operator {
        return None;
    }
    *rest = behind;
    Some(word)
}

/// One licence, with its exception.
pub(super) fn spelled(term: &str) -> String {
    match term.split_once(" WITH ") {
        Some((id, exception)) => format!("{} with {exception} exception", short(id)),
        None => short(term),
    }
}

/// An SPDX id as DEP-5 spells it: `GPL-2.0-or-later` is `GPL-2+`.
pub(super) fn short(id: &str) -> String {
    let (base, later) = match id.strip_suffix("-or-later").or_else(|| id.strip_suffix('+')) {
        Some(base) => (base, "+"),
        None => (id.strip_suffix("-only").unwrap_or(id), ""),
    };
    let gnu = ["GPL-", "LGPL-", "AGPL-", "GFDL-"].iter().any(|start| base.starts_with(start));
    let base = if gnu { base.strip_suffix(".0").unwrap_or(base) } else { base };
    match base {
        "MIT" => format!("Expat{later}"),
        "BSD-3-Clause" => format!("BSD-3-clause{later}"),
        "BSD-2-Clause" => format!("BSD-2-clause{later}"),
        _ => format!("{base}{later}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_spelled_as_debian_does() {
        for (spdx, debian) in [
            ("GPL-2.0-only", "GPL-2"),
            ("GPL-2.0-or-later AND LGPL-2.1+", "GPL-2+ and LGPL-2.1+"),
            ("GPL-2.0 WITH Linux-syscall-note", "GPL-2 with Linux-syscall-note exception"),
            ("(MIT OR Apache-2.0)", "Expat or Apache-2.0"),
            ("BSD-3-Clause", "BSD-3-clause"),
            ("A OR B AND C", "A or B and C"),
            ("A OR (B AND C)", "A or B and C"),
            ("(GPL-2.0-only OR MIT) AND BSD-3-Clause", "GPL-2 or Expat, and BSD-3-clause"),
            ("BSD-3-Clause and (GPL-2.0-only or MIT)", "BSD-3-clause, and GPL-2 or Expat"),
            ("(A OR B AND C) AND D AND (E AND F)", "A or B and C, and D, and E, and F"),
            ("A OR B AND (C OR A)", "A or B and C or B and A"),
            ("A AND (B OR C AND (D OR A))", "A and B or A and C and D or A and C"),
        ] {
            let license = License::parse(spdx).unwrap();
            assert_eq!(license.spelled().as_deref(), Some(debian), "{spdx}");
        }
        let license = License::parse("GPL-2.0-only AND (MIT OR BSD-2-Clause WITH x)").unwrap();
        assert_eq!(license.terms(), ["GPL-2.0-only", "MIT", "BSD-2-Clause WITH x"]);
    }

    #[test]
    fn what_is_no_expression_is_none() {
        for text in
            ["", "A B", "A AND", "(A", "A)", "AND A", "A WITH", "A  (not a licence expression)", "<A>"]
        {
            assert_eq!(License::parse(text), None, "{text}");
        }
        let deep = |depth: usize| format!("{}A{}", "(".repeat(depth), ")".repeat(depth));
        assert!(License::parse(&deep(32)).is_some());
        assert_eq!(License::parse(&deep(100_000)), None);
        let many = format!("Z OR Y AND (X OR {})", ["(A OR B)"; 7].join(" AND "));
        assert_eq!(License::parse(&many).unwrap().spelled(), None);
    }
}
