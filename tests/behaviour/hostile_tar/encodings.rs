// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Encodings with something before, behind or inside that is not the one stream.

use std::io::Write as _;

use flate2::{Compress, Compression, FlushCompress};
use liblzma::stream::{Check, Stream};
use lustre_dist::archive::read::Limits;

use super::make::{Tar, everything};
use super::{answer, read};

/// A small tar whose content does not compress away.
fn tar() -> Vec<u8> {
    everything().file("zz", &crate::fixture::noise(5000, 1)).end()
}

/// gzip with this header, which is ten bytes or more.
fn gzip_with(header: &[u8], tar: &[u8]) -> Vec<u8> {
    let mut deflate = Compress::new(Compression::new(6), false);
    let mut body = Vec::with_capacity(tar.len() + 1000);
    deflate.compress_vec(tar, &mut body, FlushCompress::Finish).expect("room enough");
    let checksum = crc32fast::hash(tar).to_le_bytes();
    let length = u32::try_from(tar.len()).expect("small").to_le_bytes();
    [header, &body, &checksum, &length].concat()
}

const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

pub fn gzip(tar: &[u8]) -> Vec<u8> {
    gzip_with(&GZIP, tar)
}

pub fn zstd(tar: &[u8]) -> Vec<u8> {
    zstd_with(tar, |encoder| encoder.include_checksum(true))
}

fn zstd_with(
    tar: &[u8],
    set: impl FnOnce(&mut zstd::Encoder<'static, Vec<u8>>) -> std::io::Result<()>,
) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
    set(&mut encoder).expect("a parameter");
    encoder.write_all(tar).expect("memory");
    encoder.finish().expect("memory")
}

pub fn xz(tar: &[u8]) -> Vec<u8> {
    xz_with(tar, 6, Check::Crc64)
}

fn xz_with(tar: &[u8], preset: u32, check: Check) -> Vec<u8> {
    let stream = Stream::new_easy_encoder(preset, check).expect("an encoder");
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(tar).expect("memory");
    encoder.finish().expect("memory")
}

/// A skippable zstd frame.
fn skippable() -> Vec<u8> {
    [&0x184d_2a53_u32.to_le_bytes()[..], &6_u32.to_le_bytes(), b"hidden"].concat()
}

fn answers(name: &str, cases: &[(&str, Vec<u8>)]) -> String {
    cases.iter().map(|(what, file)| answer(what, name, file)).collect()
}

fn with(mut file: Vec<u8>, at: usize, byte: u8) -> Vec<u8> {
    file[at] = byte;
    file
}

fn cut(file: &[u8], behind: usize) -> Vec<u8> {
    file[..file.len() - behind].to_vec()
}

#[test]
fn each_encoding_is_accepted() {
    let tar = tar();
    let digest = lustre_dist::model::Sha256::of(&tar);
    for (name, file) in
        [("a.tar", tar.clone()), ("a.tar.gz", gzip(&tar)), ("a.tar.zst", zstd(&tar)), ("a.tar.xz", xz(&tar))]
    {
        let (outcome, _) = read(name, &file, &Limits::default());
        assert_eq!(outcome.faults, [], "{name}");
        let summary = outcome.summary.expect(name);
        assert_eq!((summary.identity.sha256, summary.identity.size), (digest, tar.len() as u64), "{name}");
        assert_eq!(outcome.encoding.extension(), &name[2..]);
        // Under a name that says nothing, the first bytes do.
        assert_eq!(read("download", &file, &Limits::default()).0.faults, [], "{name}");
    }
}

#[test]
fn hostile_gzip() {
    let (tar, half) = (tar(), tar().len() / 2);
    let good = gzip(&tar);
    let two = [gzip(&tar[..half]), gzip(&tar[half..])].concat();
    let header = |at: usize, byte: u8| {
        gzip_with(
            &{
                let mut header = GZIP;
                header[at] = byte;
                header
            },
            &tar,
        )
    };
    let optional = |flag: u8, field: &[u8]| {
        let mut header = GZIP.to_vec();
        header[3] = flag;
        header.extend_from_slice(field);
        gzip_with(&header, &tar)
    };
    let cases = [
        ("a file name", optional(8, b"evil.tar\0")),
        ("a comment", optional(16, b"hidden\0")),
        ("an extra field", optional(4, &[4, 0, b'A', b'B', 0, 0])),
        ("a checksum of the header", optional(2, &[0, 0])),
        ("a text flag", optional(1, b"")),
        ("a reserved flag", optional(0x80, b"")),
        ("a time", header(4, 1)),
        ("extra flags", header(8, 1)),
        ("an operating system", header(9, 3)),
        ("another method", header(2, 7)),
        ("two members", two),
        ("the same twice", [good.clone(), good.clone()].concat()),
        ("zeros behind", [good.clone(), vec![0; 512]].concat()),
        ("a byte behind", [good.clone(), vec![b'x']].concat()),
        ("nothing but a header", GZIP.to_vec()),
        ("half a header", GZIP[..5].to_vec()),
        ("no trailer", cut(&good, 8)),
        ("half a trailer", cut(&good, 3)),
        ("half the data", cut(&good, good.len() / 2)),
        ("another CRC", with(good.clone(), good.len() - 8, good[good.len() - 8] ^ 1)),
        ("another length", with(good.clone(), good.len() - 1, 1)),
        ("damaged data", with(good.clone(), 10, 0xff)),
    ];
    insta::assert_snapshot!(answers("demo-1.tar.gz", &cases), @"
    a file name
      offset 3 of the file: the gzip header has a file name; expected a header without options
      and stops
    a comment
      offset 3 of the file: the gzip header has a comment; expected a header without options
      and stops
    an extra field
      offset 3 of the file: the gzip header has an extra field; expected a header without options
      and stops
    a checksum of the header
      offset 3 of the file: the gzip header has a checksum of the header; expected a header without options
      and stops
    a text flag
      offset 3 of the file: the gzip header has the text flag; expected a header without options
      and stops
    a reserved flag
      offset 3 of the file: the gzip header has a reserved flag; expected a header without options
      and stops
    a time
      offset 4 of the file: the gzip header has the time 1; expected no time
      and stops
    extra flags
      offset 8 of the file: the gzip header's extra flags are 1; expected 0, 2 or 4
      and stops
    an operating system
      offset 9 of the file: the gzip header names the system 3; expected 255, none
      and stops
    another method
      offset 2 of the file: the compression method is 7; expected 8, deflate
      and stops
    two members
      offset 447 of the file: another gzip member stands behind the first; expected the end of the file
      offset 10240 of the tar: `long`: nothing more can be decoded: the tar ends behind it; expected another member, or the zeros at the end
      and stops
    the same twice
      offset 5712 of the file: another gzip member stands behind the first; expected the end of the file
    zeros behind
      offset 5712 of the file: zeros stand behind the stream; expected the end of the file
    a byte behind
      offset 5712 of the file: something stands behind the stream; expected the end of the file
    nothing but a header
      offset 10 of the file: the file ends here; expected the rest of the gzip member
      and stops
    half a header
      offset 5 of the file: the file ends here; expected the rest of the gzip member
      and stops
    no trailer
      offset 5704 of the file: the file ends here; expected the rest of the gzip member
    half a trailer
      offset 5709 of the file: the file ends here; expected the rest of the gzip member
    half the data
      offset 2856 of the file: the file ends here; expected the rest of the gzip member
      offset 15492 of the tar: `zz`: nothing more can be decoded: the tar ends in its content; expected 2820 more bytes of it
      and stops
    another CRC
      offset 5704 of the file: the tar has the CRC 6ae62586; expected 6ae62587, as the trailer says
    another length
      offset 5708 of the file: the trailer counts 16797696 bytes; expected 20480
    damaged data
      offset 11 of the file: the compressed data is damaged near here; expected deflate data (RFC 1951)
      and stops
    ");
}

#[test]
fn hostile_zstd() {
    let (tar, half) = (tar(), tar().len() / 2);
    let good = zstd(&tar);
    let (first, second) = (zstd(&tar[..half]), zstd(&tar[half..]));
    let cases = [
        ("a skippable frame before", [skippable(), good.clone()].concat()),
        ("a skippable frame behind", [good.clone(), skippable()].concat()),
        ("a skippable frame between two", [first.clone(), skippable(), second.clone()].concat()),
        ("two frames", [first, second].concat()),
        ("a frame of nothing behind", [good.clone(), zstd(b"")].concat()),
        ("zeros behind", [good.clone(), vec![0; 512]].concat()),
        ("a byte behind", [good.clone(), vec![b'x']].concat()),
        ("no checksum", zstd_with(&tar, |encoder| encoder.include_checksum(false))),
        ("a dictionary", with(good.clone(), 4, good[4] | 1)),
        ("a reserved bit", with(good.clone(), 4, good[4] | 8)),
        (
            "a wide window",
            zstd_with(&tar, |encoder| {
                encoder.include_checksum(true)?;
                encoder.window_log(30)
            }),
        ),
        ("another magic number", with(good.clone(), 0, 0x27)),
        ("nothing but the magic number", good[..4].to_vec()),
        ("half the data", cut(&good, good.len() / 2)),
        ("no checksum at the end", cut(&good, 4)),
        ("a byte less", cut(&good, 1)),
        ("another checksum", with(good.clone(), good.len() - 1, good[good.len() - 1] ^ 1)),
        ("damaged data", with(good.clone(), 7, 0xff)),
    ];
    insta::assert_snapshot!(answers("demo-1.tar.zst", &cases), @"
    a skippable frame before
      offset 0 of the file: the file begins with a skippable frame; expected a zstd frame
      and stops
    a skippable frame behind
      offset 5613 of the file: a skippable zstd frame stands behind the first frame; expected the end of the file
    a skippable frame between two
      offset 460 of the file: a skippable zstd frame stands behind the first frame; expected the end of the file
      offset 10240 of the tar: `long`: nothing more can be decoded: the tar ends behind it; expected another member, or the zeros at the end
      and stops
    two frames
      offset 460 of the file: another zstd frame stands behind the first; expected the end of the file
      offset 10240 of the tar: `long`: nothing more can be decoded: the tar ends behind it; expected another member, or the zeros at the end
      and stops
    a frame of nothing behind
      offset 5613 of the file: another zstd frame stands behind the first; expected the end of the file
    zeros behind
      offset 5613 of the file: zeros stand behind the stream; expected the end of the file
    a byte behind
      offset 5613 of the file: something stands behind the stream; expected the end of the file
    no checksum
      offset 4 of the file: the frame has no checksum of its content; expected a frame with its checksum
      and stops
    a dictionary
      offset 4 of the file: the frame needs a dictionary; expected a frame that stands alone
      and stops
    a reserved bit
      offset 4 of the file: a reserved bit of the frame header is set; expected zero
      and stops
    a wide window
      offset 5 of the file: the frame asks for a window of more than 134217728 bytes; expected a window within the limits
      and stops
    another magic number
      offset 0 of the file: the file does not begin as zstd does; expected the bytes 0x28 0xb5 0x2f 0xfd
      and stops
    nothing but the magic number
      offset 4 of the file: the file ends here; expected the rest of the zstd frame
      and stops
    half the data
      offset 2807 of the file: the file ends here; expected the rest of the zstd frame
      and stops
    no checksum at the end
      offset 5609 of the file: the file ends here; expected the rest of the zstd frame
    a byte less
      offset 5612 of the file: the file ends here; expected the rest of the zstd frame
    another checksum
      offset 4101 of the file: the frame's checksum is not that of the tar; expected the checksum of the tar
      and stops
    damaged data
      offset 5613 of the file: the file ends here; expected the rest of the zstd frame
      and stops
    ");
}

#[test]
fn hostile_xz() {
    let (tar, half) = (tar(), tar().len() / 2);
    let good = xz(&tar);
    let cases = [
        ("two streams", [xz(&tar[..half]), xz(&tar[half..])].concat()),
        ("a stream of nothing behind", [good.clone(), xz(b"")].concat()),
        ("stream padding", [good.clone(), vec![0; 4]].concat()),
        ("a byte behind", [good.clone(), vec![b'x']].concat()),
        ("no check", xz_with(&tar, 6, Check::None)),
        ("CRC32", xz_with(&tar, 6, Check::Crc32)),
        ("SHA-256", xz_with(&tar, 6, Check::Sha256)),
        ("a reserved flag", with(good.clone(), 6, 1)),
        ("another magic number", with(good.clone(), 0, 0xfc)),
        ("nothing but the magic number", good[..6].to_vec()),
        ("half the data", cut(&good, good.len() / 2)),
        ("no footer", cut(&good, 12)),
        ("a byte less", cut(&good, 1)),
        ("a damaged footer", with(good.clone(), good.len() - 3, 0xff)),
        ("a damaged header", with(good.clone(), 9, good[9] ^ 1)),
        ("damaged data", with(good.clone(), good.len() / 2, good[good.len() / 2] ^ 1)),
    ];
    insta::assert_snapshot!(answers("demo-1.tar.xz", &cases), @"
    two streams
      offset 468 of the file: another xz stream stands behind the first; expected the end of the file
      offset 10240 of the tar: `long`: nothing more can be decoded: the tar ends behind it; expected another member, or the zeros at the end
      and stops
    a stream of nothing behind
      offset 5628 of the file: another xz stream stands behind the first; expected the end of the file
    stream padding
      offset 5628 of the file: zeros stand behind the stream; expected the end of the file
    a byte behind
      offset 5628 of the file: something stands behind the stream; expected the end of the file
    no check
      offset 7 of the file: the stream has no check; expected CRC64
      and stops
    CRC32
      offset 7 of the file: the stream has the check CRC32; expected CRC64
      and stops
    SHA-256
      offset 7 of the file: the stream has the check SHA-256; expected CRC64
      and stops
    a reserved flag
      offset 6 of the file: a reserved bit of the stream flags is set; expected zero
      and stops
    another magic number
      offset 0 of the file: the file does not begin as xz does; expected the bytes 0xfd `7zXZ` 0x00
      and stops
    nothing but the magic number
      offset 6 of the file: the file ends here; expected the rest of the xz stream
      and stops
    half the data
      offset 2814 of the file: the file ends here; expected the rest of the xz stream
      offset 15577 of the tar: `zz`: nothing more can be decoded: the tar ends in its content; expected 2735 more bytes of it
      and stops
    no footer
      offset 5616 of the file: the file ends here; expected the rest of the xz stream
    a byte less
      offset 5627 of the file: the file ends here; expected the rest of the xz stream
    a damaged footer
      offset 5628 of the file: the compressed data is damaged near here: lzma data error; expected an xz stream
    a damaged header
      offset 12 of the file: the compressed data is damaged near here: lzma data error; expected an xz stream
      and stops
    damaged data
      offset 2882 of the file: the compressed data is damaged near here: lzma data error; expected an xz stream
      offset 15641 of the tar: `zz`: nothing more can be decoded: the tar ends in its content; expected 2671 more bytes of it
      and stops
    ");
    let (outcome, _) = read(
        "demo-1.tar.xz",
        &xz_with(&tar, 9, Check::Crc64),
        &Limits { memory: 16 << 20, ..Limits::default() },
    );
    insta::assert_snapshot!(outcome.faults[0].to_string(), @"offset 24 of the file: the stream asks for a dictionary of more than 16777216 bytes; expected a dictionary within the limits");
}

#[test]
fn a_name_that_says_otherwise() {
    let tar = Tar::new().end();
    let cases = [
        ("zstd called xz", "demo-1.tar.xz", zstd(&tar)),
        ("xz called gzip", "demo-1.tar.gz", xz(&tar)),
        ("gzip called tar", "demo-1.tar", gzip(&tar)),
        ("tar called zstd", "demo-1.tar.zst", tar),
        ("nothing called xz", "demo-1.tar.xz", Vec::new()),
        ("bzip2", "demo-1.tar.bz2", b"BZh91AY&SY".to_vec()),
    ];
    let text: String = cases.iter().map(|(what, name, file)| answer(what, name, file)).collect();
    insta::assert_snapshot!(text, @"
    zstd called xz
      offset 0 of the file: the file is zstd, and its name says xz; expected xz, or a name that ends in `.tar.zst`
    xz called gzip
      offset 0 of the file: the file is xz, and its name says gzip; expected gzip, or a name that ends in `.tar.xz`
    gzip called tar
      offset 0 of the file: the file is gzip, and its name says tar; expected tar, or a name that ends in `.tar.gz`
    tar called zstd
      offset 0 of the file: the file is tar, and its name says zstd; expected zstd, or a name that ends in `.tar`
    nothing called xz
      offset 0 of the file: the file ends here; expected the rest of the xz stream
      and stops
    bzip2
      offset 10 of the tar: global header: the tar ends in its global header; expected a whole tar
      and stops
    ");
}

/// Every encoding cut at every byte, and with a bit flipped in every byte: never accepted as a whole
/// file with other content.
#[test]
fn cut_and_flipped_everywhere() {
    let tar = Tar::new().file("a", &crate::fixture::noise(700, 3)).end();
    for (name, good) in [("a.tar.gz", gzip(&tar)), ("a.tar.zst", zstd(&tar)), ("a.tar.xz", xz(&tar))] {
        for length in 0..good.len() {
            let (outcome, _) = read(name, &good[..length], &Limits::default());
            assert!(!outcome.faults.is_empty(), "{name} cut at {length}");
        }
        for at in 0..good.len() {
            let flipped = with(good.clone(), at, good[at] ^ 1 << (at % 8));
            let (outcome, _) = read(name, &flipped, &Limits::default());
            // Bits without a meaning stay: gzip's level, or bits behind the last code.
            if let (true, Some(summary)) = (outcome.faults.is_empty(), &outcome.summary) {
                assert_eq!(summary.identity.sha256, lustre_dist::model::Sha256::of(&tar), "{name} at {at}");
            }
        }
    }
}
