// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Requirements on versions of Lustre: what a user lets be chosen from.

use std::cmp::Ordering;
use std::fmt;

use super::scan::Scanner;
use super::{LustreVersion, VersionError, text::as_text};

/// Versions of Lustre that will do: `^2.17`, `~2.15.7`, `>=2.15, <2.17`, `2.15`, `*`.
///
/// Comparators with commas between them, all of which must hold, as Cargo has them
/// (<https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html>): `^2.17` is 2.17 and
/// later before 3, `~2.15.7` is 2.15.7 and later before 2.16. It differs where Lustre does:
///
/// * A bare version is itself and not a `^`: 2.15 is the branch b2_15, every 2.15.x. So is `2.15.*`.
/// * There may be four numbers. A fourth number that is not written is 0.
/// * A candidate counts as the release that it leads to, as in a
///   [`KernelRange`](super::KernelRange): 2.17.0-RC4 is outside of `<2.17`, and inside of `^2.17`. A
///   comparator that names a candidate is exact: `>=2.17.0-RC3`.
///
/// Whether candidates and snapshots are wanted at all is not for the requirement to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    text: String,
    comparators: Vec<Comparator>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparator {
    operator: Operator,
    /// One to four; none for `*`.
    numbers: Vec<u32>,
    candidate: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    AtLeast,
    AtMost,
    Later,
    Earlier,
    Caret,
    Tilde,
    Is,
}

/// The longer ones first: `>` is the start of `>=`.
const OPERATORS: [(&str, Operator); 7] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    (">", Operator::Later),
    ("<", Operator::Earlier),
    ("^", Operator::Caret),
    ("~", Operator::Tilde),
    ("=", Operator::Is),
];

impl Requirement {
    /// Reads comparators with commas between them.
    ///
    /// # Errors
    /// One is no comparator, or something else than a comma follows.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let text = text.trim();
        let mut scanner = Scanner::new("release requirement", text);
        let mut comparators = Vec::new();
        loop {
            comparators.push(Comparator::scan(&mut scanner)?);
            if !scanner.eat(",") {
                break;
            }
        }
        scanner.end("`,` and another comparator, or the end")?;
        Ok(Self { text: text.to_owned(), comparators })
    }

    /// Whether the version will do.
    #[must_use]
    pub fn allows(&self, version: &LustreVersion) -> bool {
        self.comparators.iter().all(|comparator| comparator.allows(version))
    }
}

/// As it was written.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

as_text!(Requirement);

impl Comparator {
    fn scan(scanner: &mut Scanner<'_>) -> Result<Self, VersionError> {
        let blank = |c: char| c.is_ascii_whitespace();
        scanner.eat_while(blank);
        let written = OPERATORS.into_iter().find(|(text, _)| scanner.eat(text));
        let operator = written.map_or(Operator::Is, |(_, operator)| operator);
        scanner.eat_while(blank);
        let mut numbers = Vec::new();
        let mut candidate = None;
        if written.is_some() || !scanner.eat("*") {
            let first = match written {
                Some(_) => "a version of Lustre, such as `2.17`",
                None => "a comparator such as `^2.17`, `~2.15.7`, `>=2.15` or `2.15`",
            };
            numbers.push(scanner.number(first)?);
            while numbers.len() < 4 && scanner.eat(".") {
                if operator == Operator::Is && scanner.eat("*") {
                    break;
                }
                numbers.push(scanner.number("another number of the version")?);
            }
            if numbers.len() >= 3 && (scanner.eat("-RC") || scanner.eat("-rc")) {
                candidate = Some(scanner.number("the number of the release candidate")?);
            }
        }
        scanner.eat_while(blank);
        Ok(Self { operator, numbers, candidate })
    }

    fn allows(&self, version: &LustreVersion) -> bool {
        let shared = |count: usize| {
            let count = count.min(self.numbers.len());
            version.numbers()[..count] == self.numbers[..count]
        };
        let order = self.order(version);
        match self.operator {
            Operator::AtLeast => order.is_ge(),
            Operator::AtMost => order.is_le(),
            Operator::Later => order.is_gt(),
            Operator::Earlier => order.is_lt(),
            Operator::Is => order.is_eq(),
            Operator::Tilde => order.is_ge() && shared(2),
            // Up to the first number that is not 0, as in Cargo: ^0.5 is 0.5.x.
            Operator::Caret => {
                let zeros = self.numbers.iter().take_while(|number| **number == 0).count();
                order.is_ge() && shared(zeros + 1)
            }
        }
    }

    /// A version held against the one that is named; equal where it is one of the series that one or two
    /// numbers name.
    fn order(&self, version: &LustreVersion) -> Ordering {
        let numbers = version.numbers();
        if self.numbers.len() < 3 {
            return numbers[..self.numbers.len()].cmp(&self.numbers[..]);
        }
        let mut named = [0; 4];
        named[..self.numbers.len()].copy_from_slice(&self.numbers);
        let candidates = self
            .candidate
            .map_or(Ordering::Equal, |named| version.candidate().unwrap_or(u32::MAX).cmp(&named));
        numbers.cmp(&named).then(candidates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(requirement: &str, version: &str) -> bool {
        Requirement::parse(requirement).unwrap().allows(&LustreVersion::parse(version).unwrap())
    }

    #[test]
    fn requirements_allow_what_their_writer_means() {
        for (text, inside, outside) in [
            ("^2.17", "2.17.0 2.17.0-RC4 2.17.57 2.99.0", "2.16.1 3.0.0 3.0.0-RC1"),
            ("^2.17.1", "2.17.1 2.18.0 2.17.1.0", "2.17.0 3.0.0"),
            ("^2", "2.0.0 2.17.57", "1.8.9 3.0.0"),
            ("^0.5", "0.5.20.3 0.5.0", "0.6.0 1.0.0 0.4.9"),
            ("^0.0", "0.0.4", "0.1.0"),
            ("~2.15.7", "2.15.7 2.15.8 2.15.91 2.15.7.1", "2.15.6 2.16.0"),
            ("~2.15", "2.15.0-RC1 2.15.0 2.15.91", "2.14.57 2.16.0"),
            ("~2", "2.0.0 2.17.0", "1.8.9 3.0.0"),
            (">=2.15, <2.17", "2.15.0 2.16.1 2.16.0-RC2", "2.14.0 2.17.0-RC4 2.17.0"),
            (">2.15", "2.16.0 2.16.0-RC1", "2.15.8 2.15.91"),
            (">2.15.7", "2.15.8 2.15.7.1", "2.15.7 2.15.7-RC1"),
            ("<=2.15", "2.15.91 2.12.9", "2.16.0-RC1"),
            ("<=2.15.7", "2.15.7 2.15.7.0", "2.15.7.1 2.15.8"),
            ("2.15", "2.15.0 2.15.8 2.15.91", "2.16.0"),
            ("=2.15", "2.15.0 2.15.8", "2.16.0"),
            ("2.15.*", "2.15.0 2.15.8", "2.16.0"),
            ("2.*", "2.15.0 2.99.8", "3.0.0"),
            ("*", "0.5.20.3 2.15.0", ""),
            ("=2.8.59", "2.8.59 2.8.59.0", "2.8.59.1 2.8.60"),
            ("~2.8.59.1", "2.8.59.1 2.8.60", "2.8.59.0 2.9.0"),
            (">=2.17.0-RC3", "2.17.0-RC3 2.17.0-RC10 2.17.0 2.17.1-RC1", "2.17.0-RC2 2.16.1"),
            (" >= 2.15.7 ,< 2.16 , 2.15 ", "2.15.7", "2.15.6 2.16.0"),
        ] {
            for version in inside.split_whitespace() {
                assert!(allows(text, version), "{version} is to be in {text}");
            }
            for version in outside.split_whitespace() {
                assert!(!allows(text, version), "{version} is not to be in {text}");
            }
        }
    }

    /// Where a requirement is one of Cargo's and a version one of SemVer's, both agree. Lustre's own
    /// tags are the versions.
    #[test]
    fn it_agrees_with_cargo_where_cargo_has_a_word() {
        let versions: Vec<[u32; 3]> =
            (0..3).flat_map(|a| (0..4).flat_map(move |b| (0..4).map(move |c| [a, b, c]))).collect();
        for operator in ["^", "~", ">=", ">", "<", "<=", "="] {
            for numbers in ["0", "1", "2", "0.0", "0.1", "1.0", "1.2", "0.0.2", "0.1.1", "1.2.2"] {
                let text = format!("{operator}{numbers}");
                let theirs = cargo(operator, numbers);
                for version in &versions {
                    let [major, minor, patch] = version;
                    let ours = allows(&text, &format!("{major}.{minor}.{patch}"));
                    assert_eq!(ours, theirs(*version), "{version:?} in {text}");
                }
            }
        }
    }

    /// The ranges of the semver crate's documentation, written as first and last edge.
    fn cargo(operator: &str, numbers: &str) -> impl Fn([u32; 3]) -> bool + use<> {
        let given: Vec<u32> = numbers.split('.').map(|number| number.parse().unwrap()).collect();
        let at = |nth: usize| given.get(nth).copied().unwrap_or(0);
        let first = [at(0), at(1), at(2)];
        let next = |place: usize| {
            let mut edge = [0; 3];
            edge[..=place].copy_from_slice(&first[..=place]);
            edge[place] += 1;
            edge
        };
        let last = given.len() - 1;
        let caret = (0..given.len()).find(|nth| given[*nth] != 0).unwrap_or(last);
        let all = [u32::MAX; 3];
        let (from, before) = match operator {
            "^" => (first, next(caret)),
            "~" => (first, next(last.min(1))),
            ">=" => (first, all),
            ">" => (next(last), all),
            "<" => ([0; 3], first),
            "<=" => ([0; 3], next(last)),
            _ => (first, next(last)),
        };
        move |version| from <= version && version < before
    }

    #[test]
    fn errors_say_where() {
        for (text, message) in [
            (
                "",
                "`` is not a release requirement: expected a comparator such as `^2.17`, `~2.15.7`, \
                 `>=2.15` or `2.15` at its end",
            ),
            (
                ">= 2.15 <2.17",
                "`>= 2.15 <2.17` is not a release requirement: expected `,` and another comparator, or the \
                 end at character 9 (`<2.17`)",
            ),
            (
                "~v2.15",
                "`~v2.15` is not a release requirement: expected a version of Lustre, such as `2.17` at \
                 character 2 (`v2.15`)",
            ),
            (
                "^2.15.",
                "`^2.15.` is not a release requirement: expected another number of the version at its end",
            ),
            (
                "2.17-RC1",
                "`2.17-RC1` is not a release requirement: expected `,` and another comparator, or the end \
                 at character 5 (`-RC1`)",
            ),
            (
                "^2.17.0+k6.12",
                "`^2.17.0+k6.12` is not a release requirement: expected `,` and another comparator, or the \
                 end at character 8 (`+k6.12`)",
            ),
        ] {
            assert_eq!(Requirement::parse(text).unwrap_err().to_string(), message);
        }
    }
}
