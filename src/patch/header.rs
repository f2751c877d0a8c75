// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The text above the changes: who wrote the patch, and which upstream commit it carries.

use super::cursor::trim;

/// What stands above the first change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// The commit that `git format-patch` or `git show` made the patch from.
    pub commit: Option<String>,
    /// The author, with address.
    pub from: Option<String>,
    /// The author date, as written.
    pub date: Option<String>,
    /// The subject on one line, without the `[PATCH n/m]` in front.
    pub subject: Option<String>,
    /// Commits that the text says the patch was taken from, in order.
    pub upstream: Vec<Mention>,
    /// All of the text, as it is.
    pub text: Vec<u8>,
}

/// A line that says where the change comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The commit id, in full or abbreviated.
    pub commit: String,
    /// The line that says so, without white space around it.
    pub text: String,
    /// Where it stands in the patch file, from 1.
    pub line: usize,
}

impl Header {
    /// Reads the lines above the first change.
    pub(super) fn read(lines: &[&[u8]]) -> Header {
        let text: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(trim(line))).collect();
        let mut header = Header { text: lines.concat(), ..Header::default() };
        let first = text.first().map_or("", |line| line.trim_end());
        header.commit = mail_commit(first).or_else(|| shown_commit(first)).map(str::to_owned);
        let mut rest = text.iter().map(|line| line.trim_end());
        for (key, value) in fields(rest.by_ref()) {
            match key.as_str() {
                "from" | "author" => _ = header.from.get_or_insert(value),
                "date" | "last-update" => _ = header.date.get_or_insert(value),
                "subject" | "description" => _ = header.subject.get_or_insert(value),
                _ => {}
            }
        }
        if shown_commit(first).is_some() {
            // `git show` has the message indented behind its fields.
            header.subject = rest.find(|line| !line.is_empty()).map(|line| line.trim().to_owned());
        }
        header.from = header.from.map(|from| decode(&from));
        header.subject = header.subject.map(|subject| without_tag(&decode(&subject)).to_owned());
        for (index, line) in text.iter().enumerate() {
            let line = line.trim();
            if is_mention(line) {
                header.upstream.extend(commits(line).map(|commit| Mention {
                    commit: commit.to_owned(),
                    text: line.to_owned(),
                    line: index + 1,
                }));
            }
        }
        header
    }

    /// Whether the text is a mail or commit message, which may talk about diffs.
    pub(super) fn is_message(&self) -> bool {
        self.commit.is_some() || self.subject.is_some()
    }
}

/// The `Key: value` lines up to the first empty line, keys in lower case. A line that starts with a
/// blank goes on with the one before.
fn fields<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        match (line.strip_prefix([' ', '\t']), fields.last_mut(), line.split_once(": ")) {
            (Some(more), Some((_, value)), _) => {
                value.push(' ');
                value.push_str(more.trim_start());
            }
            (None, _, Some((key, value))) => fields.push((key.to_ascii_lowercase(), value.trim().to_owned())),
            _ => {}
        }
    }
    fields
}

/// Whether a line starts a mail of `git format-patch`.
pub(super) fn is_mail_start(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok_and(|line| mail_commit(line).is_some())
}

/// `From 0123... Mon Sep 17 00:00:00 2001`, the line that git puts in front of each mail.
fn mail_commit(line: &str) -> Option<&str> {
    let (commit, date) = line.strip_prefix("From ")?.split_once(' ')?;
    (is_commit(commit, 40) && date == "Mon Sep 17 00:00:00 2001").then_some(commit)
}

/// `commit 0123...`, the first line of `git show`.
fn shown_commit(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("commit ")?;
    let commit = rest.split_once(' ').map_or(rest, |(commit, _)| commit);
    is_commit(commit, 40).then_some(commit)
}

fn is_commit(word: &str, at_least: usize) -> bool {
    (at_least..=64).contains(&word.len()) && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The forms in use: Lustre's `Lustre-commit:` and `Linux-commit:`, git's `(cherry picked from commit X)`,
/// the stable kernels' `commit X upstream.` and `[ Upstream commit X ]`, Debian's `Origin:` (DEP-3).
fn is_mention(line: &str) -> bool {
    const KEYS: [&str; 5] = ["lustre-commit:", "linux-commit:", "upstream-commit:", "git-commit:", "origin:"];
    let line = line.to_ascii_lowercase();
    KEYS.iter().any(|key| line.starts_with(key))
        || line.contains("cherry picked from commit ")
        || line.contains("upstream commit ")
        || (line.starts_with("commit ") && line.contains(" upstream"))
}

/// The commit ids in a line: words of at least 7 hexadecimal digits, also behind the `g` of `git describe`.
fn commits(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric())
        .map(|word| word.strip_prefix('g').unwrap_or(word))
        .filter(|word| is_commit(word, 7) && word.bytes().any(|b| b.is_ascii_digit()))
}

/// The subject without `[PATCH v2 3/7]` and its like, which belong to the mail.
fn without_tag(subject: &str) -> &str {
    match subject.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((tag, rest)) if tag.contains("PATCH") => rest.trim_start(),
        _ => subject,
    }
}

/// Undoes the `=?UTF-8?q?...?=` of mail headers (RFC 2047), for the character sets that git writes.
/// What cannot be read stays as it is.
fn decode(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    let mut after_word = false;
    while let Some(start) = rest.find("=?") {
        let (plain, word) = rest.split_at(start);
        // White space between two encoded words is not part of the text.
        if !(after_word && plain.trim().is_empty()) {
            decoded.push_str(plain);
        }
        match encoded_word(word) {
            Some((part, tail)) => {
                decoded.push_str(&part);
                (rest, after_word) = (tail, true);
            }
            None => {
                decoded.push_str("=?");
                (rest, after_word) = (&word[2..], false);
            }
        }
    }
    decoded + rest
}

fn encoded_word(word: &str) -> Option<(String, &str)> {
    let mut parts = word.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding) = (parts.next()?, parts.next()?);
    let (body, rest) = parts.next()?.split_once("?=")?;
    let bytes = match encoding {
        "q" | "Q" => quoted(body)?,
        "b" | "B" => base64(body)?,
        _ => return None,
    };
    let text = match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => String::from_utf8(bytes).ok()?,
        "iso-8859-1" => bytes.into_iter().map(char::from).collect(),
        _ => return None,
    };
    Some((text, rest))
}

fn quoted(body: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = body.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    Some(bytes)
}

fn base64(body: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for byte in body.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    Some(bytes)
}
