// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The path of a request as a path beneath the folder.

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// A file.
    File(String),
    /// A folder, by its slash at the end; empty for the whole.
    Folder(String),
    /// Something that is never there: a hidden file, a way out, an empty name.
    Never,
    /// No path at all.
    Malformed,
}

/// Reads a path with its escapes (RFC 3986, 2.1). A slash that is escaped is no slash of a path.
pub(super) fn asked(path: &str) -> Asked {
    let Some(path) = path.strip_prefix('/') else { return Asked::Malformed };
    if path.is_empty() {
        return Asked::Folder(String::new());
    }
    let (path, is_folder) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
    let mut names = Vec::new();
    for part in path.split('/') {
        let Some(name) = unescaped(part) else { return Asked::Malformed };
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) {
            return Asked::Never;
        }
        names.push(name);
    }
    let path = names.join("/");
    if is_folder { Asked::Folder(path) } else { Asked::File(path) }
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let [high, low, behind @ ..] = rest else { return None };
        bytes.push(digit(*high)? << 4 | digit(*low)?);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        let file = |path: &str| Asked::File(path.into());
        let folder = |path: &str| Asked::Folder(path.into());
        for (text, expected) in [
            ("/", folder("")),
            ("/index.html", file("index.html")),
            ("/lts-6.12/", folder("lts-6.12")),
            ("/lts-6.12/lustre-2.18.0+k6.12.58.tar.xz", file("lts-6.12/lustre-2.18.0+k6.12.58.tar.xz")),
            ("/lts-6.12/lustre-2.18.0%2Bk6.12.58.tar.xz", file("lts-6.12/lustre-2.18.0+k6.12.58.tar.xz")),
            ("/a%20b", file("a b")),
            ("/%c3%A9", file("é")),
            ("//", Asked::Never),
            ("//etc/passwd", Asked::Never),
            ("/a//b", Asked::Never),
            ("/..", Asked::Never),
            ("/../etc", Asked::Never),
            ("/%2e%2e/etc", Asked::Never),
            ("/a/%2e%2e/b", Asked::Never),
            ("/..%2fetc", Asked::Never),
            ("/a%2fb", Asked::Never),
            ("/.ssh/id", Asked::Never),
            ("/a/.b", Asked::Never),
            ("/a%00b", Asked::Never),
            ("/%", Asked::Malformed),
            ("/%4", Asked::Malformed),
            ("/%zz", Asked::Malformed),
            ("/%+1", Asked::Malformed),
            ("/%ff", Asked::Malformed),
            ("", Asked::Malformed),
            ("*", Asked::Malformed),
        ] {
            assert_eq!(asked(text), expected, "{text}");
        }
    }
}
