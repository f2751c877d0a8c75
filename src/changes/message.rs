// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the message of a commit says: its subject, tickets, and the commits that it carries.

use serde::Serialize;

/// A commit of another branch that this one brings over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Carries {
    /// Its id as it was found, 7 to 40 hexadecimal digits; none where the message says that there is
    /// one, but not yet which.
    pub commit: Option<String>,
    /// How it is known.
    pub by: Means,
}

/// How it is known what a commit carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// `Lustre-commit: SHA`, of Lustre's maintenance branches.
    LustreCommit,
    /// `commit SHA upstream.` or `[ Upstream commit SHA ]`, of the stable kernels.
    UpstreamCommit,
    /// `(cherry picked from commit SHA)`, of `git cherry-pick -x`.
    CherryPick,
    /// A commit on the main branch has the same `Change-Id`.
    ChangeId,
}

/// The first paragraph of a message on one line, as `git log --format=%s` has it.
pub(super) fn subject(message: &str) -> String {
    let lines = message.lines().skip_while(|line| line.trim().is_empty());
    let mut subject = String::new();
    for line in lines.take_while(|line| !line.trim().is_empty()) {
        if !subject.is_empty() {
            subject.push(' ');
        }
        subject.push_str(line.trim_end());
    }
    subject
}

/// The tickets that a subject begins with: `LU-12345`, `EX-1, DDN-2`, and those of the subject that a
/// revert quotes.
pub(super) fn tickets(subject: &str) -> Vec<String> {
    let mut rest = subject.trim_start();
    while let Some(quoted) = rest.strip_prefix("Revert \"").or_else(|| rest.strip_prefix("Reapply \"")) {
        rest = quoted;
    }
    let mut tickets = Vec::new();
    while let Some(length) = ticket_length(rest) {
        let ticket = rest[..length].to_owned();
        if !tickets.contains(&ticket) {
            tickets.push(ticket);
        }
        rest = rest[length..].trim_start_matches([',', ';', ':', '/', '&', '+', ' ']);
    }
    tickets
}

/// How long the ticket is that `text` begins with: capital letters, a hyphen and a number that ends
/// there.
fn ticket_length(text: &str) -> Option<usize> {
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let number = text.get(letters..)?.strip_prefix('-')?;
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let ends = !number[digits..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    (letters > 0 && digits > 0 && ends).then_some(letters + 1 + digits)
}

/// What a message says of where its change comes from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sayings {
    /// The commits that it names.
    pub(super) carries: Vec<Carries>,
    /// Whether it says that a commit on the main branch will be named later.
    pub(super) pending: bool,
    /// Whether it says that it is a backport at all, be it without naming the commit.
    pub(super) backport: bool,
    /// The ids of the change in Gerrit.
    pub(super) change_ids: Vec<String>,
}

/// Reads the trailers and remarks of a message.
pub(super) fn sayings(message: &str) -> Sayings {
    let mut sayings = Sayings::default();
    let mut picked = Vec::new();
    for line in message.lines().map(str::trim) {
        // Nearly every line is prose.
        if !line.starts_with(['L', 'l', 'C', 'c', '[', '(']) {
            continue;
        }
        if let Some(value) = trailer(line, "Lustre-commit") {
            match (commit_id(value), change_id(value)) {
                (Some(id), _) => add(&mut sayings.carries, id, Means::LustreCommit),
                (_, Some(change)) => sayings.change_ids.push(change),
                // `TBD (from SHA)` names a change in review, which is on no branch.
                _ => sayings.pending = true,
            }
        } else if let Some(id) = upstream(line) {
            add(&mut sayings.carries, id, Means::UpstreamCommit);
        } else if let Some(id) = between(line, "(cherry picked from commit ", ")") {
            add(&mut picked, id, Means::CherryPick);
        } else if trailer(line, "Lustre-change").is_some() {
            sayings.backport = true;
        } else if let Some(change) = trailer(line, "Change-Id").and_then(change_id) {
            sayings.change_ids.push(change);
        }
    }
    if sayings.carries.is_empty() {
        // Where a change was picked from branch to branch, the first pick is next to its origin.
        picked.truncate(1);
        sayings.carries = picked;
    }
    sayings.backport |= sayings.pending || !sayings.carries.is_empty();
    sayings
}

fn add(list: &mut Vec<Carries>, commit: String, by: Means) {
    if !list.iter().any(|known| known.commit.as_ref() == Some(&commit)) {
        list.push(Carries { commit: Some(commit), by });
    }
}

fn trailer<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let (found, value) = line.split_once(':')?;
    found.eq_ignore_ascii_case(key).then_some(value.trim())
}

fn upstream(line: &str) -> Option<String> {
    between(line, "commit ", " upstream.")
        .or_else(|| between(line, "commit ", " upstream"))
        .or_else(|| between(line, "[ Upstream commit ", " ]"))
}

fn between(line: &str, before: &str, behind: &str) -> Option<String> {
    commit_id(line.strip_prefix(before)?.strip_suffix(behind)?)
}

fn commit_id(text: &str) -> Option<String> {
    let digits = (7..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| text.to_ascii_lowercase())
}

/// `I` and 40 hexadecimal digits (Gerrit, "Change-Ids").
fn change_id(text: &str) -> Option<String> {
    let digits = text.strip_prefix('I')?;
    (digits.len() == 40 && commit_id(digits).is_some()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_stand_at_the_start() {
        for (subject, expected) in [
            ("LU-12345 mdt: mend it", &["LU-12345"][..]),
            ("LU-19819: utils: usage", &["LU-19819"]),
            ("EX-1 DDN-22, LU-3: mdt: three of them", &["EX-1", "DDN-22", "LU-3"]),
            ("LU-1/LU-1 the same twice", &["LU-1"]),
            ("Revert \"LU-17768 build: embed BTF\"", &["LU-17768"]),
            ("Reapply \"Revert \"LU-7 x\"\"", &["LU-7"]),
            ("New tag 2.17.57", &[]),
            ("ext4: fix LU-5", &[]),
            ("LU-5.1 no ticket", &[]),
            ("LU-x no ticket", &[]),
            ("-5 no ticket", &[]),
            ("", &[]),
        ] {
            assert_eq!(tickets(subject), expected, "{subject}");
        }
    }

    #[test]
    fn a_subject_is_the_first_paragraph() {
        assert_eq!(subject("\n\none\ntwo \n\nbody\n"), "one two");
        assert_eq!(subject(""), "");
    }

    #[test]
    fn trailers_name_what_is_carried() {
        let one = "0123456789abcdef0123456789abcdef01234567";
        let said = |message: &str| {
            let sayings = sayings(message);
            let found: Vec<_> =
                sayings.carries.into_iter().map(|carries| (carries.commit.unwrap(), carries.by)).collect();
            (found, sayings.pending)
        };
        let is = |by| (vec![(one.to_owned(), by)], false);
        assert_eq!(said(&format!("s\n\nLustre-commit: {one}\n")), is(Means::LustreCommit));
        assert_eq!(said(&format!("s\n\ncommit {one} upstream.\n\ntext")), is(Means::UpstreamCommit));
        assert_eq!(said(&format!("s\n\n[ Upstream commit {one} ]\n")), is(Means::UpstreamCommit));
        assert_eq!(said(&format!("s\n\n(cherry picked from commit {one})\n")), is(Means::CherryPick));
        // The trailer counts, not the pick of the same or of a commit on a branch between.
        let both = format!("s\n\nLustre-commit: {one}\n(cherry picked from commit {one})\n");
        assert_eq!(said(&both), is(Means::LustreCommit));
        assert_eq!(said(&format!("s\n\nLustre-commit: TBD (from {one})\n")), (vec![], true));
        assert_eq!(said("s\n\nthe commit upstream.\ncommit xyz upstream.\n"), (vec![], false));
        let change = format!("I{one}");
        assert_eq!(sayings(&format!("s\n\nChange-Id: {change}\n")).change_ids, [change]);
        assert!(sayings("s\n\nChange-Id: I123\nWas-Change-Id: Ix\n").change_ids.is_empty());
    }
}
