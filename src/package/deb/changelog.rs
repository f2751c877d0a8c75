// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The newest entry of a `debian/changelog` (Debian Policy 4.4), as dpkg-parsechangelog(1) reads it: what a
//! `.changes` says is what the template rendered, not what it was rendered from.

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Newest {
    /// Its first line.
    pub(super) title: String,
    pub(super) distribution: String,
    pub(super) urgency: String,
    /// `Name <mail>`.
    pub(super) by: String,
    pub(super) date: String,
    /// What changed, line by line, each with its blanks in front.
    pub(super) lines: Vec<String>,
}

/// Reads the first entry.
///
/// # Errors
/// What it lacks, in words.
pub(super) fn newest(text: &str) -> Result<Newest, String> {
    let mut lines = text.lines().map(str::trim_end);
    let title = lines.next().unwrap_or_default();
    let (_, rest) = title.split_once(") ").ok_or("its first line has no version in brackets")?;
    let (distributions, settings) = rest.split_once(';').ok_or("its first line has no `;`")?;
    let words: Vec<&str> = distributions.split_whitespace().collect();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+' | '_');
    if words.is_empty() || !words.iter().all(|word| word.chars().all(is_name)) {
        return Err(format!("`{}` is no distribution", distributions.trim()));
    }
    let urgency = settings
        .split(',')
        .filter_map(|setting| setting.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case("urgency"))
        // A remark may follow the word.
        .and_then(|(_, value)| value.split_whitespace().next())
        .filter(|urgency| urgency.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        .ok_or("its first line has no `urgency=WORD`")?;
    let mut body = Vec::new();
    let mut end = None;
    for line in lines {
        if let Some(rest) = line.strip_prefix(" -- ") {
            end = Some(rest);
            break;
        }
        if !line.is_empty() && !line.starts_with("  ") {
            return Err(format!("`{line}` is neither a change nor its end"));
        }
        body.push(line.to_owned());
    }
    let no_end = "it has no last line ` -- Name <mail>  date`";
    let (by, date) = end.and_then(|end| end.split_once(">  ")).ok_or(no_end)?;
    if !by.contains(" <") || date.trim().is_empty() {
        return Err(no_end.to_owned());
    }
    let first = body.iter().position(|line| !line.is_empty()).ok_or("it names no change")?;
    let last = body.iter().rposition(|line| !line.is_empty()).unwrap_or(first);
    Ok(Newest {
        title: title.to_owned(),
        distribution: words.join(" "),
        urgency: urgency.to_ascii_lowercase(),
        by: format!("{by}>"),
        date: date.trim().to_owned(),
        lines: body[first..=last].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "lustre (1-1) bookworm trixie; urgency=HIGH (for all), binary-only=no\n\n  * One,\n    more.\n\n  \
        * Two.\n\n -- A <a@b.c>  Fri, 02 Jan 2026 03:04:05 +0000\n\nlustre (0-1) x; urgency=low\n";

    #[test]
    fn an_entry_ends_with_its_author() {
        let found = newest(GOOD).unwrap();
        assert_eq!((found.distribution.as_str(), found.urgency.as_str()), ("bookworm trixie", "high"));
        assert_eq!(found.by, "A <a@b.c>");
        assert_eq!(found.date, "Fri, 02 Jan 2026 03:04:05 +0000");
        assert_eq!(found.lines, ["  * One,", "    more.", "", "  * Two."]);
    }

    #[test]
    fn what_is_no_entry_is_told() {
        for (from, to) in [
            ("; urgency", ", urgency"),
            ("urgency=HIGH", "urgent=yes"),
            ("bookworm trixie", ""),
            ("bookworm", "book/worm"),
            (" -- A", " - A"),
            (">  Fri", "> Fri"),
            ("    more", "more"),
            ("  * One,\n    more.\n\n  * Two.\n", ""),
        ] {
            assert!(newest(&GOOD.replace(from, to)).is_err(), "{from} -> {to}");
        }
    }
}
