// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Comparing texts in which numbers stand.

use std::cmp::Ordering;

/// Compares segment by segment as RPM's `rpmvercmp` does: runs of digits as numbers, runs of
/// letters as text, a number above letters, more segments above fewer, `~` below everything;
/// other characters only separate. dpkg gives the same order for texts of letters and digits that
/// start with a letter, which is why a vendor's name and `g` + commit may be compared so.
///
/// Different texts can come out equal (`a01` and `a1`): a caller that needs a total order adds one.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        left = left.trim_start_matches(is_separator);
        right = right.trim_start_matches(is_separator);
        match (left.strip_prefix('~'), right.strip_prefix('~')) {
            (Some(after), Some(also)) => {
                (left, right) = (after, also);
                continue;
            }
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        let (a, left_rest) = segment(left);
        let (b, right_rest) = segment(right);
        let order = match (a.is_empty(), b.is_empty()) {
            (true, true) => return Ordering::Equal,
            (false, false) if is_number(a) && is_number(b) => compare_numbers(a, b),
            (false, false) => is_number(a).cmp(&is_number(b)).then_with(|| a.cmp(b)),
            (a_ended, b_ended) => b_ended.cmp(&a_ended),
        };
        if order.is_ne() {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
}

fn is_separator(c: char) -> bool {
    !c.is_ascii_alphanumeric() && c != '~'
}

fn is_number(segment: &str) -> bool {
    segment.starts_with(|c: char| c.is_ascii_digit())
}

/// The longest run of digits, or of letters, at the start.
fn segment(text: &str) -> (&str, &str) {
    let digits = is_number(text);
    let end =
        text.find(|c: char| !c.is_ascii_alphanumeric() || c.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

/// Numbers of any length: the part of a commit may have twelve digits.
fn compare_numbers(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_text_compare_as_numbers() {
        let ascending = ["~9", "", "a", "a9", "a10", "ab", "-35-generic", "-35-lowlatency", "-35.1", "-100"];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(compare("a01", "a1"), Ordering::Equal);
        assert_eq!(compare("-611.13.1.el9_7", "-611.el9"), Ordering::Greater);
    }
}
