// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a build machine leaves behind in texts: its folders, its users, its name.
//!
//! A path such as `/usr/src/linux` may be meant. So what tracked files say too is no finding; the
//! caller leaves it out.

use std::collections::HashMap;

use gix::bstr::ByteSlice as _;
use serde::Serialize;

/// What kind of trace it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trace {
    /// An absolute path of the machine that made the file.
    MachinePath,
    /// `user@host`, or the name of a host.
    Host,
}

/// A trace in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// What kind it is.
    pub trace: Trace,
    /// The path, or `user@host`.
    pub text: String,
    /// The first line that has it, counted from 1.
    pub line: u32,
    /// How many times the text has it.
    pub times: u32,
}

/// The folders below which people and machines build.
const PREFIXES: [&[u8]; 13] = [
    b"/home/",
    b"/root/",
    b"/tmp/",
    b"/var/tmp/",
    b"/builds/",
    b"/build/",
    b"/usr/src/",
    b"/export/home/",
    b"/scratch/",
    b"/Users/",
    b"/workspace/",
    b"/var/lib/jenkins/",
    b"/var/lib/mock/",
];

/// What automake and autoconf assign the build's own folder to, wherever that is.
const OWN_FOLDER: [&[u8]; 5] =
    [b"abs_srcdir", b"abs_builddir", b"abs_top_srcdir", b"abs_top_builddir", b"ac_pwd"];

/// What config.log and its likes say before a host's name.
const HOST_LINES: [&[u8]; 2] = [b"hostname = ", b"uname -n = "];

/// Names behind an `@` that are networks of LNet, not hosts.
const NETWORKS: [&str; 12] =
    ["tcp", "o2ib", "lo", "gni", "kfi", "efa", "elan", "ptlf", "socklnd", "vib", "ra", "gip"];

/// How many different traces of one text are told apart.
const MOST: usize = 500;

/// Whether git would take it for binary: a zero among the first 8000 bytes.
pub(super) fn is_text(content: &[u8]) -> bool {
    !content[..content.len().min(8000)].contains(&0)
}

/// Every different trace in a text.
pub(super) fn search(text: &[u8]) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::new();
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut found: Vec<(usize, Trace, &[u8])> = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find_byteset(b"/@").map(|at| from + at) {
        from = at + 1;
        let hit = match text[at] {
            b'/' => machine_path(text, at).map(|path| (at, Trace::MachinePath, path)),
            _ => user_at_host(text, at).map(|(start, text)| (start, Trace::Host, text)),
        };
        if let Some(hit) = hit {
            from = from.max(hit.0 + hit.2.len());
            found.push(hit);
        }
    }
    for marker in HOST_LINES {
        let starts = text.find_iter(marker).filter(|&at| at == 0 || text[at - 1] == b'\n');
        for at in starts {
            let rest = &text[at + marker.len()..];
            let name = rest[..rest.find_byte(b'\n').unwrap_or(rest.len())].trim();
            if !name.is_empty() && name.iter().all(|&byte| is_host_byte(byte)) {
                found.push((at, Trace::Host, name));
            }
        }
    }
    found.sort_by_key(|(at, ..)| *at);
    let mut known: HashMap<(Trace, &[u8]), usize> = HashMap::new();
    for (at, trace, text) in found {
        let line = lines.line_of(at);
        if let Some(&nth) = known.get(&(trace, text)) {
            hits[nth].times += 1;
        } else if hits.len() < MOST {
            known.insert((trace, text), hits.len());
            hits.push(Hit { trace, text: text.to_str_lossy().into_owned(), line, times: 1 });
        }
    }
    hits
}

/// Line numbers of ascending offsets.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn line_of(&mut self, at: usize) -> u32 {
        let newlines = self.text[self.at..at].iter().filter(|&&byte| byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
        self.at = at;
        self.line
    }
}

/// The machine's path that begins with the slash at `at`, if one does.
fn machine_path(text: &[u8], at: usize) -> Option<&[u8]> {
    let rest = &text[at..];
    let known = PREFIXES.iter().any(|prefix| rest.starts_with(prefix));
    if !(known || is_own_folder(text, at)) {
        return None;
    }
    let before = text[..at].last().copied().unwrap_or(b' ');
    // Behind a variable or a name it is the rest of another path; behind `-I` it is one of its own.
    let is_flag = at >= 2 && text[at - 2] == b'-' && before.is_ascii_uppercase();
    if !is_flag && (is_path_byte(before) || matches!(before, b')' | b'}' | b'*' | b'?' | b']')) {
        return None;
    }
    let length = rest.iter().position(|&byte| !is_path_byte(byte)).unwrap_or(rest.len());
    let path = rest[..length].trim_end_with(|c| matches!(c, '.' | ',' | ':' | '/' | '-' | '@' | '%'));
    // The prefix alone names no machine.
    let is_bare = PREFIXES.iter().any(|prefix| prefix.len() > path.len() && prefix.starts_with(path));
    (!is_bare && path.len() > 1).then_some(path)
}

/// Whether the path at `at` is what one of [`OWN_FOLDER`] is set to.
fn is_own_folder(text: &[u8], at: usize) -> bool {
    let before = text[..at].trim_end_with(|c| matches!(c, ' ' | '\'' | '"'));
    let Some(name) = before.strip_suffix(b"=") else { return false };
    let name = name.trim_end_with(|c| c == ' ');
    OWN_FOLDER
        .iter()
        .any(|own| name.strip_suffix(*own).is_some_and(|before| matches!(before.last(), None | Some(b'\n'))))
}

fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'.' | b'-' | b'+' | b'~' | b'@' | b'%')
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')
}

/// The `user@host` around the `@` at `at`, and where it starts. An address of mail is no trace: its
/// host has a public domain.
fn user_at_host(text: &[u8], at: usize) -> Option<(usize, &[u8])> {
    let is_user = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let start = text[..at].iter().rposition(|&byte| !is_user(byte)).map_or(0, |before| before + 1);
    let length = text[at + 1..].iter().position(|&byte| !is_host_byte(byte)).unwrap_or(text.len() - at - 1);
    let host = std::str::from_utf8(&text[at + 1..at + 1 + length]).ok()?.trim_end_matches('.');
    let user = &text[start..at];
    let edge = |byte: Option<&u8>| {
        byte.is_none_or(|byte| byte.is_ascii_whitespace() || b"\"'`()<>=,;:[]".contains(byte))
    };
    let is_user_name =
        user.len() <= 32 && user.first().is_some_and(|byte| byte.is_ascii_lowercase() || *byte == b'_');
    if !is_user_name || !edge(text[..start].last()) || !edge(text.get(at + 1 + length)) {
        return None;
    }
    if !host.starts_with(|c: char| c.is_ascii_alphanumeric()) || !is_private_host(host) {
        return None;
    }
    Some((start, &text[start..at + 1 + host.len()]))
}

/// Whether the name is one that only its own network knows.
fn is_private_host(host: &str) -> bool {
    const PRIVATE: [&str; 7] = ["local", "localdomain", "internal", "lan", "corp", "home", "novalocal"];
    match host.rsplit_once('.') {
        Some((_, last)) => PRIVATE.contains(&last),
        None => !NETWORKS.contains(&host.trim_end_matches(|c: char| c.is_ascii_digit())),
    }
}

/// How often a text has `folder`, and on which line first: the build's own folder, learned from
/// another member.
pub(super) fn search_folder(text: &[u8], folder: &str) -> Option<Hit> {
    let mut places = text.find_iter(folder.as_bytes()).filter(|at| {
        !text.get(at + folder.len()).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    });
    let first = places.next()?;
    let line = Lines { text, at: 0, line: 1 }.line_of(first);
    let times = u32::try_from(1 + places.count()).unwrap_or(u32::MAX);
    Some(Hit { trace: Trace::MachinePath, text: folder.to_owned(), line, times })
}

/// The folders that the text says it was built in.
pub(super) fn own_folders(text: &[u8]) -> Vec<String> {
    let mut folders = Vec::new();
    for name in OWN_FOLDER {
        for at in text.find_iter(name) {
            // `ac_pwd='/srv/...` has the least in between, `abs_srcdir = /srv/...` the most.
            let near = &text[at..text.len().min(at + name.len() + 5)];
            let Some(slash) = near.find_byte(b'/').map(|slash| at + slash) else { continue };
            if is_own_folder(text, slash) {
                let rest = &text[slash..];
                let end = rest.iter().position(|&byte| !is_path_byte(byte)).unwrap_or(rest.len());
                let folder = rest[..end].trim_end_with(|c| c == '/').to_str_lossy().into_owned();
                if folder.matches('/').count() >= 2 && !folders.contains(&folder) {
                    folders.push(folder);
                }
            }
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(u32, String)> {
        search(text.as_bytes()).into_iter().map(|hit| (hit.line, hit.text)).collect()
    }

    #[test]
    fn machine_paths_are_found_with_their_lines() {
        let text = "CC = gcc\nCPPFLAGS = -include /tmp/b/config.h -I/home/ann/lustre/include\n\
                    abs_srcdir = /srv/ci/lustre/utils\nX = '/builds/group/lustre.'\nY=/builds/group/lustre\n";
        let expected = [
            (2, "/tmp/b/config.h"),
            (2, "/home/ann/lustre/include"),
            (3, "/srv/ci/lustre/utils"),
            (4, "/builds/group/lustre"),
        ];
        assert_eq!(texts(text), expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(search(text.as_bytes())[3].times, 2);
        assert_eq!(own_folders(text.as_bytes()), ["/srv/ci/lustre/utils"]);
        assert_eq!(search_folder(text.as_bytes(), "/srv/ci/lustre").map(|hit| hit.line), Some(3));
        assert_eq!(search_folder(text.as_bytes(), "/srv/ci/lus"), None);
    }

    #[test]
    fn parts_of_other_paths_are_not() {
        for text in [
            "$(DESTDIR)/usr/src/x",
            "${prefix}/tmp/x",
            "a/home/b",
            "/tmp",
            "/tmp/",
            "/usr/srcs/x",
            "mktemp -d ${TMPDIR-/tmp}/x",
            "/home/$USER",
            "abs_srcdir = @abs_srcdir@",
        ] {
            assert_eq!(texts(text), [], "{text}");
        }
    }

    #[test]
    fn hosts_are_found_and_mail_addresses_are_not() {
        let text = "built by jenkins@builder-03 on Monday\nroot@vm.localdomain: x\nhostname = node7\n";
        let expected = [(1, "jenkins@builder-03"), (2, "root@vm.localdomain"), (3, "node7")];
        assert_eq!(texts(text), expected.map(|(line, text)| (line, text.to_owned())));
        for text in [
            "bug-automake@gnu.org",
            "<a.b@example.com>",
            "s@foo@bar@",
            "@abs_srcdir@",
            "mgs@tcp0",
            "10.0.0.1@o2ib",
            "server@o2ib1:/scratch",
            "lnet@.service",
        ] {
            assert_eq!(texts(text), [], "{text}");
        }
    }
}
