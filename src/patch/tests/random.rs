// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Random files, the same on every run.

/// Knuth's MMIX generator.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.below(2);
        random
    }

    /// A number under `limit`.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// A line: many are alike, some are blank, look like parts of a patch, end in CR LF or are no UTF-8.
fn line(random: &mut Random) -> Vec<u8> {
    let number = random.below(30);
    match random.below(16) {
        0 | 1 => b"\n".to_vec(),
        2 => b"}\n".to_vec(),
        3 => b"-- \n".to_vec(),
        4 => b"++ b/x\n".to_vec(),
        5 => b"@@ -1 +1 @@\n".to_vec(),
        6 => format!("windows {number}\r\n").into_bytes(),
        7 => vec![b'\xff', b'\t', number as u8 + b'a', b'\n'],
        8 => b"diff --git a/x b/x\n".to_vec(),
        9 => b" \n".to_vec(),
        _ => format!("\tline {number};\n").into_bytes(),
    }
}

/// A file of up to 60 lines, now and then empty or without a newline at its end.
pub(super) fn text(random: &mut Random) -> Vec<u8> {
    let count = if random.below(10) == 0 { random.below(3) } else { random.below(60) };
    let lines: Vec<_> = (0..count).map(|_| line(random)).collect();
    cut(random, lines.concat())
}

/// The file with up to four of its places changed, removed or added to.
pub(super) fn edited(random: &mut Random, text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..=random.below(4) {
        let at = random.below(lines.len() + 1);
        match (random.below(3), lines.get(at)) {
            (0, Some(_)) => lines[at] = line(random),
            (1, Some(_)) => _ = lines.drain(at..(at + 1 + random.below(4)).min(lines.len())),
            _ => {
                for _ in 0..=random.below(3) {
                    lines.insert(at, line(random));
                }
            }
        }
    }
    // Only the last line can be without a newline.
    let count = lines.len();
    for line in lines.iter_mut().take(count.saturating_sub(1)).filter(|line| !line.ends_with(b"\n")) {
        line.push(b'\n');
    }
    let text = lines.concat();
    if random.below(4) == 0 { cut(random, text) } else { text }
}

/// Takes the last newline away, one time in five.
fn cut(random: &mut Random, mut text: Vec<u8>) -> Vec<u8> {
    if random.below(5) == 0 && text.ends_with(b"\n") {
        text.pop();
    }
    text
}

/// The patch with one line lost, doubled, moved or changed.
pub(super) fn damaged(random: &mut Random, patch: &[u8]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = patch.split_inclusive(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let at = random.below(lines.len());
    match random.below(5) {
        0 => _ = lines.remove(at),
        1 => lines.insert(at, lines[at].clone()),
        2 => {
            let other = random.below(lines.len());
            lines.swap(at, other);
        }
        3 => lines.truncate(at),
        _ => {
            let byte = random.below(lines[at].len());
            lines[at][byte] = b" +-@\\0127a\n\r\t/"[random.below(14)];
        }
    }
    lines.concat()
}
