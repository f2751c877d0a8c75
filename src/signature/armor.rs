// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! OpenPGP's ASCII armor, RFC 9580 section 6.2, read strictly: a block that is cut off or damaged is an
//! error, and the caller learns what stands around the blocks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN PGP ";
const END: &str = "-----END PGP ";
const DASHES: &str = "-----";

/// One armored block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// `SIGNATURE`, `PUBLIC KEY BLOCK`.
    pub(crate) label: String,
    /// The packets.
    pub(crate) bytes: Vec<u8>,
}

/// An armored text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Armored {
    /// The blocks, in order.
    pub(crate) blocks: Vec<Block>,
    /// Whether anything but white space stands around them.
    pub(crate) has_more: bool,
}

/// Whether the bytes claim to be armored.
pub(crate) fn is_armored(bytes: &[u8]) -> bool {
    bytes.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes())
}

/// Reads every block of a text.
pub(crate) fn read(text: &str) -> Result<Armored, String> {
    let mut armored = Armored { blocks: Vec::new(), has_more: false };
    let mut lines = text.lines().map(str::trim_end);
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(DASHES)) else {
            armored.has_more |= !line.is_empty();
            continue;
        };
        armored.blocks.push(block(label, &mut lines)?);
    }
    Ok(armored)
}

fn block<'t>(label: &str, lines: &mut impl Iterator<Item = &'t str>) -> Result<Block, String> {
    let cut_off = || format!("the armor is cut off: no `{END}{label}{DASHES}`");
    // Headers such as `Version:`, up to an empty line.
    loop {
        match lines.next().ok_or_else(cut_off)? {
            "" => break,
            header if header.contains(": ") || header.ends_with(':') => {}
            _ => return Err("the armor has no empty line after its headers".to_owned()),
        }
    }
    let mut body = String::new();
    let mut sum = None;
    loop {
        let line = lines.next().ok_or_else(cut_off)?;
        if let Some(end) = line.strip_prefix(END).and_then(|rest| rest.strip_suffix(DASHES)) {
            if end != label {
                return Err(format!("the armor begins as {label} and ends as {end}"));
            }
            break;
        }
        match line.strip_prefix('=') {
            Some(crc) if crc.len() == 4 && sum.is_none() => sum = Some(crc.to_owned()),
            _ if sum.is_some() => return Err("the armor goes on after its checksum".to_owned()),
            _ => body.push_str(line),
        }
    }
    let bytes = STANDARD.decode(&body).map_err(|error| format!("the armor is not base64: {error}"))?;
    // RFC 9580 lets readers ignore a wrong checksum; a transport that damages files is worth a word.
    if let Some(sum) = sum
        && STANDARD.decode(&sum).ok().as_deref() != Some(&crc24(&bytes))
    {
        return Err("the armor's checksum is not that of its content".to_owned());
    }
    Ok(Block { label: label.to_owned(), bytes })
}

/// Writes a block, with the checksum that older programs expect.
pub(crate) fn write(label: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    let lines = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII"));
    let mut text = format!("{BEGIN}{label}{DASHES}\n\n");
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str(&format!("={}\n{END}{label}{DASHES}\n", STANDARD.encode(crc24(bytes))));
    text
}

/// The checksum of RFC 9580, section 6.1.
fn crc24(bytes: &[u8]) -> [u8; 3] {
    let mut crc: u32 = 0x00b7_04ce;
    for byte in bytes {
        crc ^= u32::from(*byte) << 16;
        for _ in 0..8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= 0x0186_4cfb;
            }
        }
    }
    let [_, high, middle, low] = crc.to_be_bytes();
    [high, middle, low]
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str =
        "-----BEGIN PGP SIGNATURE-----\nVersion: 1\n\naGVsbG8=\n=R/WP\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn whole_blocks_are_read() {
        let without_sum = WHOLE.replace("=R/WP\n", "");
        let armored = read(&without_sum).expect("an armor");
        assert_eq!(armored.blocks, [Block { label: "SIGNATURE".to_owned(), bytes: b"hello".to_vec() }]);
        assert!(!armored.has_more);
        assert_eq!(read(&without_sum.repeat(3)).expect("an armor").blocks.len(), 3);
        assert!(read(&format!("{without_sum}more\n")).expect("an armor").has_more);
        let crc = STANDARD.encode(crc24(b"hello"));
        assert_eq!(read(&WHOLE.replace("R/WP", &crc)).expect("an armor").blocks.len(), 1);
    }

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 47, 48, 49, 200] {
            let bytes: Vec<u8> = (0..length).collect();
            let text = write("SIGNATURE", &bytes);
            assert_eq!(read(&text).expect("an armor").blocks[0].bytes, bytes);
        }
    }

    #[test]
    fn damage_is_told() {
        for (text, fault) in [
            (WHOLE.to_owned(), "checksum is not"),
            (WHOLE[..WHOLE.len() - 30].to_owned(), "cut off"),
            (WHOLE[..10].replace("-----BEGIN", "-----BEGIN PGP SIGNATURE-----"), "cut off"),
            (WHOLE.replace("END PGP SIGNATURE", "END PGP MESSAGE"), "ends as MESSAGE"),
            (WHOLE.replace("aGVs", "a*Vs"), "not base64"),
            (WHOLE.replace("\n\n", "\n"), "no empty line"),
            (WHOLE.replace("=R/WP\n", "=R/WP\naGVs\n"), "after its checksum"),
        ] {
            let found = read(&text).expect_err(fault);
            assert!(found.contains(fault), "{found}");
        }
    }
}
