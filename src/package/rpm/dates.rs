// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The dates in a `%changelog`: rpm refuses one in which an entry is later than the one above it.

use std::sync::Arc;

use crate::model::{Problem, SourceText};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Year, month and day.
type Day = (u32, usize, u32);

/// The first entry of a spec file's change log that is later than the one above it. `source` is the tree's
/// file, which most entries are from.
pub(super) fn rises(spec: &str, name: &str, source: &Arc<SourceText>) -> Option<Problem> {
    let mut above: Option<(Day, &str)> = None;
    for line in spec.lines().skip_while(|line| line.trim_end() != "%changelog") {
        let Some((day, date)) = day(line) else { continue };
        if let Some((_, date_above)) = above.filter(|(earlier, _)| *earlier < day) {
            let problem = Problem::new(format!("the change log of `{name}` would go up in time"))
                .note(format!("`{date}` stands below `{date_above}`, which rpm refuses"))
                .help(
                    "leave out a `--previous` that is older than that; or mend the date with a patch in the \
                     manifest; or use ours: `--packaging ours`",
                );
            let in_tree = source.text.find(line).map(|start| start..start + line.len());
            return Some(match in_tree {
                Some(span) => problem.at(source, span, "is later than the entry that goes above it"),
                None => problem,
            });
        }
        above = Some((day, date));
    }
    None
}

/// The date of the line that begins an entry, and its text: `* Thu Jan 01 2026 Name <mail> - 1`, or with the
/// time and its zone in front of the year.
fn day(line: &str) -> Option<(Day, &str)> {
    let rest = line.strip_prefix('*')?.trim_start();
    let mut words = rest.split_whitespace();
    let (_, month, day, mut year) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if year.contains(':') {
        year = words.nth(1)?;
    }
    let month = MONTHS.iter().position(|name| *name == month)?;
    let end = rest.find(year)? + year.len();
    Some(((year.parse().ok()?, month, day.parse().ok()?), &rest[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_is_later_is_found() {
        let source = Arc::new(SourceText { name: "a.spec.in".to_owned(), text: String::new() });
        let log = |days: &[&str]| {
            let entries = days.iter().map(|day| format!("* {day} A <a@b.c> - 1\n- Text.\n* odd\n"));
            let text =
                format!("%description\n* Fri Jan 02 2099 x\n%changelog\n{}", entries.collect::<String>());
            rises(&text, "a.spec", &source).map(|problem| problem.notes.concat())
        };
        assert_eq!(log(&["Fri Jan 02 2026", "Fri Jan 02 2026", "Wed Dec 31 2025", "Sun Mar 1 2015"]), None);
        assert_eq!(log(&["Fri Jan 02 2026", "Thu Jan 01 12:00:00 UTC 2026"]), None);
        assert_eq!(
            log(&["Fri Jan 02 2026", "Thu Jan 01 2026", "Fri Jan 02 03:04:05 UTC 2026"]).as_deref(),
            Some("`Fri Jan 02 03:04:05 UTC 2026` stands below `Thu Jan 01 2026`, which rpm refuses")
        );
    }
}
