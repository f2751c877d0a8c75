// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Versions by the hundred, the same on every run.

use super::super::ReleaseVersion;

/// A generator of numbers (Knuth's MMIX constants): the same pairs on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    /// One of the words; `-` is for nothing.
    fn pick<'a>(&mut self, words: &'a str) -> &'a str {
        let words: Vec<&str> = words.split_whitespace().collect();
        Some(words[self.below(words.len())]).filter(|word| *word != "-").unwrap_or_default()
    }
}

/// Few values for each part, near to each other, so that pairs often share what comes before the
/// part that decides.
fn random_version(random: &mut Random) -> ReleaseVersion {
    let base = random.pick("2.17.9 2.17.57 2.18.0 2.18.0 2.18.0.0 2.18.0.1 2.18.10");
    let candidate = random.pick("- - - -RC1 -RC9 -RC10");
    let distance = random.pick("- - - git0.g git9.g git123.g");
    let commit = random.pick("abcdef0123ab abcdef0123ac 9bcdef0123ab 10cdef0123ab abcdefabcdef 012345678901");
    let kernel = random
        .pick("- - - k6.9.12 k6.12.rc1 k6.12.rc10 k6.12 k6.12.1.rc1 k6.12.1 k6.12.5 k6.12.58 k6.18.rc6 k7.0");
    let respin = random.pick("- - r1 r2 r10");
    let vendor = random
        .pick("- - - acme.1 acme.2 acme.10 acmelabs.1 a.1 a0.1 a9.2 a9b.1 a10.1 z.1 build.1 post.1 dist.255");
    let development = if distance.is_empty() { String::new() } else { format!("{distance}{commit}") };
    let parts: Vec<&str> =
        [&development, kernel, respin, vendor].into_iter().filter(|part| !part.is_empty()).collect();
    let plus = if parts.is_empty() { "" } else { "+" };
    let text = format!("{base}{candidate}{plus}{}", parts.join("."));
    ReleaseVersion::parse(&text).expect("the parts are in order")
}

pub(super) fn random_versions(count: usize) -> Vec<ReleaseVersion> {
    let mut random = Random(218_061_258);
    (0..count).map(|_| random_version(&mut random)).collect()
}

/// Neighbours in the table, and `count` pairs that differ in one part or in all.
pub(super) fn pairs(table: &[ReleaseVersion], count: usize) -> Vec<(ReleaseVersion, ReleaseVersion)> {
    let mut pairs: Vec<_> = table.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    let versions = random_versions(2 * count);
    let mut random = Random(61_258_218);
    for pair in versions.chunks(2) {
        let (left, mut right) = (pair[0].clone(), pair[1].clone());
        match random.below(6) {
            0 => right.base = left.base,
            1 => right = ReleaseVersion { respin: right.respin, vendor: right.vendor, ..left.clone() },
            2 => right = ReleaseVersion { vendor: right.vendor, ..left.clone() },
            3 => right = ReleaseVersion { kernel: right.kernel, ..left.clone() },
            4 => right = ReleaseVersion { base: left.base, development: left.development.clone(), ..right },
            _ => {}
        }
        pairs.push((left, right));
    }
    pairs
}
