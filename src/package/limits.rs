// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A range of kernels as dkms understands one: BUILD_EXCLUSIVE_KERNEL of dkms(8), a regular expression
//! of bash (POSIX.2 extended) that is searched in the kernel's release.

use crate::model::version::KernelRange;

/// The first numbers inside of a range, and the first ones outside again: a distribution's kernel does not
/// always say that it is a candidate, so one counts as the release that it leads to. Where the range has a
/// part of the candidates, it has that release.
#[must_use]
pub(super) fn edges(range: &KernelRange) -> (Option<[u32; 3]>, Option<[u32; 3]>) {
    let from = range.min().map(|min| min.numbers());
    let before = range.max().map(|max| {
        let [major, minor, patch] = max.numbers();
        // Before the first candidate there is nothing.
        let has_part = max.candidate().is_some_and(|candidate| candidate > 1) || from == Some(max.numbers());
        [major, minor, if has_part { patch + 1 } else { patch }]
    });
    (from, before)
}

/// Numbers as kernels have them: `6.13`, `6.12.58`.
pub(super) fn spelled([major, minor, patch]: [u32; 3]) -> String {
    if patch == 0 { format!("{major}.{minor}") } else { format!("{major}.{minor}.{patch}") }
}

/// A regular expression that matches the releases of the kernels in the range: `6.1.0-56-amd64` and
/// `6.12.63+deb12-amd64` for `>=6.1, <6.13`. `None` where every kernel is in it.
///
/// A candidate counts as the release that it leads to, on the edges too: `<=6.18-rc6` has 6.18.
#[must_use]
pub fn expression(range: &KernelRange) -> Option<String> {
    let (from, before) = edges(range);
    if from.is_none() && before.is_none() {
        return None;
    }
    let from = from.unwrap_or([0; 3]);
    let mut alternatives = Vec::new();
    between(Some(&from), before.as_ref().map(|numbers| numbers.as_slice()), String::new(), &mut alternatives);
    Some(format!("^({})([^0-9]|$)", alternatives.join("|")))
}

/// Adds expressions for the numbers from `from` on and before `before`, component by component.
fn between(from: Option<&[u32]>, before: Option<&[u32]>, prefix: String, out: &mut Vec<String>) {
    let dotted =
        |number: &str| if prefix.is_empty() { number.to_owned() } else { format!("{prefix}\\.{number}") };
    let zero = |rest: &[u32]| rest.iter().all(|number| *number == 0);
    let low = from.and_then(|from| from.split_first());
    let high = before.and_then(|before| before.split_first());
    if let (Some((low, low_rest)), Some((high, high_rest))) = (low, high)
        && low == high
    {
        between(Some(low_rest), Some(high_rest), dotted(&low.to_string()), out);
        return;
    }
    let mut first = 0;
    if let Some((low, rest)) = low {
        first = *low;
        if !zero(rest) {
            between(Some(rest), None, dotted(&low.to_string()), out);
            first += 1;
        }
    }
    match high {
        None => out.push(dotted(&at_least(first))),
        Some((high, rest)) => {
            if *high > first {
                out.push(dotted(&group(&numbers(first, *high - 1))));
            }
            if !zero(rest) {
                between(None, Some(rest), dotted(&high.to_string()), out);
            }
        }
    }
}

fn group(alternatives: &[String]) -> String {
    match alternatives {
        [one] => one.clone(),
        several => format!("({})", several.join("|")),
    }
}

/// Every number from `low` on.
fn at_least(low: u32) -> String {
    let digits = low.to_string().len();
    let top = 10_u32.saturating_pow(u32::try_from(digits).unwrap_or(9)).saturating_sub(1);
    let mut alternatives = numbers(low, top);
    alternatives.push(format!("[1-9][0-9]{{{digits},}}"));
    group(&alternatives)
}

/// Expressions for the decimal numbers from `low` to `high`, both inside: the range is cut where a
/// number of last digits runs from all 0 to all 9, so that each part fixes its first digits.
fn numbers(low: u32, high: u32) -> Vec<String> {
    let mut ends = std::collections::BTreeSet::from([high]);
    for power in (1..9).map(|power| 10_u32.pow(power)) {
        let nines = (low / power) * power + (power - 1);
        if nines < high {
            ends.insert(nines);
        }
        let zeros = ((high + 1) / power) * power;
        if zeros > low && zeros <= high {
            ends.insert(zeros - 1);
        }
    }
    let mut start = low;
    ends.into_iter()
        .map(|end| {
            let part = digits(start, end);
            start = end + 1;
            part
        })
        .collect()
}

/// One part: both have as many digits, and those that differ are a run from one digit to another.
fn digits(low: u32, high: u32) -> String {
    let (low, high) = (low.to_string(), high.to_string());
    low.chars()
        .zip(high.chars())
        .map(|(low, high)| if low == high { low.to_string() } else { format!("[{low}-{high}]") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_exactly_one_part() {
        let digit = |part: &str, text: &str| {
            // An expression of single digits and `[a-b]` alone.
            let mut rest = part;
            for c in text.chars() {
                let (low, high, used) = match rest.as_bytes() {
                    [b'[', low, b'-', high, b']', ..] => (*low, *high, 5),
                    [one, ..] => (*one, *one, 1),
                    [] => return false,
                };
                if !(low..=high).contains(&(c as u8)) {
                    return false;
                }
                rest = &rest[used..];
            }
            rest.is_empty()
        };
        for (low, high) in [(0, 0), (0, 9), (1, 12), (18, 117), (9, 10), (99, 1000), (0, 255), (57, 58)] {
            let parts = numbers(low, high);
            for number in 0..1200 {
                let count = parts.iter().filter(|part| digit(part, &number.to_string())).count();
                assert_eq!(
                    count,
                    usize::from((low..=high).contains(&number)),
                    "{number} in {low}..{high}: {parts:?}"
                );
            }
        }
    }

    #[test]
    fn ranges_become_expressions() {
        for (range, expected) in [
            (">=6.1, <6.13", Some(r"^(6\.([1-9]|1[0-2]))([^0-9]|$)")),
            (">=4.18, <7.1", Some(r"^(4\.(1[8-9]|[2-9][0-9]|[1-9][0-9]{2,})|[5-6]|7\.0)([^0-9]|$)")),
            ("=6.12", Some(r"^(6\.12)([^0-9]|$)")),
            (">=6.12.5, <6.12.7", Some(r"^(6\.12\.[5-6])([^0-9]|$)")),
            ("=6.18-rc2", Some(r"^(6\.18\.0)([^0-9]|$)")),
            (">=6.1, <=6.18-rc6", Some(r"^(6\.([1-9]|1[0-7])|6\.18\.0)([^0-9]|$)")),
            (">=6.17, <6.18-rc1", Some(r"^(6\.17)([^0-9]|$)")),
            ("=6.18-rc0", Some(r"^(6\.18\.0)([^0-9]|$)")),
            ("<5.0", Some(r"^([0-4])([^0-9]|$)")),
            (">=5.14", Some(r"^(5\.(1[4-9]|[2-9][0-9]|[1-9][0-9]{2,})|([6-9]|[1-9][0-9]{1,}))([^0-9]|$)")),
        ] {
            let range = KernelRange::parse(range).unwrap();
            assert_eq!(expression(&range).as_deref(), expected, "{range}");
        }
    }
}
