// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every decompressor gives the same tar; git and sha256sum read what is theirs.

use std::fs::File;
use std::process::Command;

use crate::fixture::TITLE;
use crate::{Case, Release, run};

pub const CASES: &[Case] = &[
    ("gzip_gives_the_tar", &["gzip"], |release| decode(release, "gzip", "tar.gz")),
    ("pigz_gives_the_tar", &["pigz"], |release| decode(release, "pigz", "tar.gz")),
    ("python_gives_the_tar", &["python3"], python),
    ("zstd_gives_the_tar", &["zstd"], |release| decode(release, "zstd", "tar.zst")),
    ("xz_gives_the_tar", &["xz"], |release| decode(release, "xz", "tar.xz")),
    ("busybox_gives_the_tar", &["busybox"], busybox),
    ("xz_lists_blocks_and_a_checksum", &["xz"], xz_list),
    ("git_finds_the_commit", &["git"], commit),
    ("sha256sum_checks_every_file", &["sha256sum"], sums),
];

fn decode(release: &Release, program: &str, ending: &str) {
    run(Command::new(program).arg("-t").arg(release.file(ending)));
    let decoded = run(Command::new(program).arg("-dc").arg(release.file(ending)));
    assert!(decoded == release.tar(), "{program} gives another tar");
}

fn busybox(release: &Release) {
    for (applet, ending) in [("gunzip", "tar.gz"), ("unxz", "tar.xz")] {
        let decoded = run(Command::new("busybox").args([applet, "-c"]).arg(release.file(ending)));
        assert!(decoded == release.tar(), "busybox {applet} gives another tar");
    }
}

fn python(release: &Release) {
    let script = "import sys, gzip, lzma, shutil\n\
                  open_ = gzip.open if sys.argv[1].endswith('.gz') else lzma.open\n\
                  with open_(sys.argv[1]) as file: shutil.copyfileobj(file, sys.stdout.buffer)";
    for ending in ["tar.gz", "tar.xz"] {
        let decoded = run(Command::new("python3").args(["-I", "-c", script]).arg(release.file(ending)));
        assert!(decoded == release.tar(), "Python gives another tar from {ending}");
    }
}

fn xz_list(release: &Release) {
    let listed = run(Command::new("xz").args(["--robot", "--list"]).arg(release.file("tar.xz")));
    let listed = String::from_utf8(listed).expect("UTF-8");
    let file = listed.lines().find(|line| line.starts_with("file\t")).expect("a file line");
    let fields: Vec<_> = file.split('\t').collect();
    assert_eq!(fields[1], "1", "one stream");
    assert!(fields[2].parse::<u32>().expect("blocks") > 20, "blocks that can be decoded in parallel: {file}");
    assert_eq!(fields[6], "CRC64");
}

fn commit(release: &Release) {
    let primary = release.sandbox().git("lustre", &["rev-parse", "v2_17_57^{commit}"]);
    let tar = File::open(release.file("tar")).expect("the tar");
    let printed = run(Command::new("git").arg("get-tar-commit-id").stdin(tar));
    assert_eq!(String::from_utf8(printed).expect("UTF-8").trim_end(), primary);
}

fn sums(release: &Release) {
    let folder = release.sandbox().path("dist").join(TITLE);
    let mut command = Command::new("sha256sum");
    let printed =
        run(command.args(["--check", "--strict", &format!("{TITLE}.SHA256SUMS")]).current_dir(&folder));
    let mut checked: Vec<_> = String::from_utf8(printed)
        .expect("UTF-8")
        .lines()
        .map(|line| line.strip_suffix(": OK").expect("a good file").to_owned())
        .collect();
    checked.push(format!("{TITLE}.SHA256SUMS"));
    checked.sort();
    let mut there: Vec<_> = std::fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    there.sort();
    assert_eq!(checked, there);
}
