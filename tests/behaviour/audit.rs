// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tarballs that others made, held against git: every class of member, and what must stand out.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use tar::{EntryType, Header};

use crate::runner::{DATE, Sandbox};

/// The date of the tagged commit, in seconds.
const SECONDS: u64 = 1_767_323_045;

const BUILD_M4: &str = "AC_DEFUN([LB_ONE], [\n  one\n])\nAC_DEFUN([LB_TWO], [\n  two\n])\n";

/// A sandbox with the repository `lustre`: three tags, the middle one spelled twice.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, content) in [
        ("COPYING", "GPL\n"),
        ("configure.ac", "AC_INIT\nsrc=/usr/src/linux\n"),
        ("config/build.m4", BUILD_M4),
        ("lustre/utils/lfs.c", "int main;\n"),
        ("lustre/utils/README", "read\n"),
        ("lustre/tests/disk.bz2", "BZ\0\0\0"),
    ] {
        sandbox.write(&format!("lustre/{name}"), content);
    }
    sandbox.write("lustre/autogen.sh", "#!/bin/sh\n");
    fs::set_permissions(sandbox.path("lustre/autogen.sh"), fs::Permissions::from_mode(0o755))
        .expect("a mode");
    symlink("../utils/lfs.c", sandbox.path("lustre/lustre/tests/lfs.c")).expect("a link");
    symlink("lustre/utils", sandbox.path("lustre/utils")).expect("a link");
    sandbox.git(".", &["init", "--quiet", "--initial-branch=master", "lustre"]);
    sandbox.commit("lustre", &[("lustre/utils/lfs.c", "int older;\n")], "first");
    sandbox.git("lustre", &["tag", "v2_17_56"]);
    sandbox.commit("lustre", &[("lustre/utils/lfs.c", "int main;\n")], "second");
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.17.57", "v2_17_57"]);
    sandbox.git("lustre", &["tag", "2.17.57"]);
    sandbox.commit("lustre", &[("NEWS", "new\n")], "third");
    sandbox.git("lustre", &["tag", "v2_17_58"]);
    sandbox
}

/// A tar made by hand.
struct Tar(tar::Builder<Vec<u8>>);

impl Tar {
    fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    /// All of the tag `v2_17_57`, as git archives it.
    fn whole() -> Self {
        Self::without(&[])
    }

    /// The same without these files.
    fn without(left_out: &[&str]) -> Self {
        let mut tar = Self::new();
        for (path, mode, content) in [
            ("COPYING", 0o644, &b"GPL\n"[..]),
            ("autogen.sh", 0o755, b"#!/bin/sh\n"),
            ("configure.ac", 0o644, b"AC_INIT\nsrc=/usr/src/linux\n"),
            ("config/build.m4", 0o644, BUILD_M4.as_bytes()),
            ("lustre/utils/lfs.c", 0o644, b"int main;\n"),
            ("lustre/utils/README", 0o644, b"read\n"),
            ("lustre/tests/disk.bz2", 0o644, b"BZ\0\0\0"),
        ] {
            if !left_out.contains(&path) {
                tar.file_as(&format!("lustre-2.17.57/{path}"), mode, content);
            }
        }
        for (path, target) in [("lustre/tests/lfs.c", "../utils/lfs.c"), ("utils", "lustre/utils")] {
            if !left_out.contains(&path) {
                tar.special(&format!("lustre-2.17.57/{path}"), EntryType::Symlink, target);
            }
        }
        tar
    }

    fn header(kind: EntryType, mode: u32, size: usize) -> Header {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_mtime(SECONDS);
        header.set_size(size as u64);
        header.set_uid(0);
        header.set_gid(0);
        header
    }

    /// Adds a member with any path, however hostile.
    fn add(&mut self, mut header: Header, path: &[u8], content: &[u8]) {
        header.as_old_mut().name[..path.len()].copy_from_slice(path);
        header.set_cksum();
        self.0.append(&header, content).expect("a member");
    }

    fn file_as(&mut self, path: &str, mode: u32, content: &[u8]) {
        self.add(Self::header(EntryType::Regular, mode, content.len()), path.as_bytes(), content);
    }

    fn file(&mut self, path: &str, content: &str) {
        self.file_as(path, 0o644, content.as_bytes());
    }

    fn special(&mut self, path: &str, kind: EntryType, target: &str) {
        let mut header = Self::header(kind, 0o777, 0);
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        self.add(header, path.as_bytes(), b"");
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("the end of the tar")
    }
}

impl Sandbox {
    fn audit(&self, more: &[&str]) -> crate::runner::Run {
        self.run(&[&["audit", "x.tar", "--source", "lustre=lustre"], more].concat())
    }

    /// The JSON answer, whatever the exit code.
    fn audit_json(&self, more: &[&str]) -> serde_json::Value {
        let run = self.audit(&[more, &["--json"]].concat());
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr))
    }
}

#[test]
fn a_hosting_sites_tarball_is_all_identical() {
    let sandbox = sandbox();
    for (format, umask) in [("tar", "0002"), ("tar.gz", "0022")] {
        // The name has no version, as for the tarball of a commit: the tag whose files are all there
        // stands before the later one that has one more.
        let archive = ["-c", &format!("tar.umask={umask}"), "archive", "--prefix=lustre-release/"];
        let output = format!("--output=../x.{format}");
        sandbox.git("lustre", &[&archive[..], &[&output, "v2_17_57"]].concat());
        let name = format!("x.{format}");
        let run = sandbox.run(&["audit", &name, "--source", "lustre=lustre", "--strict"]);
        assert_eq!(run.stderr, "");
        if format == "tar" {
            insta::assert_snapshot!(run.success(), @r#"
            x.tar  20.5 kB, not compressed, 20.5 kB of tar, 14 members in lustre-release/
              lustre  v2_17_57 (also 2.17.57)  commit 8a4369e0b9ef6010a5d28ee96b22a33e235bb277  2026-01-02T03:04:05Z
                best of 4 tags by identical files of 9: v2_17_57 9, v2_17_58 9, v2_17_56 8
              pax comment 8a4369e0b9ef6010a5d28ee96b22a33e235bb277: the commit of lustre

              identical             9    modes that differ                       0
              directories           5    members with traces of a machine        0
              generated             0    users and records in headers            0
              moved                 0    later than the commit                   0
              followed links        0    tracked files missing                   0
              changed               0    not looked at                           0
              unexplained           0    faults of the tar                       0
              hostile               0
            "#);
        } else {
            run.success();
        }
    }
}

#[test]
fn every_compression_is_read_and_others_are_named() {
    let sandbox = sandbox();
    let tar = Tar::whole().bytes();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&tar).expect("gzip");
    sandbox.write("x.gz", gz.finish().expect("gzip"));
    sandbox.write("x.zst", zstd::encode_all(&tar[..], 1).expect("zstd"));
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 0);
    xz.write_all(&tar).expect("xz");
    sandbox.write("x.xz", xz.finish().expect("xz"));
    sandbox.write("x.tar", tar);
    for (name, compression) in
        [("x.tar", "not compressed"), ("x.gz", "gzip"), ("x.zst", "zstd"), ("x.xz", "xz")]
    {
        let said = sandbox.run(&["audit", name, "--source", "lustre=lustre@v2_17_57", "--strict"]).success();
        assert!(said.contains(compression) && said.contains("identical             9"), "{said}");
    }
    sandbox.write("x.tar", b"BZh91AY&SY");
    insta::assert_snapshot!(sandbox.audit(&[]).failure(2), @r#"
    error: `x.tar` is a bzip2 file, which is not read here
     = help: unpack it with `bunzip2` first; .tar, .tar.gz, .tar.zst and .tar.xz are read
    "#);
}

#[test]
fn a_vendors_change_stands_at_the_top() {
    let sandbox = sandbox();
    let mut tar = Tar::without(&["config/build.m4"]);
    tar.file(
        "lustre-2.17.57/config/build.m4",
        &BUILD_M4.replace("  two\n", "  eval `grep -a x tests/disk.bz2`\n"),
    );
    tar.file("lustre-2.17.57/config/host.m4", "AC_DEFUN([gl_BUILD_TO_HOST])\n");
    tar.file("lustre-2.17.57/README.vendor", "text\n");
    sandbox.write("x.tar", tar.bytes());
    let run = sandbox.audit(&[]);
    insta::assert_snapshot!(run.stdout, @r#"
    x.tar  11.3 kB, not compressed, 11.3 kB of tar, 11 members in lustre-2.17.57/
      lustre  v2_17_57 (also 2.17.57)  commit 8a4369e0b9ef6010a5d28ee96b22a33e235bb277  2026-01-02T03:04:05Z
        best of 4 tags by identical files of 11: v2_17_57 8, v2_17_58 8, v2_17_56 7

      identical             8    modes that differ                       0
      directories           0    members with traces of a machine        0
      generated             0    users and records in headers            0
      moved                 0    later than the commit                   0
      followed links        0    tracked files missing                   0
      changed               1    not looked at                           0
      unexplained           2    faults of the tar                       0
      hostile               0

    UNEXPLAINED: neither path nor content is in git (2)
      config/host.m4       29 B  text
      README.vendor         5 B  text

    CHANGED: git has other content (1)
      config/build.m4  +1 -1
    "#);
    insta::assert_snapshot!(run.failure(6), @r#"
    error: `x.tar` is not what git says: 2 unexplained, 1 changed
     = help: what a release is known to add is declared with `--generated GLOB`; ask for the rest
    "#);
    // A pattern does not excuse a change to what git tracks; a path does.
    let globs = ["--generated", "**/*.m4", "--generated", "README.vendor"];
    let run = sandbox.audit(&globs);
    assert!(
        run.stdout.contains("CHANGED: git has other content (1)\n  config/build.m4  +1 -1\n"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("UNEXPLAINED:"));
    run.failure(6);
    let by_path = ["--generated", "config/build.m4", "--generated", "nothing/"];
    let said = sandbox.audit(&[&globs[..], &by_path].concat()).success();
    assert!(said.contains("--generated nothing/ excuses no member"), "{said}");
}

#[test]
fn every_class_is_told() {
    let sandbox = sandbox();
    let mut tar =
        Tar::without(&["COPYING", "autogen.sh", "lustre/tests/lfs.c", "utils", "lustre/tests/disk.bz2"]);
    tar.add(Tar::header(EntryType::Directory, 0o755, 0), b"lustre-2.17.57/lustre/", b"");
    // Followed: the link itself, and a link above.
    tar.file("lustre-2.17.57/lustre/tests/lfs.c", "int main;\n");
    tar.file("lustre-2.17.57/utils/README", "read\n");
    tar.file("lustre-2.17.57/LICENSE", "GPL\n");
    tar.file_as("lustre-2.17.57/autogen.sh", 0o664, b"#!/bin/sh\n");
    tar.file("lustre-2.17.57/lustre/tests/disk.bz2", "BZ\0\0\0more");
    tar.file("lustre-2.17.57/configure", "#!/bin/sh\nsrc=/usr/src/linux\nac_pwd='/srv/ci/lustre'\n");
    tar.file(
        "lustre-2.17.57/lustre/Makefile",
        "include /srv/ci/lustre/Rules\ntop = /home/ann/lustre\n# ann@builder3: ok\n",
    );
    tar.file_as("lustre-2.17.57/lustre/empty", 0o666, b"");
    tar.special("lustre-2.17.57/again", EntryType::Link, "lustre-2.17.57/lustre/utils/lfs.c");
    let mut header = Tar::header(EntryType::Regular, 0o644, 0);
    header.set_mtime(SECONDS + 1);
    header.set_uid(1000);
    header.set_username("ann").expect("a name");
    header.set_groupname("staff").expect("a name");
    tar.add(header, b"lustre-2.17.57/late", b"");
    sandbox.write("x.tar", tar.bytes());
    let audit = |more: &[&str]| {
        sandbox.run(&[&["audit", "x.tar", "--source", "lustre=lustre@v2_17_57"], more].concat())
    };
    let run = audit(&["--generated", "configure", "--generated", "lustre/Makefile"]);
    insta::assert_snapshot!(run.stdout, @r#"
    x.tar  14.3 kB, not compressed, 14.3 kB of tar, 15 members in lustre-2.17.57/
      lustre  v2_17_57  commit 8a4369e0b9ef6010a5d28ee96b22a33e235bb277  2026-01-02T03:04:05Z

      identical             5    modes that differ                       2
      directories           1    members with traces of a machine        2
      generated             2    users and records in headers            3
      moved                 2    later than the commit                   1
      followed links        2    tracked files missing                   0
      changed               1    not looked at                           0
      unexplained           2    faults of the tar                       0
      hostile               0

    UNEXPLAINED: neither path nor content is in git (2)
      late                0 B  empty
      lustre/empty        0 B  empty

    CHANGED: git has other content (1)
      lustre/tests/disk.bz2  binary, 5 bytes in git, 9 here

    followed links: a copy of what the link leads to (2)
      lustre/tests/lfs.c  -> lustre/utils/lfs.c
      utils/README        -> lustre/utils/README  by lustre:utils

    moved: git has the content elsewhere (2)
      LICENSE  from lustre:COPYING
      again    from lustre:lustre/utils/lfs.c  (hard link to lustre/utils/lfs.c)

    modes that differ (2)
      autogen.sh    0664, executable in git
      lustre/empty  0666, anybody may write

    baked in: traces of the machine that made it (5)
      user name ann  late
      group name staff  late
      user id 1000  late
      configure:3        path /srv/ci/lustre
      lustre/Makefile:2  path /home/ann/lustre and 2 more

    later than the commit (1)
      2026-01-02T03:04:06Z  late
    "#);
    run.failure(6);
    let json: serde_json::Value = serde_json::from_str(&audit(&["--json"]).stdout).expect("JSON");
    let class = |path: &str| {
        let path = format!("lustre-2.17.57/{path}");
        let members = json["members"].as_array().expect("members");
        members.iter().find(|member| member["path"] == path).expect("the member")["class"]
            .as_str()
            .map(str::to_owned)
    };
    for (path, expected) in [
        ("configure.ac", "identical"),
        ("lustre", "directory"),
        ("lustre/tests/lfs.c", "followed"),
        ("utils/README", "followed"),
        ("LICENSE", "moved"),
        ("lustre/tests/disk.bz2", "changed"),
        ("configure", "unexplained"),
        ("lustre/empty", "unexplained"),
        ("again", "moved"),
    ] {
        assert_eq!(class(path).as_deref(), Some(expected), "{path}");
    }
    let commit = sandbox.git("lustre", &["rev-parse", "v2_17_57^{commit}"]);
    assert_eq!(json["sources"]["lustre"]["commit"], commit);
    assert_eq!(json["classes"]["followed"], 2);
}

#[test]
fn hostile_members_are_told_and_never_followed() {
    let sandbox = sandbox();
    let mut tar = Tar::whole();
    tar.file("/etc/cron.d/x", "absolute\n");
    tar.file("lustre-2.17.57/../../x", "up\n");
    tar.file("lustre-2.17.57/.git/hooks/post-checkout", "hook\n");
    tar.add(Tar::header(EntryType::Regular, 0o644, 0), b"lustre-2.17.57/a\xff", b"");
    tar.add(Tar::header(EntryType::Regular, 0o644, 0), b"lustre-2.17.57/a\x1b[2J", b"");
    tar.file("lustre-2.17.57/COPYING", "GPL\n");
    tar.file("lustre-2.17.57/utils/x", "below a link\n");
    tar.special("lustre-2.17.57/out", EntryType::Symlink, "../../etc");
    tar.special("lustre-2.17.57/root", EntryType::Symlink, "/");
    tar.special("lustre-2.17.57/passwd", EntryType::Link, "/etc/passwd");
    tar.special("lustre-2.17.57/disk", EntryType::Block, "");
    tar.special("lustre-2.17.57/fifo", EntryType::Fifo, "");
    tar.special("lustre-2.17.57/odd", EntryType::new(b'Q'), "");
    tar.file_as("lustre-2.17.57/su", 0o4755, b"#!/bin/sh\n");
    let mut bytes = tar.bytes();
    bytes.extend_from_slice(b"hidden");
    sandbox.write("x.tar", bytes);
    let before = sandbox.list(".");
    let run = sandbox.audit(&["--generated", "."]);
    insta::assert_snapshot!(run.stdout, @r#"
    x.tar  19.5 kB, not compressed, 19.5 kB of tar, 23 members in lustre-2.17.57/
      lustre  v2_17_57 (also 2.17.57)  commit 8a4369e0b9ef6010a5d28ee96b22a33e235bb277  2026-01-02T03:04:05Z
        best of 4 tags by identical files of 13: v2_17_57 9, v2_17_58 9, v2_17_56 8

      identical             9    modes that differ                       0
      directories           0    members with traces of a machine        0
      generated             0    users and records in headers            0
      moved                 0    later than the commit                   0
      followed links        0    tracked files missing                   0
      changed               0    not looked at                           0
      unexplained           0    faults of the tar                       1
      hostile              14

    FAULTS of the tar (1)
      6 bytes that are not zero follow its end

    HOSTILE: do not unpack (14)
      /etc/cron.d/x             its path is absolute
      ../../x                   its path has a `.` or `..` component
      .git/hooks/post-checkout  its path has a `.git` component
      COPYING                   its path is there twice
      a\u{1b}[2J                its path holds a control character
      a�                        its path is not UTF-8
      disk                      it is a device
      fifo                      it is a FIFO
      odd                       it is of the unknown type `Q`
      out                       it is a symbolic link whose target leads out of the tarball
      passwd                    it is a hard link to `/etc/passwd`, which is no file of the tarball
      root                      it is a symbolic link whose target is absolute
      su                        its mode 4755 has the setuid or setgid bit
      utils/x                   it stands below `lustre-2.17.57/utils`, which is a symbolic link

    remarks (1)
      --generated . excuses no member
    "#);
    insta::assert_snapshot!(run.failure(6), @r#"
    error: `x.tar` is not what git says: 1 in the tar itself, 14 hostile
     = help: do not unpack it, and ask where it comes from
    "#);
    assert_eq!(sandbox.list("."), before, "nothing was unpacked");
}

#[test]
fn a_damaged_tar_is_refused() {
    let sandbox = sandbox();
    let whole = Tar::whole().bytes();
    // Cut at a member's header, nothing is broken, and the end is missed.
    sandbox.write("x.tar", &whole[..whole.len() - 1024]);
    let run = sandbox.audit(&[]);
    assert!(run.stdout.contains("it ends without the two blocks of zeros"), "{}", run.stdout);
    run.failure(6);
    sandbox.write("x.tar", &whole[..700]);
    insta::assert_snapshot!(sandbox.audit(&[]).failure(6), @r#"
    error: cannot read `x.tar` as a tarball to its end
     = note: at byte 1024 of the tar: unexpected EOF during skip
     = help: it is damaged, cut off, or made to be read in two ways: fetch it again and check its digest
    "#);
    let mut flipped = whole.clone();
    flipped[1024] ^= 1;
    sandbox.write("x.tar", flipped);
    insta::assert_snapshot!(sandbox.audit(&[]).failure(6), @r#"
    error: cannot read `x.tar` as a tarball to its end
     = note: at byte 1024 of the tar: archive header checksum mismatch
     = help: it is damaged, cut off, or made to be read in two ways: fetch it again and check its digest
    "#);
    sandbox.write("x.tar", "no tarball");
    insta::assert_snapshot!(sandbox.audit(&[]).failure(6), @r#"
    error: cannot read `x.tar` as a tarball to its end
     = note: at byte 0 of the tar: failed to read entire block
     = help: expected .tar, .tar.gz, .tar.zst or .tar.xz
    "#);
    // Truncated anywhere, it never passes.
    for length in (0..whole.len() - 1024).step_by(256) {
        sandbox.write("x.tar", &whole[..length]);
        assert_ne!(sandbox.audit(&[]).code, 0, "{length}");
    }
}

#[test]
fn bombs_are_stopped() {
    let sandbox = sandbox();
    let mut zeros = Tar::whole();
    let size: usize = 80 << 20;
    zeros.add(Tar::header(EntryType::Regular, 0o644, size), b"lustre-2.17.57/zeros", &vec![0; size]);
    sandbox.write("x.tar", zstd::encode_all(&zeros.bytes()[..], 1).expect("zstd"));
    insta::assert_snapshot!(sandbox.audit(&[]).failure(6), @r#"
    error: cannot read `x.tar` as a tarball to its end
     = note: at byte 8192 of the tar: the tar is more than 400 times as long as its compressed form
     = help: no source tarball needs that; to read on all the same, add `--unsafe-lift-limits`
    "#);
    // All is read where the user says so, and then it is unexplained.
    let said = sandbox.audit(&["--unsafe-lift-limits"]);
    assert!(said.stdout.contains("too long to look at"), "{}", said.stdout);
    // A name that is longer than any, and a pax header that promises more than there is.
    for kind in [EntryType::GNULongName, EntryType::XHeader] {
        let mut tar = Tar::new();
        tar.add(Tar::header(kind, 0o644, 2 << 20), b"name", &vec![b'a'; 2 << 20]);
        sandbox.write("x.tar", tar.bytes());
        let said = sandbox.audit(&[]).failure(6);
        assert!(said.contains("a name or a pax header is longer than 1048576 bytes"), "{said}");
    }
    let mut tar = Tar::new();
    let name = vec![b'a'; 5000];
    tar.add(Tar::header(EntryType::GNULongName, 0o644, name.len()), b"name", &name);
    tar.file("x", "");
    sandbox.write("x.tar", tar.bytes());
    let said = sandbox.audit(&[]).failure(6);
    assert!(said.contains("a path is longer than 4096 bytes"), "{said}");
}

#[test]
fn pax_and_gnu_headers_are_understood() {
    let sandbox = sandbox();
    let mut tar = Tar::whole();
    let deep = format!("lustre-2.17.57/{}/lfs.c", "d".repeat(120));
    // The pax name counts, not the one in the header.
    let record = format!("{} path={deep}\n", deep.len() + 10);
    tar.add(Tar::header(EntryType::XHeader, 0o644, record.len()), b"pax", record.as_bytes());
    tar.file("harmless", "int main;\n");
    let name = format!("lustre-2.17.57/{}/README", "g".repeat(120));
    tar.add(
        Tar::header(EntryType::GNULongName, 0o644, name.len() + 1),
        b"name",
        format!("{name}\0").as_bytes(),
    );
    tar.file("cut", "read\n");
    let comment = "24 comment=made on ci-3\n";
    tar.add(Tar::header(EntryType::XGlobalHeader, 0o644, comment.len()), b"pax", comment.as_bytes());
    let extended = "27 SCHILY.xattr.user.a=xyz\n";
    tar.add(Tar::header(EntryType::XHeader, 0o644, extended.len()), b"pax", extended.as_bytes());
    tar.special("lustre-2.17.57/again", EntryType::Symlink, "lustre/utils");
    sandbox.write("x.tar", tar.bytes());
    insta::assert_snapshot!(sandbox.audit(&[]).success(), @r#"
    x.tar  15.9 kB, not compressed, 15.9 kB of tar, 12 members in lustre-2.17.57/
      lustre  v2_17_57 (also 2.17.57)  commit 8a4369e0b9ef6010a5d28ee96b22a33e235bb277  2026-01-02T03:04:05Z
        best of 4 tags by identical files of 12: v2_17_57 9, v2_17_58 9, v2_17_56 8
      pax comment made on ci-3: not the commit above

      identical             9    modes that differ                       0
      directories           0    members with traces of a machine        0
      generated             0    users and records in headers            2
      moved                 3    later than the commit                   0
      followed links        0    tracked files missing                   0
      changed               0    not looked at                           0
      unexplained           0    faults of the tar                       0
      hostile               0

    moved: git has the content elsewhere (3)
      dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd/lfs.c  from lustre:lustre/utils/lfs.c
      again                                                         from lustre:utils
      gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg/README  from lustre:lustre/utils/README

    baked in: traces of the machine that made it (2)
      pax comment made on ci-3
      pax record SCHILY.xattr.user.a  again
    "#);
    let said = sandbox.audit(&["--strict"]).failure(6);
    insta::assert_snapshot!(said, @r#"
    error: `x.tar` is not strictly what git says: 3 moved, 2 in headers
     = help: without `--strict` these do not fail
    "#);
    // Two sizes are two tarballs, one for each kind of reader.
    let mut tar = Tar::whole();
    let size = "12 size=512\n";
    tar.add(Tar::header(EntryType::XHeader, 0o644, size.len()), b"pax", size.as_bytes());
    tar.file("lustre-2.17.57/x", "");
    sandbox.write("x.tar", tar.bytes());
    insta::assert_snapshot!(sandbox.audit(&[]).failure(6), @r#"
    error: cannot read `x.tar` as a tarball to its end
     = note: at byte 9216 of the tar: its pax record and its header give different sizes, and readers differ in which they believe
     = help: it is damaged, cut off, or made to be read in two ways: fetch it again and check its digest
    "#);
}

#[test]
fn the_best_tag_is_found_or_none_fits() {
    let sandbox = sandbox();
    sandbox.write("x.tar", Tar::whole().bytes());
    let search = &sandbox.audit_json(&[])["sources"]["lustre"]["search"];
    let best: Vec<_> = search["best"].as_array().expect("a list").iter().map(|best| &best["tag"]).collect();
    // Of two with the same files the version in the name of the top directory decides.
    assert_eq!(best, ["v2_17_57", "v2_17_58", "v2_17_56"]);
    assert_eq!(search["best"][0]["also"][0], "2.17.57");
    assert_eq!(search["tags"], 4);
    let mut tar = Tar::new();
    for nth in 0..9 {
        tar.file(&format!("other-1/{nth}"), &format!("{nth}\n"));
    }
    tar.file("other-1/COPYING", "GPL\n");
    sandbox.write("x.tar", tar.bytes());
    insta::assert_snapshot!(sandbox.audit(&[]).failure(4), @r#"
    error: no tag of source `lustre` fits the tarball
     = note: v2_17_57 has 1 of its 10 files
     = note: v2_17_56 has 1 of its 10 files
     = note: v2_17_58 has 1 of its 10 files
     = help: name the commit with `--source lustre=PATH@REV`, say with `--map` where its files stand in the source, or fetch the tags that are missing
    "#);
    fs::create_dir(sandbox.path("bare")).expect("a folder");
    sandbox.git("bare", &["init", "--quiet", "--bare", "."]);
    insta::assert_snapshot!(sandbox.run(&["audit", "x.tar", "--source", "lustre=bare"]).failure(4), @r#"
    error: no tag of source `lustre` fits the tarball
     = note: there is no tag in bare
     = help: name the commit with `--source lustre=PATH@REV`, say with `--map` where its files stand in the source, or fetch the tags that are missing
    "#);
}

#[test]
fn a_revision_is_a_tag_a_branch_or_a_commit() {
    let sandbox = sandbox();
    sandbox.write("x.tar", Tar::whole().bytes());
    let commit = sandbox.git("lustre", &["rev-parse", "v2_17_57^{commit}"]);
    for revision in ["v2_17_57", "2.17.57", "refs/tags/v2_17_57", "master", &commit] {
        let source = format!("lustre=lustre@{revision}");
        let said = sandbox.run(&["audit", "x.tar", "--source", &source]).success();
        assert!(said.contains(&format!("lustre  {revision}")) && !said.contains("best of"), "{said}");
    }
    let refused = |revision: &str| {
        sandbox.run(&["audit", "x.tar", "--source", &format!("lustre=lustre@{revision}")]).failure(4)
    };
    insta::assert_snapshot!(refused("v2_17_75"), @r#"
    error: source `lustre` has no commit `v2_17_75`
     = note: there is no tag and no branch of that name
     = note: looked for in lustre
     = help: did you mean `v2_17_57`?
    "#);
    insta::assert_snapshot!(refused("7"), @r#"
    error: source `lustre` has no commit `7`
     = note: there is no tag and no branch of that name
     = note: looked for in lustre
     = help: name a tag, a branch, a full ref name or the forty digits of a commit; or no revision, and the best tag is looked for
    "#);
    insta::assert_snapshot!(refused(&"7".repeat(40)), @r#"
    error: source `lustre` has no commit `7777777777777777777777777777777777777777`
     = note: its object 7777777777777777777777777777777777777777 is not in the repository
     = note: looked for in lustre
     = help: fetch it into that repository: `git fetch --tags`
    "#);
    assert!(refused("a b").contains("there is no tag and no branch"), "{}", refused("a b"));
    let blob = sandbox.git("lustre", &["rev-parse", "HEAD:COPYING"]);
    assert!(refused(&blob).contains("it is the blob"), "{}", refused(&blob));
    // A path with an `@` of its own.
    fs::rename(sandbox.path("lustre"), sandbox.path("a@b")).expect("renamed");
    sandbox.run(&["audit", "x.tar", "--source", "lustre=a@b"]).success();
    sandbox.run(&["audit", "x.tar", "--source", "lustre=a@b@v2_17_57"]).success();
}

#[test]
fn bundles_and_several_sources_explain_parts() {
    let sandbox = sandbox();
    sandbox.repository("linux", &[("fs/lustre/dir.c", "dir\n"), ("fs/nfs/nfs.c", "nfs\n")], "v6.12.58");
    sandbox.git("linux", &["bundle", "create", "--quiet", "../linux.bundle", "v6.12.58"]);
    let mut tar = Tar::new();
    tar.file("l-1/kernel/dir.c", "dir\n");
    tar.file("l-1/tools/lfs.c", "int main;\n");
    tar.file("l-1/tools/README", "read\n");
    sandbox.write("x.tar", tar.bytes());
    let sources = ["--source", "linux=linux.bundle", "--map", "kernel/=linux:fs/lustre/"];
    let maps = ["--map", "l-1/tools=lustre:lustre/utils", "--strict"];
    insta::assert_snapshot!(sandbox.audit(&[&sources[..], &maps].concat()).success(), @r#"
    x.tar  4.1 kB, not compressed, 4.1 kB of tar, 3 members in l-1/
      lustre  v2_17_57 (also 2.17.57)  commit 8a4369e0b9ef6010a5d28ee96b22a33e235bb277  2026-01-02T03:04:05Z
        best of 4 tags by identical files of 2: v2_17_57 2, v2_17_58 2, v2_17_56 1
      linux  v6.12.58  commit 9f7650c68a3fbaacb3f686ea35d1e98c98e3c50a  2026-01-02T03:04:05Z
        best of 1 tags by identical files of 1: v6.12.58 1

      identical             3    modes that differ                       0
      directories           0    members with traces of a machine        0
      generated             0    users and records in headers            0
      moved                 0    later than the commit                   0
      followed links        0    tracked files missing                   0
      changed               0    not looked at                           0
      unexplained           0    faults of the tar                       0
      hostile               0
    "#);
    let unused = sandbox.audit(&[&sources[..], &["--map", "kernels=fs"]].concat()).failure(2);
    insta::assert_snapshot!(unused, @r#"
    error: no member of the tarball is under `kernels`, which a `--map` names
     = help: FROM is a path in the tarball, with or without its top directory
    "#);
    let broken = sandbox.audit(&["--map", "a", "--map", "b=../c"]).failure(2);
    insta::assert_snapshot!(broken, @r#"
    error: `--map a` cannot be used: expected FROM=TO, such as `utils/=lustre/utils/`

    error: `--map b=../c` cannot be used: the path `../c` has a `.` or `..` component

    2 problems
    "#);
    let twice = sandbox.audit(&["--source", "lustre=lustre"]).failure(2);
    assert!(twice.contains("`--source lustre=...` is given twice"), "{twice}");
}

#[test]
fn what_others_pack_is_read() {
    let sandbox = sandbox();
    // GNU tar in its own format, in pax and in v7, of a work tree that was checked out later.
    sandbox.git(
        "lustre",
        &["-c", "core.symlinks=true", "worktree", "add", "--quiet", "../lustre-2.17.57", "v2_17_57"],
    );
    fs::remove_file(sandbox.path("lustre-2.17.57/.git")).expect("removed");
    for format in ["gnu", "pax", "ustar", "v7"] {
        let status = std::process::Command::new("tar")
            .current_dir(sandbox.path("."))
            .args(["--create", "--file=x.tar", "--owner=root:0", "--group=root:0"])
            .args([&format!("--format={format}"), &format!("--mtime={DATE}"), "./lustre-2.17.57"])
            .status()
            .expect("tar runs");
        assert!(status.success());
        let said = sandbox.audit(&[]).success();
        assert!(said.contains("identical             9"), "{format}: {said}");
        assert!(!said.contains("later than the commit ("), "{format}: {said}");
    }
}
