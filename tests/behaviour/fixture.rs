// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A source tree with everything that is awkward in a tarball, and a manifest that releases it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::runner::Sandbox;

/// The release's title: its top directory and the start of all its file names.
pub const TITLE: &str = "lustre-2.17.57";

/// A path whose full length in the tarball, with the top directory, is `total` bytes; its last
/// component has `last` of them, and no other component has more than 60.
pub fn path_of_length(total: usize, last: usize) -> String {
    let folder_length = total - (TITLE.len() + 1) - last - 1;
    let mut folder = format!("len{total}-{last}");
    while folder.len() < folder_length {
        // A component must not be empty: a slash needs room for a letter behind it.
        let room = folder_length - folder.len();
        folder.push(if room > 60 && folder.len() % 60 == 59 || room > 1 && !folder.contains('/') {
            '/'
        } else {
            'd'
        });
    }
    let path = format!("{folder}/{}", "n".repeat(last));
    assert_eq!(path.len() + TITLE.len() + 1, total);
    path
}

/// Total length and length of the last component, around every limit of ustar: 100 bytes of name,
/// 155 of prefix, 256 of both with the slash between.
pub const LENGTHS: [(usize, usize); 13] = [
    (99, 20),
    (100, 20),
    (101, 20),
    (101, 60),
    (115, 20),
    (116, 20),
    (155, 30),
    (156, 30),
    (157, 101),
    (255, 99),
    (256, 100),
    (257, 100),
    (700, 200),
];

/// Bytes without a pattern, the same every time.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Makes the repository `lustre` with the whole tree, tagged `v2_17_57`, the manifest `m.toml`, a
/// patch and a template.
pub fn make(sandbox: &Sandbox) {
    make_with(sandbox, &[], "");
}

/// The same with further files, and with more text in the manifest.
pub fn make_with(sandbox: &Sandbox, more_files: &[(&str, &[u8])], more: &str) {
    let file = |name: &str, content: &[u8]| sandbox.write(&format!("lustre/{name}"), content);
    let link = |name: &str, target: &str| {
        let path = sandbox.path(&format!("lustre/{name}"));
        fs::create_dir_all(path.parent().expect("a path below the sandbox")).expect("folders");
        symlink(target, path).expect("a link");
    };
    for (name, content) in more_files {
        file(name, content);
    }

    // Sizes around a block, and modes.
    file("COPYING", b"GPL\n");
    file("sizes/0", b"");
    for size in [1, 511, 512, 513, 1024, 10240, 512 << 10] {
        file(&format!("sizes/{size}"), &noise(size, size as u64));
    }
    file("autogen.sh", b"#!/bin/sh\n");
    fs::set_permissions(sandbox.path("lustre/autogen.sh"), fs::Permissions::from_mode(0o755))
        .expect("a mode");

    // Names.
    for name in ["with space", "-dash", "#hash", "~tilde", "quote\"quote'", "star*", "[x]", "$HOME", "a:b"] {
        file(&format!("names/{name}"), name.as_bytes());
    }
    file("names/Документы/naïve-文件-😀.txt", b"text\n");
    // `/` sorts behind `-` and `.` and before `0`.
    for name in ["sort/a/b", "sort/a-b", "sort/a.b", "sort/a0", "sort/a/C"] {
        file(name, name.as_bytes());
    }
    for (total, last) in LENGTHS {
        let path = path_of_length(total, last);
        file(&path, path.as_bytes());
    }
    for nth in 0..60 {
        file(&format!("many/{nth:02}/deep/{}/file", nth % 7), format!("{nth}\n").as_bytes());
    }

    // Links: to a file, a directory and another link, and with targets around 100 bytes.
    link("links/file", "../COPYING");
    link("links/folder", "../sizes");
    link("links/again", "file");
    for (total, last) in [(115, 20), (116, 20), (700, 200)] {
        link(&format!("to-{total}"), &path_of_length(total, last));
    }
    link("links/umlaut", "../names/Документы/naïve-文件-😀.txt");

    // What is patched, rendered and excluded.
    file("lustre/utils/lfs.c", b"one\ntwo\nthree\n");
    file("lustre/.gitignore", b"*.o\n");
    sandbox.git(".", &["init", "--quiet", "--initial-branch=master", "lustre"]);
    sandbox.git("lustre", &["add", "--all", "--force", "."]);
    sandbox.git("lustre", &["commit", "--quiet", "--message", "LU-1 start: first files"]);
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.17.57", "v2_17_57"]);
    sandbox.write(
        "patches/0001-three.patch",
        "LU-2 lfs: count further\n\n--- a/lustre/utils/lfs.c\n+++ b/lustre/utils/lfs.c\n\
         @@ -1,3 +1,4 @@\n one\n two\n three\n+four\n",
    );
    sandbox.write("META.j2", "Name: {{ release.name }}\nVersion: {{ release.version }}\n");
    sandbox.write("m.toml", manifest(more));
}

fn manifest(more: &str) -> String {
    format!(
        r#"schema = 1

[release]
name = "lustre"
version = "2.17.57"
primary = "lustre"
license = "GPL-2.0-only"
formats = ["tar", "tar.gz", "tar.zst", "tar.xz"]

[source.lustre]
git = "lustre"
tag = "v2_17_57"
signature = "none"

[[layer]]
name = "userspace"
source = "lustre"
take = [{{ from = "." }}]
exclude = [{{ glob = "**/.gitignore", reason = "for a work tree only" }}]

[[layer.patch]]
file = "patches/0001-three.patch"
reason = "for the tests"

[[template]]
file = "META.j2"
to = "META"

[coverage]
lustre = ["."]
{more}"#
    )
}
