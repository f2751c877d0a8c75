// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lustre's change log: an entry per release, the newest first.
//!
//! ```text
//! 2025-12-29 Whamcloud
//!        * version 2.17.0
//!        * Server primary kernels built and tested during release cycle:
//!          5.14.0-611.13.1.el9  (RHEL9.7)
//! ```
//!
//! An entry begins where a line begins with a date, or with `TBD` before there is one.

use super::entry_date::EntryDate;
use super::listed::{self, Heading};
use super::support::{Lists, Support, Unread};
use super::terms::Side;
use crate::model::version::LustreVersion;

/// One release in the change log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line that it begins on, from 1.
    pub line: u32,
    /// The day of the release.
    pub date: EntryDate,
    /// The text behind `* version`; none where there is no such line.
    pub version_text: Option<String>,
    /// The kernels of servers.
    pub server: Lists,
    /// The kernels of clients.
    pub client: Lists,
    /// Lines that should name a kernel and could not be read.
    pub unread: Vec<Unread>,
}

impl Entry {
    /// The version, where there is one.
    #[must_use]
    pub fn version(&self) -> Option<LustreVersion> {
        LustreVersion::parse(self.version_text.as_deref()?).ok()
    }
}

impl From<Entry> for Support {
    fn from(entry: Entry) -> Self {
        Self {
            entry: entry.version(),
            date: entry.date,
            server: entry.server,
            client: entry.client,
            unread: entry.unread,
        }
    }
}

/// The newest entry, which is the first; none where the text has no entry at all.
///
/// Nothing behind it is read: a change log goes back twenty years.
#[must_use]
pub fn top_entry(text: &str) -> Option<Entry> {
    entries(text).next()
}

/// Every entry in turn.
pub(super) fn entries(text: &str) -> Entries<'_> {
    let mut lines = (1..).zip(text.lines());
    let head = lines.find_map(head);
    Entries { lines, head }
}

pub(super) struct Entries<'t> {
    lines: std::iter::Zip<std::ops::RangeFrom<u32>, std::str::Lines<'t>>,
    /// The first line of the entry that comes next.
    head: Option<(u32, EntryDate)>,
}

/// An entry's first line: nothing before the date, and somebody's name behind it.
fn head((number, line): (u32, &str)) -> Option<(u32, EntryDate)> {
    let (word, name) = line.split_once(char::is_whitespace)?;
    let named = name.trim_start().starts_with(|c: char| c.is_ascii_alphabetic());
    named.then(|| EntryDate::read(word)).flatten().map(|date| (number, date))
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let (line, date) = self.head.take()?;
        let mut entry = Entry {
            line,
            date,
            version_text: None,
            server: Lists::default(),
            client: Lists::default(),
            unread: Vec::new(),
        };
        let mut heading = Heading::Other;
        for (number, text) in self.lines.by_ref() {
            if let Some(next) = head((number, text)) {
                self.head = Some(next);
                break;
            }
            read_line(&mut entry, &mut heading, number, text);
        }
        Some(entry)
    }
}

fn read_line(entry: &mut Entry, heading: &mut Heading, number: u32, text: &str) {
    let line = text.trim();
    if line.is_empty() {
        return;
    }
    let mut unread = || entry.unread.push(Unread { line: number, text: line.to_owned() });
    if let Some(bullet) = line.strip_prefix('*') {
        let bullet = bullet.trim();
        if entry.version_text.is_none()
            && let Some((word, version)) = bullet.split_once(char::is_whitespace)
            && word.eq_ignore_ascii_case("version")
        {
            entry.version_text = Some(version.trim().to_owned());
        }
        *heading = listed::heading(bullet);
        if *heading == Heading::Unread {
            unread();
        }
        return;
    }
    // What stands at the margin ends the list: a ruler, the first change.
    if !text.starts_with(char::is_whitespace) {
        *heading = Heading::Other;
        return;
    }
    match (*heading, listed::kernel(line)) {
        (Heading::Kernels(side, class), Some((distribution, kernel))) => {
            let lists = match side {
                Side::Server => &mut entry.server,
                Side::Client => &mut entry.client,
            };
            lists.of_mut(class).entry(distribution).or_default().push(kernel);
        }
        (Heading::Kernels(..), None) => unread(),
        // The heading itself has drifted: what it lists must not be lost without a word.
        (_, Some(_)) => unread(),
        (_, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Class, Distribution, Kernels};

    fn shown(kernels: &Kernels) -> Vec<String> {
        kernels.values().flatten().map(|kernel| format!("{} ({})", kernel.release, kernel.label)).collect()
    }

    const OF_TODAY: &str = "\
TBD Example
       * version 2.19.0
       * See https://wiki.example.org/Support+Matrix
         for currently supported client and server kernel versions.
       * Server primary kernels built and tested during release cycle:
         5.14.0-611.55.1.el9  (RHEL9.7)
         4.18.0-80.el8\t     (RHEL8.0)
       * Other server kernels known to build and work at some point (others may also work):
         vanilla linux 6.12.6 (ZFS + ldiskfs)
         5.10.0-136.32.0.108.oe2203sp1 (openEuler 22.03 LTS SP1)
       * ldiskfs needs an ldiskfs patch series for that kernel, ZFS does not
       * Client primary kernels built and tested during release cycle:
         6.8.0-35             (Ubuntu 24.04)
         6.12.0-124.56.1.el10 (RHEL 10.1)
       * Other clients known to build on these kernels at some point (others may also work):
         7.0.8                (vanilla kernel.org)
         7.0.9-205.fc44.x86_64 (Fedora 44)
       * Recommended e2fsprogs version: 1.47.3-wc3 or newer
       * NFS export disabled when stack size < 8192 (32-bit clients),
         since the export with 4K stack may cause a
         stack overflow.

--------------------------------------------------------------------------------


2025-12-29  Example
       * version 2.18.0
";

    #[test]
    fn an_entry_of_today() {
        let entry = top_entry(OF_TODAY).unwrap();
        assert_eq!((entry.line, &entry.date), (1, &EntryDate::ToBeDone));
        assert_eq!(entry.version(), LustreVersion::parse("2.19.0").ok());
        assert_eq!(shown(&entry.server.tested), ["5.14.0-611.55.1.el9 (RHEL9.7)", "4.18.0-80.el8 (RHEL8.0)"]);
        assert_eq!(
            shown(&entry.server.known),
            ["5.10.0-136.32.0.108.oe2203sp1 (openEuler 22.03 LTS SP1)", "6.12.6 (ZFS + ldiskfs)"]
        );
        assert_eq!(
            shown(&entry.client.tested),
            ["6.12.0-124.56.1.el10 (RHEL 10.1)", "6.8.0-35 (Ubuntu 24.04)"]
        );
        assert_eq!(
            shown(&entry.client.known),
            ["7.0.9-205.fc44.x86_64 (Fedora 44)", "7.0.8 (vanilla kernel.org)"]
        );
        assert!(entry.client.known.contains_key(&Distribution::Vanilla));
        assert_eq!(entry.unread, []);

        let entries: Vec<_> = entries(OF_TODAY).map(|entry| (entry.line, entry.date.to_string())).collect();
        assert_eq!(entries, [(1, "TBD".to_owned()), (26, "2025-12-29".to_owned())]);
    }

    /// The headings of 2.10 to today.
    #[test]
    fn headings_drifted() {
        use {
            Class::{Known, Tested},
            Side::{Client, Server},
        };
        for (text, side, class) in [
            ("Server known to build on patched kernels:", Server, Known),
            ("Client known to build on unpatched kernels:", Client, Known),
            ("Server known to build on the following kernels (others may also work):", Server, Known),
            ("Client known to build on unpatched kernels (others may also work):", Client, Known),
            ("Server primary kernels built and tested during release cycle:", Server, Tested),
            ("Client primary unpatched kernels built and tested during release cycle:", Client, Tested),
            (
                "Other server kernels known to build and work at some point (others may also work):",
                Server,
                Known,
            ),
            (
                "Other clients known to build on unpatched kernels at some point (others may also work):",
                Client,
                Known,
            ),
            ("Server support for kernels:", Server, Known),
            ("Client builds for unpatched kernels:", Client, Known),
        ] {
            let log = format!(
                "2020-01-01 Example\n    * version 2.14.0\n    * {text}\n      4.18.0 (kernel.org)\n"
            );
            let entry = top_entry(&log).unwrap();
            let lists = if side == Server { &entry.server } else { &entry.client };
            assert_eq!(shown(lists.of(class)), ["4.18.0 (kernel.org)"], "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_line() {
        let log = "\
2020-01-01 Example
       * version 2.14.0
       * Server known to build on patched kernels:
         2.6.16 - 2.6.22 vanilla (kernel.org)
         4.18.0-80.el8 RHEL8.0
         (see http://wiki.example.org/Clients)
         2.6.18.8 vanilla (kernel.org),
       * Kernels that somebody tried:
         4.18.0-147.el8 (RHEL8.1)
       * Kernels somebody tried once
         4.18.0-193.el8 (RHEL8.2)
";
        let entry = top_entry(log).unwrap();
        let unread: Vec<_> = entry.unread.iter().map(|unread| (unread.line, unread.text.as_str())).collect();
        assert_eq!(
            unread,
            [
                (4, "2.6.16 - 2.6.22 vanilla (kernel.org)"),
                (5, "4.18.0-80.el8 RHEL8.0"),
                (6, "(see http://wiki.example.org/Clients)"),
                (8, "* Kernels that somebody tried:"),
                (9, "4.18.0-147.el8 (RHEL8.1)"),
                (11, "4.18.0-193.el8 (RHEL8.2)"),
            ]
        );
        assert_eq!(shown(&entry.server.known), ["2.6.18.8 (kernel.org)"]);
    }

    #[test]
    fn first_lines_of_entries() {
        for (line, date) in [
            ("2025-12-29 Whamcloud", "2025-12-29"),
            ("12-21-2018 Whamcloud", "2018-12-21"),
            ("9-30-2012 Whamcloud, Inc.", "2012-09-30"),
            ("27-08-2012 Whamcloud, Inc.", "2012-08-27"),
            ("'06-19-2023 Whamcloud", "2023-06-19"),
            ("2022-05-XX Whamcloud", "2022-05-XX"),
            ("13-13-2018 Whamcloud", "13-13-2018"),
            ("TBD  Whamcloud", "TBD"),
            ("2010-07-15\tOracle, Inc.", "2010-07-15"),
        ] {
            assert_eq!(top_entry(line).unwrap().date.to_string(), date, "{line}");
        }
        for line in
            ["", "TBD", "Severity   : minor", " TBD Example", "2025-12-29", "1-2-3 4", "10-20 minutes later"]
        {
            assert_eq!(top_entry(line), None, "{line}");
        }
    }
}
