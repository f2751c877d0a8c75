// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Bytes and text: how diff writes odd file names, and how problems show names and lines.

/// Longest part of a line that a problem shows, in characters.
const SHOWN: usize = 120;

/// A path for people: as it is, or in git's quotes where it has bytes that do not print.
pub fn show_path(path: &[u8]) -> String {
    match std::str::from_utf8(path) {
        Ok(text) if !text.chars().any(|c| c.is_control() || c == '"') => text.to_owned(),
        _ => {
            let mut shown = String::from("\"");
            for &byte in path {
                match byte {
                    b'"' | b'\\' => shown.extend(['\\', char::from(byte)]),
                    b'\t' => shown.push_str("\\t"),
                    b'\n' => shown.push_str("\\n"),
                    b'\r' => shown.push_str("\\r"),
                    0x20..=0x7e => shown.push(char::from(byte)),
                    _ => shown.push_str(&format!("\\{byte:03o}")),
                }
            }
            shown + "\""
        }
    }
}

/// A line of a file for people: quoted, white space and other bytes made visible, long ones cut.
pub(super) fn show_line(line: &[u8]) -> String {
    let (text, ended) = match line.strip_suffix(b"\n") {
        Some(text) => (text, true),
        None => (line, false),
    };
    let mut shown = String::from("\"");
    let mut count = 0;
    'chunks: for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            if count == SHOWN {
                shown.push('…');
                break 'chunks;
            }
            count += 1;
            match c {
                '\t' => shown.push_str("\\t"),
                '\r' => shown.push_str("\\r"),
                '"' | '\\' => shown.extend(['\\', c]),
                c if c.is_control() => shown.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
                c => shown.push(c),
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
            count += 1;
        }
    }
    shown.push('"');
    if !ended {
        shown.push_str(" without a newline at the end of the file");
    }
    shown
}

/// Undoes git's and GNU diff's C quoting. `text` starts with the opening quote; gives the bytes and
/// what stands after the closing quote, or `None` where the quoting is broken.
pub(super) fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut bytes = Vec::new();
    loop {
        let (&byte, tail) = rest.split_first()?;
        rest = tail;
        match byte {
            b'"' => return Some((bytes, rest)),
            b'\\' => {
                let (&escape, tail) = rest.split_first()?;
                rest = tail;
                bytes.push(match escape {
                    b'a' => 0x07,
                    b'b' => 0x08,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 0x0b,
                    b'f' => 0x0c,
                    b'r' => b'\r',
                    b'"' | b'\\' => escape,
                    b'0'..=b'3' => {
                        let (low, tail) = rest.split_at_checked(2)?;
                        rest = tail;
                        octal(&[escape, low[0], low[1]])?
                    }
                    _ => return None,
                });
            }
            byte => bytes.push(byte),
        }
    }
}

/// Three octal digits as a byte; the first is at most 3.
fn octal(digits: &[u8; 3]) -> Option<u8> {
    let digit = |d: u8| matches!(d, b'0'..=b'7').then(|| d - b'0');
    Some(digit(digits[0])? * 64 + digit(digits[1])? * 8 + digit(digits[2])?)
}
