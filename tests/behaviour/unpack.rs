// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tarballs unpacked: everything is there with its mode and date, or nothing is.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use lustre_dist::archive::read::{Kind, Limits};
use lustre_dist::cli::report::{Style, render};
use lustre_dist::model::{Failure, Sha256};
use lustre_dist::unpack::{Wanted, unpack};

use super::hostile_tar::make::{DATE, Head, TOP, Tar, everything, member, plain};
use super::hostile_tar::{encodings, read};
use super::runner::Sandbox;

fn wanted(tar: &[u8]) -> Wanted<'static> {
    Wanted { title: TOP, identity: Sha256::of(tar), size: None }
}

fn try_it(tar: &[u8], into: &Path) -> Result<PathBuf, Failure> {
    unpack(tar, "demo-1.tar", &wanted(tar), into, &|_| ())
}

fn told(failure: &Failure, sandbox: &Sandbox) -> String {
    let text = render(&failure.problems, Style::Plain);
    format!("{:?}\n{text}", failure.class).replace(&*sandbox.path("").to_string_lossy(), "[SANDBOX]/")
}

#[test]
fn everything_is_there_with_its_mode_and_date_from_every_encoding() {
    let tar = everything().end();
    let encoded = [
        ("demo-1.tar", tar.clone()),
        ("demo-1.tar.gz", encodings::gzip(&tar)),
        ("demo-1.tar.xz", encodings::xz(&tar)),
        ("demo-1.tar.zst", encodings::zstd(&tar)),
    ];
    let (_, seen) = read("demo-1.tar", &tar, &Limits::default());
    for (name, bytes) in encoded {
        let sandbox = Sandbox::new();
        let written = Cell::new(0);
        let size = Some(tar.len() as u64);
        let path =
            unpack(&*bytes, name, &Wanted { size, ..wanted(&tar) }, &sandbox.path("new/out"), &|more| {
                written.set(written.get() + more)
            });
        let path = path.unwrap();
        assert_eq!(path, sandbox.path("new/out/demo-1"), "{name}");
        let mut expected = Vec::new();
        for (member, content) in &seen.members {
            let at = path.join(&member.path);
            let stat = at.symlink_metadata().unwrap();
            let mode = match &member.kind {
                Kind::Directory => 0o40755,
                Kind::File { executable: true, .. } => 0o100755,
                Kind::File { executable: false, .. } => 0o100644,
                Kind::Link { target } => {
                    assert_eq!(fs::read_link(&at).unwrap(), Path::new(target));
                    0o120777
                }
            };
            assert_eq!((stat.mode(), stat.mtime(), stat.nlink() > 0), (mode, DATE as i64, true), "{at:?}");
            if let Kind::File { .. } = member.kind {
                assert_eq!(fs::read(&at).unwrap(), *content, "{at:?}");
            }
            expected.extend((!member.path.is_empty()).then(|| format!("demo-1/{}", member.path)));
        }
        expected.push("demo-1".into());
        expected.sort();
        assert_eq!(sandbox.list("new/out"), expected, "nothing else is there");
        assert_eq!(written.get(), seen.content);
    }
}

#[test]
fn what_exists_is_never_touched() {
    let tar = everything().end();
    for kind in ["folder", "file", "link", "dangling"] {
        let sandbox = Sandbox::new();
        sandbox.write("elsewhere/COPYING", "mine");
        match kind {
            "folder" => sandbox.write("out/demo-1/COPYING", "mine"),
            "file" => sandbox.write("out/demo-1", "mine"),
            _ => {
                fs::create_dir(sandbox.path("out")).unwrap();
                let target = if kind == "link" { "../elsewhere" } else { "../nowhere" };
                symlink(target, sandbox.path("out/demo-1")).unwrap();
            }
        }
        let before = (sandbox.list("out"), sandbox.list("elsewhere"));
        let failure = try_it(&tar, &sandbox.path("out")).unwrap_err();
        if kind == "folder" {
            insta::assert_snapshot!(told(&failure, &sandbox), @"
            Environment
            error: `[SANDBOX]/out/demo-1` exists already
             = note: a release is unpacked into a folder of its own, and nothing is merged into another
             = help: move it away, or unpack elsewhere with `--out`
            ");
        } else {
            assert!(told(&failure, &sandbox).contains("`[SANDBOX]/out/demo-1` exists already"), "{kind}");
        }
        assert_eq!((sandbox.list("out"), sandbox.list("elsewhere")), before, "{kind}");
        assert_eq!(sandbox.read("elsewhere/COPYING"), "mine");
    }
}

#[test]
fn another_tarball_is_refused() {
    let sandbox = Sandbox::new();
    let tar = everything().end();
    let out = sandbox.path("out");
    let other = Wanted { identity: Sha256::of(b"another"), ..wanted(&tar) };
    insta::assert_snapshot!(told(&unpack(&*tar, "demo-1.tar", &other, &out, &|_| ()).unwrap_err(), &sandbox), @"
    Verification
    error: `demo-1.tar` is not the tar that was asked for
     = note: the digest of its tar is ce7c47f20bba135b1d111223ea4edb6191ed8f9b55b8570958a73df05109cd3a
     = note: expected ae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5
     = help: nothing was unpacked; fetch it again
    ");
    let other = Wanted { title: "demo-2", ..wanted(&tar) };
    insta::assert_snapshot!(told(&unpack(&*tar, "demo-2.tar", &other, &out, &|_| ()).unwrap_err(), &sandbox), @"
    Verification
    error: `demo-2.tar` is not of the release demo-2
     = note: its top directory is `demo-1`
     = help: nothing was unpacked; fetch it again
    ");
    let other = Wanted { title: "../demo-1", ..wanted(&tar) };
    insta::assert_snapshot!(told(&unpack(&*tar, "demo-1.tar", &other, &out, &|_| ()).unwrap_err(), &sandbox), @"
    Verification
    error: `../demo-1` is not a release's title
    ");
    // More bytes than the size that was promised are never written.
    let other = Wanted { size: Some(2048), ..wanted(&tar) };
    insta::assert_snapshot!(told(&unpack(&*tar, "demo-1.tar", &other, &out, &|_| ()).unwrap_err(), &sandbox), @"
    Verification
    error: `demo-1.tar`, member `COPYING`: its content of 4 bytes goes beyond the 2048 that the tar may have
     = note: at offset 2048 of the tar
     = note: expected a tar within its limits
     = note: what is behind it was not read
    ");
    assert_eq!(sandbox.list("."), Vec::<String>::new());
}

/// Each would write outside, or through a link, with a reader that believed it. The digests agree: it is
/// the member that is refused.
#[test]
fn hostile_members_are_refused_and_leave_nothing() {
    let file = |path: &str| Tar::new().add(&member(b'0', path, 0o644, 0, "")).end();
    let absolute = Tar::new().head(Head::new(b'2', b"demo-1/a", 0o777, 0).set(157, b"/etc"));
    let out = Tar::new().head(Head::new(b'2', b"demo-1/a", 0o777, 0).set(157, b"../../outside"));
    let hard = Tar::new().file("a", b"x").head(Head::new(b'1', b"demo-1/b", 0o644, 0).set(157, b"demo-1/a"));
    let cases = [
        ("..", file("demo-1/../escaped")),
        (".. as a directory", Tar::new().dir("a").dir("a/..").end()),
        ("absolute", file("/tmp/escaped")),
        ("another top", file("demo-2/escaped")),
        ("link to the root, file through it", absolute.file("a/escaped", b"x").end()),
        ("link outside, file through it", out.file("a/escaped", b"x").end()),
        ("link inside, file through it", Tar::new().dir("b").link("c", "b").file("c/escaped", b"x").end()),
        ("a file over a link", Tar::new().link("a", "b").file("a", b"x").file("b", b"y").end()),
        ("twice", Tar::new().file("a", b"x").file("a", b"y").end()),
        ("below a file", Tar::new().file("a", b"x").file("a/b", b"y").end()),
        ("no parent", Tar::new().file("a/b", b"y").end()),
        ("hard link", hard.end()),
        ("device", Tar::new().head(Head::new(b'3', b"demo-1/null", 0o644, 0)).end()),
        ("setuid", Tar::new().head(Head::new(b'0', b"demo-1/su", 0o4755, 0)).end()),
        (".git", Tar::new().head(plain(".git")).end()),
        ("cut", everything().end()[..3000].to_vec()),
    ];
    let mut answers = String::new();
    for (what, tar) in cases {
        let sandbox = Sandbox::new();
        let failure = try_it(&tar, &sandbox.path("out")).unwrap_err();
        answers += &format!("{what}: {:?}\n", failure.class);
        for problem in &failure.problems {
            answers += &format!("  {}\n", problem.title);
        }
        assert_eq!(sandbox.list("."), Vec::<String>::new(), "{what}");
        assert!(!Path::new("/tmp/escaped").exists());
    }
    insta::assert_snapshot!(answers, @"
    ..: Verification
      `demo-1.tar`, member `../escaped`: its path has a `.` or `..` component
    .. as a directory: Verification
      `demo-1.tar`, member `a/..`: its path has a `.` or `..` component
    absolute: Verification
      `demo-1.tar`, member `/tmp/escaped`: its path is absolute
    another top: Verification
      `demo-1.tar`, member `demo-2/escaped`: it stands outside of the top directory
    link to the root, file through it: Verification
      `demo-1.tar`, member `a/escaped`: it stands below `a`, which is a symbolic link
      `demo-1.tar`, member `a`: it leads out of the tarball: it is absolute; its target is `/etc`
    link outside, file through it: Verification
      `demo-1.tar`, member `a/escaped`: it stands below `a`, which is a symbolic link
      `demo-1.tar`, member `a`: it leads out of the tarball; its target is `../../outside`
    link inside, file through it: Verification
      `demo-1.tar`, member `c/escaped`: it stands below `c`, which is a symbolic link
    a file over a link: Verification
      `demo-1.tar`, member `a`: it is a file, and a symbolic link of that path was there before
    twice: Verification
      `demo-1.tar`, member `a`: its path was there before
    below a file: Verification
      `demo-1.tar`, member `a/b`: it stands below `a`, which is a file
    no parent: Verification
      `demo-1.tar`, member `a/b`: its directory `a` is not there before it
    hard link: Verification
      `demo-1.tar`, member `b`: it is a hard link
    device: Verification
      `demo-1.tar`, member `null`: it is a character device
    setuid: Verification
      `demo-1.tar`, member `su`: its mode is 4755
    .git: Verification
      `demo-1.tar`, member `.git`: its path has a `.git` component
    cut: Verification
      `demo-1.tar`, member `autogen.sh`: the tar ends in a header
    ");
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("out", "a file");
    let failure = try_it(&everything().end(), &sandbox.path("out")).unwrap_err();
    insta::assert_snapshot!(told(&failure, &sandbox), @"
    Environment
    error: cannot create the folder `[SANDBOX]/out`
     = note: File exists (os error 17)
     = help: something that is no folder stands there or above: move it away, or name another place
    ");
    assert_eq!(fs::metadata(sandbox.path("out")).unwrap().permissions().mode() & 0o111, 0);
}

/// What a killed run left is swept by the next, and a live one's is not.
#[test]
fn a_killed_run_leaves_nothing_for_long() {
    let sandbox = Sandbox::new();
    sandbox.write("out/.demo-1.aside-dead/COPYING", "half");
    sandbox.write("out/.other-1.aside-dead/COPYING", "half");
    try_it(&everything().end(), &sandbox.path("out")).unwrap();
    let hidden: Vec<_> = sandbox.list("out").into_iter().filter(|path| path.starts_with('.')).collect();
    assert_eq!(hidden, [".other-1.aside-dead", ".other-1.aside-dead/COPYING"]);
}
