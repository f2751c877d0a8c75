// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Bytes of a hostile tarball as words on a terminal.

use super::canonical::{Field, Reading};
use crate::model::SourceDate;

/// How much of a text is shown.
const MOST: usize = 160;

/// A text without anything that moves a cursor: control characters and what is not UTF-8 are escaped,
/// and a long text keeps its two ends.
pub(super) fn text(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            // Marks that reorder a line or join with the character before them are escaped as well.
            let plain = !c.is_control() && c.escape_debug().len() == 1 || matches!(c, '"' | '\'' | '\\');
            if plain { shown.push(c) } else { shown.extend(c.escape_unicode()) }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    let length = shown.chars().count();
    if length <= MOST {
        return shown;
    }
    let head: String = shown.chars().take(MOST / 2).collect();
    let tail: String = shown.chars().skip(length - MOST / 2).collect();
    format!("{head}[...]{tail}")
}

/// A field's content, as people read it.
pub(super) fn field(field: &Field, bytes: &[u8]) -> String {
    let number = canonical_octal(bytes);
    match (field.reading, number) {
        (Reading::Octal, Some(number)) => format!("{number:04o}"),
        (Reading::Decimal, Some(number)) => number.to_string(),
        (Reading::Date, Some(number)) => format!("{} ({number})", SourceDate(number)),
        (Reading::Text, _) => {
            let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
            if end == 0 { "empty".to_owned() } else { format!("`{}`", raw(&bytes[..end])) }
        }
        _ if bytes.iter().all(|&byte| byte == 0) => "all zero".to_owned(),
        _ => format!("`{}`", raw(bytes)),
    }
}

/// Bytes in which the difference between a NUL, a space and a digit matters.
fn raw(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(valid) if !valid.chars().any(char::is_control) => text(bytes),
        _ => bytes.escape_ascii().to_string(),
    }
}

/// The value of a number in the dialect's own spelling: octal digits, then one NUL.
fn canonical_octal(bytes: &[u8]) -> Option<u64> {
    let (0, digits) = bytes.split_last().map(|(last, digits)| (*last, digits))? else { return None };
    digits.iter().try_fold(0, |value, digit| {
        matches!(digit, b'0'..=b'7').then(|| value << 3 | u64::from(digit - b'0'))
    })
}

/// What a type flag means to other programs.
pub(super) fn kind(flag: u8) -> String {
    let words = match flag {
        b'0' => "a regular file",
        0 => "a regular file of the oldest kind",
        b'1' => "a hard link",
        b'2' => "a symbolic link",
        b'3' => "a character device",
        b'4' => "a block device",
        b'5' => "a directory",
        b'6' => "a FIFO",
        b'7' => "a contiguous file",
        b'g' => "a pax global header",
        b'x' => "a pax header",
        b'L' => "a GNU long name",
        b'K' => "a GNU long link target",
        b'S' => "a GNU sparse file",
        b'D' => "a GNU directory dump",
        b'M' => "a GNU multi-volume part",
        b'V' => "a GNU volume label",
        b'X' => "a Solaris extended header",
        b'A' => "a Solaris access list",
        _ => return format!("of the unknown type `{}`", [flag].escape_ascii()),
    };
    words.to_owned()
}

/// A byte, for padding that should be zero.
pub(super) fn byte(byte: u8) -> String {
    format!("0x{byte:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::read::canonical::{MODE, NAME};

    #[test]
    fn nothing_reaches_the_terminal_raw() {
        assert_eq!(text(b"a\x1b[31m\xff\nb"), "a\\u{1b}[31m\\xff\\u{a}b");
        assert_eq!(text("naïve 文件".as_bytes()), "naïve 文件");
        assert_eq!(text("a\u{202e}b".as_bytes()), "a\\u{202e}b");
        let long = text(&[b'x'; 5000]);
        assert_eq!(long.len(), 165);
    }

    #[test]
    fn fields_are_read_as_people_do() {
        assert_eq!(field(&MODE, b"0000644\0"), "0644");
        assert_eq!(field(&MODE, b"   644 \0"), "`   644 \\x00`");
        assert_eq!(field(&NAME, b"\0\0\0"), "empty");
        assert_eq!(field(&NAME, b"a\0b\0"), "`a\\x00b`");
    }
}
