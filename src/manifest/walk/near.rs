// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The user's own words in messages: quoted safely, and guessed at when they are nearly right.

/// The candidate that was probably meant by `word`.
pub(in crate::manifest) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    // Distance is quadratic in length, and nothing that long is a slip of the keyboard.
    if word.len() > 80 {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let word = plain(word);
    let distance = |candidate: &&str| strsim::damerau_levenshtein(&word, &plain(candidate));
    let near =
        |candidate: &&str| distance(candidate) <= (word.chars().count().max(candidate.len()) / 3).max(1);
    // The shortest names are all near each other.
    let telling = |candidate: &&str| candidate.len() > 2 || plain(candidate) == word;
    candidates.into_iter().take(200).filter(telling).filter(near).min_by_key(distance)
}

/// A text of the user in backticks: one line, nothing that moves a terminal's cursor, not endless.
pub(in crate::manifest) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut line: String = text.chars().take(LONGEST).flat_map(escaped).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    format!("`{line}`")
}

fn escaped(c: char) -> Vec<char> {
    if c.is_control() { c.escape_debug().collect() } else { vec![c] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_guessed_and_other_words_are_not() {
        let keys = ["git", "mirrors", "tag", "tag-object-name", "to", "signature"];
        for (word, meant) in [
            ("mirror", Some("mirrors")),
            ("Tag", Some("tag")),
            ("tags", Some("tag")),
            ("tag_object_name", Some("tag-object-name")),
            ("singature", Some("signature")),
            ("url", None),
            ("t", None),
        ] {
            assert_eq!(nearest(word, keys), meant, "{word}");
        }
    }

    #[test]
    fn quotes_are_one_short_line() {
        assert_eq!(shown("a\nb\u{1b}[2J"), "`a\\nb\\u{1b}[2J`");
        assert_eq!(shown(&"x".repeat(100)), format!("`{}…`", "x".repeat(60)));
    }
}
