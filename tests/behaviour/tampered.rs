// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `verify` on releases that somebody tampered with, in the way of xz 5.6 and in every other: each
//! change is named by file, member and offset.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use crate::runner::Sandbox;
use crate::tamper::{
    TITLE, agree, blob, checksum, file, find, insert, places, problems, release, replace, sha256, steady,
    sums, tar, verify, write,
};
use crate::tarball;

/// Puts another tar into the release directory, and nothing else.
fn put(sandbox: &Sandbox, tar: &[u8]) {
    fs::write(sandbox.path(&file("tar")), tar).expect("the tar");
}

/// Some problem that names this member.
#[track_caller]
fn names<'p>(problems: &'p [Value], member: &str) -> &'p Value {
    problems
        .iter()
        .find(|problem| problem["member"] == *member)
        .unwrap_or_else(|| panic!("{member}: {problems:#?}"))
}

#[test]
fn a_file_added_to_the_tar_is_named() {
    let sandbox = release(r#""tar""#);
    let mut archive = tarball::read(&tar(&sandbox));
    insert(&mut archive, "config/build-to-host.m4", 0o644, b"eval $gl_path_map\n");
    put(&sandbox, &write(&archive));
    assert_snapshot!(steady(&verify(&sandbox, &[]).failure(6)), @r#"
    error: `lustre-2.17.57.tar` is not the file that was released
     = note: expected  sha256 [sha256]
     = note: found     sha256 [sha256]

    error: `config/build-to-host.m4` is in the tarball, and nothing puts it there
     = note: its header is at byte 14848 of the tar, its content at 15360, 18 bytes
     = note: no rule of the manifest takes, renders or records it

    error: `lustre-2.17.57.origins.jsonl` has no line on `config/build-to-host.m4`

    error: `lustre-2.17.57.release.json` is wrong about its release
     = note: /identity/sha256  is "[sha256]"  in the description "[sha256]"
     = note: /members/bytes  is 44773  in the description 44755
     = note: /members/files  is 13  in the description 12
     = note: /artifacts/lustre-2.17.57.tar/sha256  is "[sha256]"  in the description "[sha256]"

    error: `lustre-2.17.57.intoto.json` is wrong about its release
     = note: /subject/0/digest/sha256  is "[sha256]"  in the statement "[sha256]"

    5 problems
    "#);
    let found = problems(&verify(&sandbox, &["--json"]));
    names(&found, "config/build-to-host.m4");
}

#[test]
fn one_line_changed_is_named_with_its_first_byte() {
    let sandbox = release(r#""tar""#);
    let mut bytes = tar(&sandbox);
    let (_, data, size) = find(&bytes, "config/lustre-core.m4");
    let text = String::from_utf8(bytes[data..data + size].to_vec()).expect("UTF-8");
    let changed = text.replace("  true\n", "  eval\n");
    bytes[data..data + size].copy_from_slice(changed.as_bytes());
    put(&sandbox, &bytes);
    let found = problems(&verify(&sandbox, &["--json"]));
    let problem = names(&found, "config/lustre-core.m4");
    assert_eq!(problem["offset"], data + text.find("true").expect("the line"));
    // Without the source the member is named as well: the table beside the tar has its digest.
    let run = sandbox.run(&["verify", &format!("dist/{TITLE}"), "--json"]);
    names(&problems(&run), "config/lustre-core.m4");
}

#[test]
fn one_mode_bit_is_named() {
    let sandbox = release(r#""tar""#);
    for (member, mode) in [("COPYING", *b"0000755"), ("autogen.sh", *b"0000644"), ("COPYING", *b"0000666")] {
        let mut bytes = tar(&sandbox);
        let (at, ..) = find(&bytes, member);
        bytes[at + 100..at + 107].copy_from_slice(&mode);
        checksum(&mut bytes[at..at + 512]);
        let sound = sandbox.read(&file("SHA256SUMS"));
        let before = tar(&sandbox);
        put(&sandbox, &bytes);
        sums(&sandbox);
        let found = problems(&verify(&sandbox, &["--json"]));
        let offset = names(&found, member)["offset"].as_u64().expect("an offset");
        assert!((at as u64..at as u64 + 512).contains(&offset), "{offset}: {found:#?}");
        put(&sandbox, &before);
        sandbox.write(&file("SHA256SUMS"), sound);
    }
}

#[test]
fn one_padding_byte_is_named() {
    let sandbox = release(r#""tar""#);
    let mut bytes = tar(&sandbox);
    let (_, data, size) = find(&bytes, "config/lustre-core.m4");
    bytes[data + size + 7] = b'x';
    put(&sandbox, &bytes);
    let found = problems(&verify(&sandbox, &["--json"]));
    assert_eq!(names(&found, "config/lustre-core.m4")["offset"], data + size + 7);
}

#[test]
fn one_member_after_the_end_is_named() {
    let sandbox = release(r#""tar""#);
    let mut bytes = tar(&sandbox);
    let (at, ..) = find(&bytes, "COPYING");
    let member = bytes[at..at + 1024].to_vec();
    let end = bytes.len();
    bytes.extend_from_slice(&member);
    put(&sandbox, &bytes);
    sums(&sandbox);
    let found = problems(&verify(&sandbox, &["--json"]));
    let told = found.iter().any(|problem| {
        problem["step"] == "tar" && problem["offset"].as_u64().is_some_and(|at| at >= end as u64 - 10240)
    });
    assert!(told, "{found:#?}");
}

/// Whoever tampers can make every record agree; then only the source unmasks it, and does.
#[track_caller]
fn unmasked(sandbox: &Sandbox, member: &str) {
    let alone = sandbox.run(&["verify", &format!("dist/{TITLE}")]);
    let said = alone.success();
    assert!(said.contains("not proven, for want of their sources"), "{said}");
    let found = problems(&verify(sandbox, &["--json"]));
    names(&found, member);
    assert!(found.iter().all(|problem| problem["file"] != format!("{TITLE}.SHA256SUMS")), "{found:#?}");
}

#[test]
fn a_changed_line_with_records_that_agree_is_unmasked_by_the_source() {
    let sandbox = release(r#""tar""#);
    let mut archive = tarball::read(&tar(&sandbox));
    replace(&mut archive, "config/lustre-core.m4", b"AC_DEFUN([LC_CONFIG],[\n  eval $gl_path_map\n])\n");
    agree(&sandbox, &write(&archive), &[]);
    unmasked(&sandbox, "config/lustre-core.m4");
    assert_snapshot!(steady(&verify(&sandbox, &[]).failure(6)), @r#"
    error: `config/lustre-core.m4` is not what its origin has
     = note: its header is at byte 14848 of the tar, its content at 15360, 46 bytes
     = note: origin: `config/lustre-core.m4` of source `lustre`, layer `userspace`
     = note: commit 621d617a9ea8f4f072afa1ab6b8d70d51c7e5796
     = note: found blob 94974d87266feada9d2a4414083c3ea49c507ce2, expected blob b13de21e9def2ef3dc0f3d36ae9d2668565f45c0
     = note: first difference: byte 25 of the member, byte 15385 of the tar
     = help: `git show 621d617a9ea8f4f072afa1ab6b8d70d51c7e5796:config/lustre-core.m4` in a clone of lustre prints the original

    error: line 12 of `lustre-2.17.57.origins.jsonl` is wrong about `config/lustre-core.m4`
     = note: blob  is "b13de21e9def2ef3dc0f3d36ae9d2668565f45c0"  in the table "94974d87266feada9d2a4414083c3ea49c507ce2"

    2 problems
    "#);
}

#[test]
fn a_mode_with_records_that_agree_is_unmasked_by_the_source() {
    let sandbox = release(r#""tar""#);
    let mut archive = tarball::read(&tar(&sandbox));
    let path = format!("{TITLE}/COPYING");
    archive.members.iter_mut().find(|member| member.path == path).expect("the member").mode = 0o755;
    agree(&sandbox, &write(&archive), &[]);
    unmasked(&sandbox, "COPYING");
}

#[test]
fn an_added_file_with_records_that_agree_is_unmasked_by_the_source() {
    let sandbox = release(r#""tar""#);
    let mut archive = tarball::read(&tar(&sandbox));
    let (path, bytes) = ("config/build-to-host.m4", b"eval $gl_path_map\n");
    insert(&mut archive, path, 0o644, bytes);
    // The table inside has a line for it, and the one outside.
    let inside = archive.file(".lustre-dist/origins.jsonl").to_vec();
    let inside = String::from_utf8(inside).expect("UTF-8");
    let mut lines: Vec<String> = inside.lines().map(str::to_owned).collect();
    let at = lines.iter().position(|line| line.contains("config/lustre-core.m4")).expect("a line");
    lines.insert(at, format!(r#"{{"path":"{path}","layer":"userspace"}}"#));
    replace(&mut archive, ".lustre-dist/origins.jsonl", (lines.join("\n") + "\n").as_bytes());
    // META counts the files of each layer.
    let meta = String::from_utf8(archive.file("META").to_vec()).expect("UTF-8");
    assert!(meta.contains("-Files: 7"), "{meta}");
    replace(&mut archive, "META", meta.replace("-Files: 7", "-Files: 8").as_bytes());
    let commit = sandbox.git("lustre", &["rev-parse", "HEAD"]);
    let line = format!(
        r#"{{"path":"{path}","type":"file","mode":"0644","size":{},"sha256":"{}","origin":"blob","layer":"userspace","source":"lustre","commit":"{commit}","from":"{path}","blob":"{}"}}"#,
        bytes.len(),
        sha256(bytes),
        blob(bytes),
    );
    agree(&sandbox, &write(&archive), &[(path, &line)]);
    unmasked(&sandbox, path);
}

#[test]
fn a_file_taken_away_with_records_that_agree_is_unmasked_by_the_source() {
    let sandbox = release(r#""tar""#);
    let mut archive = tarball::read(&tar(&sandbox));
    archive.members.retain(|member| member.path != format!("{TITLE}/COPYING"));
    put(&sandbox, &write(&archive));
    let found = problems(&verify(&sandbox, &["--json"]));
    assert!(names(&found, "COPYING")["title"].as_str().expect("text").contains("missing"), "{found:#?}");
}

#[test]
fn what_the_manifest_excludes_may_not_come_back() {
    let sandbox = release(r#""tar""#);
    let mut archive = tarball::read(&tar(&sandbox));
    insert(&mut archive, ".gitignore", 0o644, b"*.o\n");
    put(&sandbox, &write(&archive));
    let found = problems(&verify(&sandbox, &["--json"]));
    let title = names(&found, ".gitignore")["title"].as_str().expect("text");
    assert!(title.contains("nothing puts it there"), "{found:#?}");
}

#[test]
fn patched_and_rendered_members_and_records_are_made_again() {
    let sandbox = release(r#""tar""#);
    let sound = tarball::read(&tar(&sandbox));
    let original = tar(&sandbox);
    for (member, bytes) in [
        ("utils/lfs.c", &b"one\ntwo\nthree\nfive\n"[..]),
        ("META", b"Name: lustre\n"),
        (".lustre-dist/origins.jsonl", b"{\"path\":\"COPYING\",\"layer\":\"userspace\"}\n"),
        (".lustre-dist/patches/0001-four.patch", b"nothing\n"),
        (".lustre-dist/META.j2", b"nothing\n"),
        (".lustre-dist/manifest.lock", b"schema = 1\n"),
        (".lustre-dist/manifest.toml", b"schema = 1\n"),
    ] {
        let mut archive = tarball::read(&original);
        assert_ne!(sound.file(member), bytes);
        replace(&mut archive, member, bytes);
        put(&sandbox, &write(&archive));
        let found = problems(&verify(&sandbox, &["--json"]));
        names(&found, member);
    }
}

#[test]
fn every_flipped_bit_of_the_tar_is_named_by_its_member() {
    let sandbox = release(r#""tar""#);
    let sound = tar(&sandbox);
    let places = places(&sound);
    let mut offsets: Vec<usize> =
        (0..sound.len()).step_by(4096).map(|at| at + at / 4096 * 37 % 512).collect();
    // Besides, bytes of a header, of a content, of padding.
    let (at, data, size) = find(&sound, "utils/lctl.c");
    offsets.extend([
        at,
        at + 105,
        at + 130,
        at + 150,
        at + 156,
        at + 300,
        at + 500,
        data,
        data + size - 1,
        data + size,
    ]);
    for offset in offsets {
        let mut bytes = sound.clone();
        bytes[offset] ^= 1 << (offset % 8);
        put(&sandbox, &bytes);
        let found = problems(&verify(&sandbox, &["--json"]));
        let member = places.iter().rev().find(|(_, at, ..)| *at <= offset);
        let last = places.last().expect("a member");
        let in_end = offset >= last.2 + last.3.next_multiple_of(512);
        match member {
            Some((path, ..)) if !in_end => {
                let named = found.iter().any(|problem| {
                    let member = problem["member"].as_str().unwrap_or_default();
                    // Of a damaged name what can be read of it is shown, at its place.
                    let here = problem["offset"].as_u64().is_some_and(|at| at.abs_diff(offset as u64) < 512);
                    member.trim_end_matches('/') == path || here
                });
                assert!(named, "byte {offset} of `{path}`: {found:#?}");
            }
            _ => {
                let named = found.iter().any(|problem| problem["step"] == "tar");
                assert!(named, "byte {offset}: {found:#?}");
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_a_record_is_named_by_its_file() {
    let sandbox = release(r#""tar""#);
    for end in ["release.json", "origins.jsonl", "SHA256SUMS"] {
        let sound = fs::read(sandbox.path(&file(end))).expect("a record");
        for offset in (0..sound.len()).step_by(sound.len() / 24 + 1) {
            let mut bytes = sound.clone();
            bytes[offset] ^= 1 << (offset % 7);
            sandbox.write(&file(end), &bytes);
            let run = verify(&sandbox, &["--json"]);
            let found = problems(&run);
            let name = format!("{TITLE}.{end}");
            let named = found.iter().any(|problem| {
                let at = [&problem["file"], &problem["title"]];
                at.iter().any(|text| text.as_str().is_some_and(|text| text.contains(&name)))
            });
            // A flipped digest or name in the sums accuses the file that it stands beside.
            assert!(named || end == "SHA256SUMS" && !found.is_empty(), "byte {offset} of {end}: {found:#?}");
            assert_eq!(run.code, 6);
        }
        sandbox.write(&file(end), &sound);
    }
    verify(&sandbox, &[]).success();
}

#[test]
fn every_flipped_bit_of_an_encoding_is_named_by_its_file() {
    let sandbox = release(r#""tar.gz", "tar.zst", "tar.xz""#);
    for end in ["tar.gz", "tar.zst", "tar.xz"] {
        let sound = fs::read(sandbox.path(&file(end))).expect("a tarball");
        for offset in (0..sound.len()).step_by(sound.len() / 12 + 1) {
            let mut bytes = sound.clone();
            bytes[offset] ^= 1 << (offset % 8);
            sandbox.write(&file(end), &bytes);
            let found = problems(&verify(&sandbox, &["--json"]));
            let name = format!("{TITLE}.{end}");
            assert!(found.iter().any(|problem| problem["file"] == name), "byte {offset}: {found:#?}");
        }
        sandbox.write(&file(end), &sound);
    }
}

#[test]
fn encodings_of_different_tars_are_told_apart() {
    let sandbox = release(r#""tar", "tar.gz""#);
    let mut archive = tarball::read(&tar(&sandbox));
    replace(&mut archive, "config/lustre-core.m4", b"another\n");
    put(&sandbox, &write(&archive));
    sums(&sandbox);
    let error = verify(&sandbox, &[]).failure(6);
    assert!(
        error.contains("`lustre-2.17.57.tar.gz` and `lustre-2.17.57.tar` hold different tars"),
        "{error}"
    );
}

#[test]
fn a_description_is_read_strictly() {
    let sandbox = release(r#""tar""#);
    let sound = sandbox.read(&file("release.json"));
    let deep = format!("{{ \"schema\": 1, \"x\": {}{} }}", "[".repeat(5000), "]".repeat(5000));
    let change = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        sound.replacen(from, to, 1)
    };
    for (text, why) in [
        (change("\"schema\": 1,", "\"schema\": 1, \"schema\": 1,"), "the key `schema` stands there twice"),
        (change("\"lustre\": {", "\"lustre\": {}, \"lustre\": {"), "the key `lustre` stands there twice"),
        (change("\"schema\": 1,", "\"schema\": 2,"), "has schema 2; 1 is known"),
        (change("\"schema\": 1,", ""), "it has no schema"),
        (change("\"schema\": 1,", "\"schema\": 1, \"evil\": 1,"), "`/evil` of"),
        (change("\"development\": false", "\"development\": \"no\""), "invalid type: string"),
        (deep, "nests deeper than 32"),
        (sound.clone() + "{}", "trailing characters"),
        (sound[..sound.len() / 2].to_owned(), "EOF while parsing"),
        (change("GPL-2.0-only", "MIT"), "/license  is "),
        (change("\"primary\": \"lustre\"", "\"primary\": \"linux\""), "/primary  is "),
        (change("\"buildable\": true", "\"buildable\": false"), "/buildable  is "),
        (change("\"excluded\": 1", "\"excluded\": 0"), "/members/excluded  is "),
        (
            change("\"format\": \"tar\"", "\"format\": \"tar.gz\""),
            "/artifacts/lustre-2.17.57.tar/format  is ",
        ),
        (change("refs/tags/v2_17_57", "refs/tags/v2_17_56"), "/sources/lustre/ref  is "),
        (change("0123456789abcdef0", "1123456789abcdef0"), "/layers/0/patches/0/upstream  is "),
    ] {
        sandbox.write(&file("release.json"), &text);
        sums(&sandbox);
        let error = verify(&sandbox, &[]).failure(6);
        assert!(error.contains(why), "{why}:\n{error}");
    }
}

#[test]
fn the_table_beside_is_held_against_every_member() {
    let sandbox = release(r#""tar""#);
    let sound = sandbox.read(&file("origins.jsonl"));
    let lines: Vec<&str> = sound.lines().collect();
    let copying = lines.iter().position(|line| line.contains("\"COPYING\"")).expect("a line");
    let without: String =
        lines.iter().enumerate().filter(|(nth, _)| *nth != copying).map(|(_, l)| format!("{l}\n")).collect();
    let twice = format!("{sound}{}\n", lines[copying]);
    let mut swapped = lines.clone();
    swapped.swap(copying, copying + 1);
    for (text, why) in [
        (without, "has no line on `COPYING`"),
        (twice, "is a second one on `COPYING`"),
        (swapped.join("\n") + "\n", "is out of the tarball's order"),
        (
            sound.replacen("\"COPYING\",\"type\"", "\"COPIED\",\"type\"", 1),
            "is about no member of the tarball",
        ),
        (sound.replacen("\"layer\":\"userspace\"", "\"layer\":\"upstream\"", 1), "layer  is \"userspace\""),
        (sound.replacen(",\"type\"", ", \"type\"", 1), "is not written as the tool writes it"),
        (sound.replacen("{\"path\"", "{\"path\":\"x\",\"path\"", 1), "the key `path` stands there twice"),
        (sound.trim_end().to_owned(), "has no end"),
    ] {
        sandbox.write(&file("origins.jsonl"), &text);
        sums(&sandbox);
        let error = verify(&sandbox, &[]).failure(6);
        assert!(error.contains(why), "{why}:\n{error}");
    }
}

#[test]
fn other_rules_than_the_trusted_manifests_are_named() {
    let sandbox = release(r#""tar""#);
    let trusted = ["--manifest", "trusted/m.toml"];
    for name in ["m.toml", "m.lock", "patches/0001-four.patch"] {
        sandbox.write(&format!("trusted/{name}"), sandbox.read(name));
    }
    let said = verify(&sandbox, &trusted).success();
    assert!(said.contains("the same as trusted/m.toml, with the lock"), "{said}");

    // A patch that nobody agreed to: sound in itself, and in the records.
    let sound = sandbox.read("patches/0001-four.patch");
    sandbox.write("patches/0001-four.patch", sound.replace("+four", "+evil"));
    fs::remove_dir_all(sandbox.path("dist")).expect("the release");
    sandbox.run(&["assemble", "m.toml"]).success();
    verify(&sandbox, &[]).success();
    let found = problems(&verify(&sandbox, &[&trusted[..], &["--json"]].concat()));
    names(&found, ".lustre-dist/patches/0001-four.patch");
    names(&found, ".lustre-dist/manifest.lock");
}

#[test]
fn a_template_without_end_ends() {
    let sandbox = Sandbox::new();
    crate::tamper::prepare(&sandbox, r#""tar""#);
    let endless = "{% for a in range(90000) %}{% for b in range(90000) %}{{ b }}{% endfor %}{% endfor %}\n";
    sandbox.write("META.j2", endless);
    let error = sandbox.run(&["assemble", "m.toml"]).failure(3);
    assert!(error.contains("the template `META.j2` cannot be rendered"), "{error}");
}
