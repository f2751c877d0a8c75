// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Headers of the tar dialect: POSIX.1-2017 ustar, with pax records only where a value does not fit.
//!
//! Written here and not by a library, because these bytes are the identity of every release.

use crate::model::SourceDate;

/// The unit of the format.
pub const BLOCK: usize = 512;

/// An archive ends on a multiple of this: twenty blocks, the record of POSIX and of every tape.
pub const RECORD: u64 = 20 * BLOCK as u64;

/// The largest size that eleven octal digits hold.
const LARGEST: u64 = 0o777_7777_7777;

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// A regular file of that many bytes.
    File {
        /// Its length.
        size: u64,
        /// Mode 0755 and not 0644.
        executable: bool,
    },
    /// A directory, mode 0755; its path ends in a slash.
    Directory,
    /// A symbolic link to that target, mode 0777.
    Symlink(&'a str),
}

/// Appends the header blocks of one member.
pub fn member(out: &mut Vec<u8>, path: &str, kind: Kind<'_>, date: SourceDate) {
    let (flag, mode, size, link) = match kind {
        Kind::File { size, executable } => (b'0', if executable { 0o755 } else { 0o644 }, size, ""),
        Kind::Directory => (b'5', 0o755, 0, ""),
        Kind::Symlink(target) => (b'2', 0o777, 0, target),
    };
    let split = split(path);
    let mut records = Vec::new();
    if split.is_none() {
        record(&mut records, "path", path);
    }
    if link.len() > 100 {
        record(&mut records, "linkpath", link);
    }
    if size > LARGEST {
        record(&mut records, "size", &size.to_string());
    }
    if !records.is_empty() {
        block(out, b'x', ("", "pax_header"), 0o644, records.len() as u64, "", date);
        out.extend_from_slice(&records);
        out.extend_from_slice(padding(records.len() as u64));
    }
    let names = split.unwrap_or_else(|| ("", start(path, 100)));
    // A size that does not fit is the pax record's to tell.
    let size = if size > LARGEST { 0 } else { size };
    block(out, flag, names, mode, size, start(link, 100), date);
}

/// Appends the pax global header whose comment is the commit: the same as `git archive` writes, so
/// that `git get-tar-commit-id` finds it.
pub fn commit_comment(out: &mut Vec<u8>, commit: &str, date: SourceDate) {
    let mut records = Vec::new();
    record(&mut records, "comment", commit);
    block(out, b'g', ("", "pax_global_header"), 0o644, records.len() as u64, "", date);
    out.extend_from_slice(&records);
    out.extend_from_slice(padding(records.len() as u64));
}

/// The zeros that fill the last block of `size` bytes of content.
#[must_use]
pub fn padding(size: u64) -> &'static [u8] {
    let over = usize::try_from(size % BLOCK as u64).expect("less than a block");
    if over > 0 { &[0; BLOCK][over..] } else { &[] }
}

/// The zeros behind the last member of an archive that is `length` bytes long so far: two blocks,
/// and then up to the end of the record.
#[must_use]
pub fn end(length: u64) -> Vec<u8> {
    let with_end = length + 2 * BLOCK as u64;
    let total = with_end.next_multiple_of(RECORD);
    vec![0; usize::try_from(total - length).expect("less than two records")]
}

/// One pax record, `LENGTH KEY=VALUE\n`, where the length counts its own digits.
fn record(out: &mut Vec<u8>, key: &str, value: &str) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    out.extend_from_slice(format!("{length} {key}={value}\n").as_bytes());
}

/// Splits a path into ustar's prefix and name at a slash; as late as possible, as git and GNU tar
/// do. `None` when no split fits.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= 100 {
        return Some(("", path));
    }
    // A directory's own last slash belongs to its name.
    let inner = path.strip_suffix('/').unwrap_or(path);
    let at = inner.as_bytes().iter().take(156).rposition(|&byte| byte == b'/')?;
    let (prefix, name) = (&path[..at], &path[at + 1..]);
    (!prefix.is_empty() && name.len() <= 100).then_some((prefix, name))
}

/// The longest start of `text` of at most `limit` bytes that is still UTF-8.
fn start(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn block(
    out: &mut Vec<u8>,
    flag: u8,
    names: (&str, &str),
    mode: u32,
    size: u64,
    link: &str,
    date: SourceDate,
) {
    let (prefix, name) = names;
    let mut header = [0_u8; BLOCK];
    header[..name.len()].copy_from_slice(name.as_bytes());
    octal(&mut header[100..108], u64::from(mode));
    octal(&mut header[108..116], 0);
    octal(&mut header[116..124], 0);
    octal(&mut header[124..136], size);
    octal(&mut header[136..148], date.0);
    header[156] = flag;
    header[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header[257..265].copy_from_slice(b"ustar\x0000");
    octal(&mut header[329..337], 0);
    octal(&mut header[337..345], 0);
    header[345..345 + prefix.len()].copy_from_slice(prefix.as_bytes());
    // The checksum counts its own field as spaces and is written with six digits, a NUL, a space.
    header[148..156].fill(b' ');
    let sum: u64 = header.iter().map(|&byte| u64::from(byte)).sum();
    octal(&mut header[148..155], sum);
    out.extend_from_slice(&header);
}

/// Octal digits with leading zeros, ended by a NUL.
fn octal(field: &mut [u8], value: u64) {
    let (last, digits) = field.split_last_mut().expect("a field has room");
    *last = 0;
    let mut rest = value;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest & 7) as u8;
        rest >>= 3;
    }
    debug_assert_eq!(rest, 0, "{value:o} does not fit");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_counts_itself() {
        for (value, length) in [("x".repeat(86), 98), ("x".repeat(87), 99), ("x".repeat(88), 101)] {
            let mut out = Vec::new();
            record(&mut out, "comment", &value);
            assert_eq!(out.len(), length);
            assert!(out.starts_with(length.to_string().as_bytes()));
        }
    }

    #[test]
    fn long_paths_split_at_a_slash_or_go_to_pax() {
        let dir = "d".repeat(90);
        assert_eq!(split(&format!("{dir}/{dir}")), Some((dir.as_str(), dir.as_str())));
        assert_eq!(split(&"n".repeat(101)), None);
        assert_eq!(split(&format!("{}/n", "d".repeat(156))), None);
        let directory = format!("{dir}/{}/", "e".repeat(20));
        assert_eq!(split(&directory), Some((dir.as_str(), &directory[91..])));
    }

    #[test]
    fn archives_end_on_a_record() {
        assert_eq!(end(0).len(), 10240);
        assert_eq!(end(10240 - 1024).len(), 1024);
        assert_eq!(end(10240 - 512).len(), 512 + 10240);
    }
}
