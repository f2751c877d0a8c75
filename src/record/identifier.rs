// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The `SPDX-License-Identifier` of a file (SPDX 2.3, annex E), found where people put it.

use memchr::memmem::Finder;

/// The tag, put together so that tools that look for it do not take this line for one.
pub(super) const TAG: &str = concat!("SPDX-License-", "Identifier:");

/// How many lines may stand in front of the end of the tag's line: as many as the kernel's own
/// checker (`scripts/spdxcheck.py`) reads.
const LINES: usize = 15;

/// Where the first lines end at the latest: files without line ends are not searched whole.
const BYTES: usize = 4096;

/// A licence text in the form of the kernel's `LICENSES/` starts with one of these. What follows tells
/// people what to write into their files, and says nothing of the file itself.
const LICENCE_TEXTS: [&str; 2] = ["Valid-License-Identifier:", "SPDX-Exception-Identifier:"];

/// What ends a comment on the line of a tag.
const CLOSERS: [&str; 8] = ["*/", "-->", "*)", "#}", "%>", "\"", "'", "\\"];

/// Finds the tag in many files.
#[derive(Debug)]
pub(super) struct Tags {
    finder: Finder<'static>,
}

impl Tags {
    pub(super) fn new() -> Self {
        Self { finder: Finder::new(TAG) }
    }

    /// What stands behind each tag in the first lines of a file, without the comment around it. Empty
    /// for nearly every file without one, which costs one search.
    pub(super) fn find(&self, bytes: &[u8]) -> Vec<Box<str>> {
        let head = match bytes.get(..BYTES) {
            // A line that is cut would say something else.
            Some(head) => &head[..memchr::memrchr(b'\n', head).unwrap_or(0)],
            None => bytes,
        };
        if self.finder.find(head).is_none()
            || LICENCE_TEXTS.iter().any(|start| head.starts_with(start.as_bytes()))
        {
            return Vec::new();
        }
        head.split(|&byte| byte == b'\n').take(LINES).filter_map(|line| self.on_line(line)).collect()
    }

    fn on_line(&self, line: &[u8]) -> Option<Box<str>> {
        let at = self.finder.find(line)?;
        // Behind words the tag is quoted or spoken of, as in a program that looks for it. `dnl`, `rem`
        // and `@c` start the comments of m4, batch files and Texinfo.
        let before = std::str::from_utf8(&line[..at]).ok()?.trim();
        let is_mark = before.chars().all(|c| c.is_ascii_punctuation())
            || ["dnl", "rem", "REM", "@c", "@comment"].contains(&before);
        // A diff's line is that of another file.
        let in_diff = before.starts_with('+') || before.starts_with('-') && !before.starts_with("--");
        let quoted = before.ends_with(['=', '~', '(', '\'', '`', '$']);
        if !is_mark || in_diff || quoted {
            return None;
        }
        let mut value = std::str::from_utf8(&line[at + TAG.len()..]).ok()?.trim();
        while let Some(shorter) = CLOSERS.iter().find_map(|closer| value.strip_suffix(closer)) {
            value = shorter.trim_end();
        }
        (!value.is_empty()).then(|| value.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let text = text.replace("TAG", TAG);
        Tags::new().find(text.as_bytes()).into_iter().map(String::from).collect()
    }

    #[test]
    fn every_kind_of_comment_is_taken_off() {
        for text in [
            "// TAG GPL-2.0",
            "/* TAG GPL-2.0 */\n#include <x.h>\n",
            "# TAG GPL-2.0\r\n",
            "#!/bin/sh\n# TAG GPL-2.0\n",
            "<!-- TAG GPL-2.0 -->",
            "<?xml version=\"1.0\"?>\n<!-- TAG GPL-2.0 -->",
            ".. TAG GPL-2.0",
            ".\\\" TAG GPL-2.0",
            "dnl TAG GPL-2.0",
            "; TAG GPL-2.0",
            "--TAG   GPL-2.0",
            "TAG GPL-2.0",
            "\tTAG GPL-2.0\n",
            "(* TAG GPL-2.0 *)",
            "{# TAG GPL-2.0 #}",
            " * TAG GPL-2.0 \\\n",
            "@c TAG GPL-2.0",
        ] {
            assert_eq!(found(text), ["GPL-2.0"], "{text}");
        }
    }

    #[test]
    fn the_value_is_what_stands_there() {
        assert_eq!(
            found("/* TAG (GPL-2.0 WITH Linux-syscall-note) OR MIT */"),
            ["(GPL-2.0 WITH Linux-syscall-note) OR MIT"]
        );
        assert_eq!(found("// TAG GPL-2.0\n// TAG MIT\n"), ["GPL-2.0", "MIT"]);
        assert_eq!(found("// TAG <SPDX License Expression>"), ["<SPDX License Expression>"]);
        assert_eq!(found("// TAG\n"), Vec::<String>::new());
    }

    #[test]
    fn a_tag_that_is_spoken_of_is_none() {
        for text in [
            "if ($line =~ /TAG .*/) {",
            "      C source:\t// TAG GPL-2.0",
            "echo \"TAG MIT\"",
            "const TAG = 'TAG MIT';",
            "see (TAG MIT)",
            "@@ -0,0 +1,2 @@\n+// TAG MIT\n",
            "-# TAG MIT\n+# TAG ISC\n",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
        let usage = "Valid-License-Identifier: GPL-2.0\nUsage-Guide:\n  TAG GPL-2.0\n";
        assert_eq!(found(usage), Vec::<String>::new());
        let usage = "SPDX-Exception-Identifier: Linux-syscall-note\n  TAG <SPDX-License> WITH it\n";
        assert_eq!(found(usage), Vec::<String>::new());
    }

    #[test]
    fn only_the_first_lines_count() {
        assert_eq!(found(&format!("{}// TAG MIT\n", "\n".repeat(14))), ["MIT"]);
        assert_eq!(found(&format!("{}// TAG MIT\n", "\n".repeat(15))), Vec::<String>::new());
        assert_eq!(found(&format!("{}\n// TAG MIT\n", "x".repeat(5000))), Vec::<String>::new());
        let cut = format!("{}\n// TAG GPL-2.0 OR MIT\n", "x".repeat(4060));
        assert_eq!(found(&cut), Vec::<String>::new());
        assert_eq!(Tags::new().find(&[0xff; 100]), Vec::<Box<str>>::new());
    }
}
