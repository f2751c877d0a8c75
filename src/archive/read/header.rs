// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! One header block: what it says, and how it differs from the one spelling of that.

use super::canonical::{self, BLOCK, Block, CHECKSUM, FIELDS, Field, NAME, Node, PREFIX, Said, TARGET};
use super::canonical::{MODE, MTIME, SIZE, TYPE};

/// What a header block says, read leniently.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header<'b> {
    block: &'b Block,
}

/// How a block stands to a spelling of the dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is that spelling, byte for byte.
    Canonical,
    /// It differs in these fields; all others can be believed.
    Differs(Vec<&'static Field>),
    /// Its checksum is wrong and nothing tells why: no field can be believed.
    Lost,
}

impl<'b> Header<'b> {
    pub(super) fn new(block: &'b Block) -> Self {
        Self { block }
    }

    pub(super) fn bytes(&self, field: &Field) -> &'b [u8] {
        &self.block[field.at.clone()]
    }

    fn text(&self, field: &Field) -> &'b [u8] {
        let bytes = self.bytes(field);
        &bytes[..bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len())]
    }

    pub(super) fn flag(&self) -> u8 {
        self.block[TYPE.at.start]
    }

    /// The path as prefix and name make it.
    pub(super) fn path(&self) -> Vec<u8> {
        let (prefix, name) = (self.text(&PREFIX), self.text(&NAME));
        if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
    }

    pub(super) fn target(&self) -> Vec<u8> {
        self.text(&TARGET).to_vec()
    }

    pub(super) fn size(&self) -> Option<u64> {
        number(self.bytes(&SIZE))
    }

    pub(super) fn date(&self) -> Option<u64> {
        number(self.bytes(&MTIME)).filter(|&date| date <= canonical::ELEVEN_DIGITS)
    }

    /// Whether anything may run it: what decides between the two modes of a file.
    fn executable(&self) -> bool {
        number(self.bytes(&MODE)).is_some_and(|mode| mode & 0o100 != 0)
    }

    /// Whether the checksum is that of the bytes, however it is spelled.
    pub(super) fn is_sound(&self) -> bool {
        number(self.bytes(&CHECKSUM)) == Some(canonical::sum(self.block))
    }

    /// Whether the block can be a header at all, and is not what is left of the zeros at the end after
    /// a few of them were hit.
    pub(super) fn is_header(&self) -> bool {
        const DIGITS_ALONE: usize = 40;
        self.is_sound() || self.block.iter().filter(|&&byte| byte != 0).count() > DIGITS_ALONE
    }

    /// What the header says of its member, with what pax records say in its stead.
    pub(super) fn said(&self, pax: &Overrides) -> Option<Said> {
        let path = pax.path.clone().unwrap_or_else(|| self.path());
        let node = self.node(self.flag(), self.executable(), self.size(), pax)?;
        Some(Said { path: self.with_slash(path, &node), node })
    }

    fn node(&self, flag: u8, executable: bool, size: Option<u64>, pax: &Overrides) -> Option<Node> {
        Some(match flag {
            b'0' | 0 | b'7' => Node::File { executable, size: pax.size.or(size)? },
            b'2' => Node::Link { target: pax.target.clone().unwrap_or_else(|| self.target()) },
            b'5' => Node::Directory,
            _ => return None,
        })
    }

    fn with_slash(&self, mut path: Vec<u8>, node: &Node) -> Vec<u8> {
        if *node == Node::Directory && path.last() != Some(&b'/') {
            path.push(b'/');
        }
        path
    }

    /// What a damaged header may have said: every reading that takes one of its fields for damaged.
    pub(super) fn may_have_said(&self, pax: &Overrides) -> Vec<Said> {
        let mut paths = vec![self.path()];
        if !self.text(&PREFIX).is_empty() {
            paths.push(self.text(&NAME).to_vec());
        }
        // A NUL behind the name that became something else lengthens the name.
        let mut shorter = self.path();
        shorter.pop();
        paths.push(shorter);
        if let Some(path) = &pax.path {
            paths = vec![path.clone()];
        }
        let mut targets = vec![self.target()];
        targets.push(targets[0][..targets[0].len().saturating_sub(1)].to_vec());
        // The NUL behind the size's digits may be what was hit.
        let size = self.size().or_else(|| number(&self.bytes(&SIZE)[..SIZE.at.len() - 1]));
        let mut all = Vec::new();
        for path in paths {
            for (flag, executable) in [(b'0', false), (b'0', true), (b'5', false), (b'2', false)] {
                let Some(node) = self.node(flag, executable, size, pax) else { continue };
                let path = self.with_slash(path.clone(), &node);
                match &node {
                    Node::Link { .. } if pax.target.is_none() => all.extend(targets.iter().map(|target| {
                        Said { path: path.clone(), node: Node::Link { target: target.clone() } }
                    })),
                    _ => all.push(Said { path, node }),
                }
            }
        }
        all
    }

    /// Holds the block against a spelling.
    pub(super) fn against(&self, canonical: &Block) -> Verdict {
        if self.block == canonical {
            return Verdict::Canonical;
        }
        let differing = |field: &&&'static Field| self.bytes(field) != &canonical[field.at.clone()];
        let mut fields: Vec<&'static Field> =
            FIELDS.iter().filter(|field| field.name != CHECKSUM.name).filter(differing).copied().collect();
        if !self.is_sound() {
            // One damaged field is believed when the checksum says that nothing else is. More than one
            // would explain too much: some set of fields has the right sum by chance. And a checksum that
            // is not even spelled as one is itself what was hit, if nothing else was.
            let stated = number(self.bytes(&CHECKSUM));
            let explained = match fields.len() {
                0 => !is_checksum(self.bytes(&CHECKSUM)),
                1 => stated == Some(canonical::sum(canonical)),
                _ => false,
            };
            if !explained {
                return Verdict::Lost;
            }
        }
        if fields.is_empty() || !is_checksum(self.bytes(&CHECKSUM)) {
            fields.push(&CHECKSUM);
        }
        Verdict::Differs(fields)
    }
}

/// What pax records say in the place of the header's own fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Overrides {
    pub(super) path: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
}

/// The dialect's spelling of a checksum: six digits, a NUL, a space.
fn is_checksum(bytes: &[u8]) -> bool {
    matches!(bytes, [digits @ .., 0, b' '] if digits.iter().all(|digit| matches!(digit, b'0'..=b'7')))
}

/// An octal number in any spelling of POSIX: spaces, digits, and a space or NUL if there is room.
/// GNU's binary numbers are none.
fn number(bytes: &[u8]) -> Option<u64> {
    let start = bytes.iter().position(|&byte| byte != b' ')?;
    let digits = &bytes[start..];
    let end = digits.iter().position(|byte| !matches!(byte, b'0'..=b'7')).unwrap_or(digits.len());
    if end == 0 || digits[end..].iter().any(|byte| !matches!(byte, 0 | b' ')) {
        return None;
    }
    Some(digits[..end].iter().fold(0, |value, digit| value << 3 | u64::from(digit - b'0')))
}

/// A whole block of a slice.
pub(super) fn block(bytes: &[u8]) -> &Block {
    bytes.first_chunk::<BLOCK>().expect("a whole block was collected")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: u64 = 1_700_000_000;

    fn file(path: &str) -> Said {
        Said { path: path.into(), node: Node::File { executable: false, size: 77 } }
    }

    #[test]
    fn a_header_says_what_it_was_made_of() {
        for said in [
            file("top/a"),
            Said { path: "top/".into(), node: Node::Directory },
            Said { path: "top/l".into(), node: Node::Link { target: b"a".into() } },
            Said { path: "top/x".into(), node: Node::File { executable: true, size: 1 << 33 } },
        ] {
            let block = said.block(DATE);
            let header = Header::new(&block);
            let size = matches!(said.node, Node::File { size, .. } if size > canonical::ELEVEN_DIGITS);
            let pax = Overrides { size: size.then_some(1 << 33), ..Overrides::default() };
            assert_eq!(header.said(&pax), Some(said));
            assert_eq!(header.date(), Some(DATE));
        }
    }

    /// Every bit of a header but those of its name, size and checksum digits is told by the field.
    #[test]
    fn a_flipped_bit_is_told_by_its_field() {
        let canonical = file("top/a").block(DATE);
        for bit in 0..BLOCK * 8 {
            let mut block = canonical;
            block[bit / 8] ^= 1 << (bit % 8);
            let header = Header::new(&block);
            let field = FIELDS.iter().find(|field| field.at.contains(&(bit / 8))).expect("a field");
            let believed = header
                .may_have_said(&Overrides::default())
                .iter()
                .map(|said| header.against(&said.block(DATE)))
                .find(|verdict| *verdict != Verdict::Lost);
            match bit / 8 {
                // The name's own bytes, the size's and the checksum's digits have no second witness.
                0..5 | 124..135 | 148..154 => {
                    assert!(
                        believed.is_none() || believed == Some(Verdict::Differs(vec![field])),
                        "{bit}: {believed:?}"
                    );
                }
                _ => assert_eq!(believed, Some(Verdict::Differs(vec![field])), "bit {bit}"),
            }
        }
    }

    #[test]
    fn numbers_of_other_writers_are_read() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   644 \0"), Some(0o644));
        assert_eq!(number(b"77777777"), Some(0o7777_7777));
        for bytes in [&b"\x80\0\0\0\0\0\0\x01"[..], b"        ", b"\0\0\0\0", b"12 34 \0", b"-1\0", b"8\0"] {
            assert_eq!(number(bytes), None, "{}", bytes.escape_ascii());
        }
    }
}
