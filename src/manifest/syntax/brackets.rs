// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which bracket was never closed. The parser notices at the end of the file, when everything
//! below has been read as if it stood inside.

/// The place of the first `[` or `{` of a value that is not closed before the file ends or
/// another bracket around it closes.
pub(super) fn first_unclosed(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open: Vec<usize> = Vec::new();
    let mut unclosed: Option<usize> = None;
    let mut line_begins = true;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'#' => at = line_end(bytes, at),
            b'[' if line_begins && open.is_empty() => at = line_end(bytes, at),
            b'"' | b'\'' => at = string_end(bytes, at),
            b'[' | b'{' => open.push(at),
            close @ (b']' | b'}') => {
                // ASCII has `[` and `{` two before `]` and `}`.
                if let Some(partner) = open.iter().rposition(|&place| bytes[place] == close - 2) {
                    unclosed = unclosed.into_iter().chain(open.get(partner + 1).copied()).min();
                    open.truncate(partner);
                }
            }
            _ => {}
        }
        line_begins = match bytes.get(at) {
            Some(b'\n') => true,
            Some(b' ' | b'\t') => line_begins,
            _ => false,
        };
        at += 1;
    }
    unclosed.into_iter().chain(open.first().copied()).min()
}

/// The newline that ends the line, or the end of the file.
fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |length| at + length)
}

/// The last byte of the string that begins here: its closing quote, or where it stops short.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let long = bytes[start..].starts_with(&[quote; 3]);
    let mut at = start + if long { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if quote == b'"' => at += 1,
            b'\n' if !long => return at,
            _ if byte == quote && !long => return at,
            _ if long && bytes[at..].starts_with(&[quote; 3]) => return at + 2,
            _ => {}
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_unclosed_bracket_is_found() {
        for (text, place) in [
            ("a = [1, 2]\n[b]\n[[c]]\nd = { e = [] }\n", None),
            ("a = [1, 2\n[b]\n[[c]]\n", Some(4)),
            ("a = [{ b = 1, { c = 2 }]\n[d]\n", Some(5)),
            ("a = [\n  [1, 2],\n  [3, 4,\n]\n", Some(4)),
            ("a = '[' # [\nb = \"\\\"[\"\nc = '''\n[\n'''\n", None),
            ("a = \"[\nb = { c = \"\"\"\n}\"\"\"\n", Some(11)),
            ("a = 1 ]\nb = [\"", Some(12)),
            ("a = {}}\n  [b]\n", None),
        ] {
            assert_eq!(first_unclosed(text), place, "{text}");
        }
    }
}
