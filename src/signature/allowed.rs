// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lines of SSH public keys: as in a `.pub` file, or with principals and options in front as in
//! OpenSSH's allowed signers (ssh-keygen(1)). Times without a zone are UTC here: the zone of the machine
//! has no say.

use std::sync::Arc;

use ssh_key::{Algorithm, HashAlg, PublicKey};

use crate::model::{Problem, SourceDate, SourceText};

/// An SSH key that may sign, and for what.
#[derive(Debug, Clone)]
pub(super) struct SshKey {
    pub(super) key: PublicKey,
    principals: Option<String>,
    namespaces: Option<Vec<String>>,
    pub(super) valid_after: Option<SourceDate>,
    pub(super) valid_before: Option<SourceDate>,
}

impl SshKey {
    /// Whose it is: the principals, or the comment.
    pub(super) fn principal(&self) -> String {
        match (&self.principals, self.key.comment()) {
            (Some(principals), _) => principals.clone(),
            (None, "") => "no comment".to_owned(),
            (None, comment) => comment.to_owned(),
        }
    }

    /// `SHA256:...`, as ssh-keygen prints it.
    pub(super) fn fingerprint(&self) -> String {
        self.key.fingerprint(HashAlg::Sha256).to_string()
    }

    /// Whether it may sign in that namespace; a pattern with `!` in front excludes.
    pub(super) fn is_for(&self, namespace: &str) -> bool {
        let Some(patterns) = &self.namespaces else { return true };
        let mut is_for = false;
        for pattern in patterns {
            match pattern.strip_prefix('!') {
                Some(pattern) if matches(pattern.as_bytes(), namespace.as_bytes()) => return false,
                Some(_) => {}
                None => is_for |= matches(pattern.as_bytes(), namespace.as_bytes()),
            }
        }
        is_for
    }

    /// The namespaces, as they were written.
    pub(super) fn namespaces(&self) -> String {
        self.namespaces.as_ref().map(|namespaces| namespaces.join(",")).unwrap_or_default()
    }
}

/// OpenSSH's patterns: `*` is any text, `?` any character.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => matches(rest, text),
        (Some((b'*', rest)), Some((_, after))) => matches(rest, text) || matches(pattern, after),
        (Some((b'?', rest)), Some((_, after))) => matches(rest, after),
        (Some((letter, rest)), Some((first, after))) => letter == first && matches(rest, after),
        _ => false,
    }
}

/// Reads every line of a file; each problem has its line.
pub(super) fn read(name: &str, text: &str) -> Result<Vec<SshKey>, Vec<Problem>> {
    let source = Arc::new(SourceText { name: name.to_owned(), text: text.to_owned() });
    let mut keys = Vec::new();
    let mut problems = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match read_line(line) {
            Ok(key) => keys.push(key),
            Err(fault) => problems.push(
                Problem::new(format!("the key file `{name}` cannot be read: {fault}"))
                    .at(&source, source.line(nth + 1), "")
                    .help(
                        "expected `[PRINCIPALS [OPTIONS]] TYPE BASE64 [COMMENT]`, as in ssh-keygen(1), \
                         or OpenPGP public keys",
                    ),
            ),
        }
    }
    if problems.is_empty() { Ok(keys) } else { Err(problems) }
}

fn read_line(line: &str) -> Result<SshKey, String> {
    let words = words(line)?;
    let at = words.iter().take(3).position(|word| is_type(word)).ok_or("no SSH key stands here")?;
    let (front, key) = words.split_at(at);
    let text = key.join(" ");
    if key[0].contains("-cert-") {
        return Err("certificates are not read; name the keys themselves".to_owned());
    }
    let key = PublicKey::from_openssh(&text).map_err(|error| format!("the key is damaged: {error}"))?;
    if matches!(key.algorithm(), Algorithm::Dsa | Algorithm::Other(_)) {
        return Err(format!("keys of the type {} are not accepted", key.algorithm()));
    }
    let mut found = SshKey { key, principals: None, namespaces: None, valid_after: None, valid_before: None };
    if let Some(principals) = front.first() {
        found.principals = Some(principals.trim_matches('"').to_owned());
    }
    if let Some(options) = front.get(1) {
        for option in split(options, ',') {
            found.take_option(option)?;
        }
    }
    Ok(found)
}

impl SshKey {
    fn take_option(&mut self, option: &str) -> Result<(), String> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "namespaces" => self.namespaces = Some(value.split(',').map(str::to_owned).collect()),
            "valid-after" => self.valid_after = Some(date(value)?),
            "valid-before" => self.valid_before = Some(date(value)?),
            "cert-authority" => {
                return Err(
                    "`cert-authority` is not supported: whoever holds that key could name any signer; name \
                     the signers' own keys"
                        .to_owned(),
                );
            }
            _ => return Err(format!("the option `{name}` is not known")),
        }
        Ok(())
    }
}

/// Splits at spaces outside of quotes.
fn words(line: &str) -> Result<Vec<&str>, String> {
    if !line.matches('"').count().is_multiple_of(2) {
        return Err("a quote is not closed".to_owned());
    }
    Ok(split(line, ' ').into_iter().filter(|word| !word.is_empty()).collect())
}

fn split(text: &str, at: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|letter| {
        quoted ^= letter == '"';
        !quoted && (letter == at || at == ' ' && letter == '\t')
    })
    .collect()
}

fn is_type(word: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start))
}

/// `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, with or without `Z`: UTC.
fn date(text: &str) -> Result<SourceDate, String> {
    let fault = || format!("`{text}` is not a date of the form YYYYMMDD[HHMM[SS]][Z]");
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || ![8, 12, 14].contains(&digits.len()) {
        return Err(fault());
    }
    let part = |at: usize, length: usize| digits.get(at..at + length).map_or(Ok(0), str::parse::<i8>);
    let year = digits[..4].parse::<i16>().map_err(|_| fault())?;
    let parts: Result<Vec<i8>, _> = [4, 6, 8, 10, 12].into_iter().map(|at| part(at, 2)).collect();
    let parts = parts.map_err(|_| fault())?;
    jiff::civil::DateTime::new(year, parts[0], parts[1], parts[2], parts[3], parts[4], 0)
        .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC))
        .ok()
        .and_then(|date| u64::try_from(date.timestamp().as_second()).ok())
        .map(SourceDate)
        .ok_or_else(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    #[test]
    fn lines_of_every_form_are_read() {
        let text = format!(
            "# a comment\n\n{KEY} me@home\nyou@example.org {KEY}\n\
             \"a b\",c@* namespaces=\"git,f*\",valid-after=20260101,valid-before=\"202702030405Z\" {KEY} his\n"
        );
        let keys = read("allowed", &text).expect("keys");
        let principals: Vec<String> = keys.iter().map(SshKey::principal).collect();
        assert_eq!(principals, ["me@home", "you@example.org", "a b\",c@*"]);
        assert!(keys[0].is_for("anything"));
        assert!(keys[2].is_for("git") && keys[2].is_for("file") && !keys[2].is_for("gitx"));
        assert_eq!(keys[2].valid_after.expect("a date").to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(keys[2].valid_before.expect("a date").to_string(), "2027-02-03T04:05:00Z");
    }

    #[test]
    fn excluded_namespaces_win() {
        let text = format!("a namespaces=\"*,!git\" {KEY}\n");
        let keys = read("allowed", &text).expect("keys");
        assert!(!keys[0].is_for("git") && keys[0].is_for("file"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (line, fault) in [
            (format!("* cert-authority {KEY}"), "`cert-authority` is not supported"),
            (format!("a shout {KEY}"), "the option `shout` is not known"),
            (format!("a valid-after=20261301 {KEY}"), "is not a date"),
            (format!("a valid-after=\"2026 {KEY}"), "a quote is not closed"),
            ("hello world".to_owned(), "no SSH key stands here"),
            ("ssh-ed25519 AAAA".to_owned(), "the key is damaged"),
            ("ssh-ed25519-cert-v01@openssh.com AAAA".to_owned(), "certificates are not read"),
        ] {
            let problems = read("allowed", &line).expect_err(fault);
            assert!(problems[0].title.contains(fault), "{}", problems[0].title);
        }
    }
}
