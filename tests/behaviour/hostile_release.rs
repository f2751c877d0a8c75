// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Release directories that somebody prepared for whoever looks at them: records that lie or have no
//! end, pipes and devices in the place of files, names that steer a terminal or a shell.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::runner::{Run, Sandbox};
use crate::tamper::{TITLE, file, release, sums};

/// Longer than any of these runs takes on a slow machine; whoever waits for a pipe takes longer.
const MOST: Duration = Duration::from_secs(120);

/// Runs the program to its end, which must come, and without a panic; what it says must not steer a
/// terminal.
#[track_caller]
fn ends(sandbox: &Sandbox, args: &[&str]) -> Run {
    let outputs = ["stdout", "stderr"].map(|name| sandbox.path(name));
    let mut command = sandbox.command(args);
    command.stdout(File::create(&outputs[0]).expect("a file"));
    command.stderr(File::create(&outputs[1]).expect("a file"));
    let mut child = command.spawn().expect("the program runs");
    let started = Instant::now();
    let status = loop {
        match child.try_wait().expect("a child") {
            Some(status) => break status,
            None if started.elapsed() > MOST => {
                child.kill().expect("a child");
                panic!("{args:?} does not end");
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let [stdout, stderr] = outputs.map(|path| fs::read_to_string(path).expect("UTF-8"));
    let run = Run { code: status.code().unwrap_or(-1), stdout, stderr };
    assert!([0, 2, 3, 4, 5, 6, 7, 8].contains(&run.code), "{args:?}: {run:?}");
    for text in [&run.stdout, &run.stderr] {
        let steers = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}');
        assert!(!text.contains(steers), "{args:?}: {text:?}");
    }
    run
}

/// Everything that reads a release directory.
const READERS: [&[&str]; 4] = [
    &["verify", "dist/lustre-2.17.57", "--source", "lustre=lustre"],
    &["sign", "dist/lustre-2.17.57", "--digest-only"],
    &["diff", "dist/lustre-2.17.57", "sound"],
    &["rebuild", "dist/lustre-2.17.57", "--source", "lustre=lustre", "--quiet"],
];

/// A release, and a copy of it to compare with.
fn copied() -> Sandbox {
    let sandbox = release(r#""tar""#);
    fs::create_dir(sandbox.path("sound")).expect("a folder");
    for name in sandbox.list(&format!("dist/{TITLE}")) {
        fs::copy(sandbox.path(&format!("dist/{TITLE}/{name}")), sandbox.path(&format!("sound/{name}")))
            .expect("a copy");
    }
    sandbox
}

fn restore(sandbox: &Sandbox, end: &str) {
    let path = sandbox.path(&file(end));
    if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
        fs::remove_dir(&path).expect("a folder");
    } else {
        _ = fs::remove_file(&path);
    }
    let sound = sandbox.path(&format!("sound/{TITLE}.{end}"));
    if sound.exists() {
        fs::copy(sound, path).expect("a copy");
    }
}

#[test]
fn damaged_records_never_pass() {
    let sandbox = copied();
    for reader in READERS {
        assert_eq!(ends(&sandbox, reader).code, 0, "{reader:?}");
    }
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(200_000), close.repeat(200_000));
    let sound = |end: &str| sandbox.read(&file(end));
    let with = |end: &str, from: &str, to: &str| {
        let text = sound(end);
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let of_all = |end: &str| {
        vec![
            String::new(),
            "\0".repeat(4096),
            "null".to_owned(),
            deep("[", "]"),
            deep("{\"a\":", "}"),
            deep("[{\"\":", ""),
            format!("\u{feff}{}", sound(end)),
            format!("{0}{0}", sound(end)),
            sound(end).replace('\n', "\r\n"),
            sound(end).replace("lustre", "\u{1b}[2J\u{202e}"),
            sound(end).replace(|c: char| c.is_ascii_digit(), "99999999999999999999"),
            sound(end).replace("sha256", "sha1"),
            sound(end)[..sound(end).len() / 3].to_owned(),
        ]
    };
    let own = [
        ("release.json", with("release.json", "\"file\": \"", "\"file\": \"../../lustre/")),
        ("release.json", with("release.json", "\"file\": \"", "\"file\": \"/dev/zero\", \"file\": \"")),
        ("release.json", with("release.json", "\"size\": ", "\"size\": -")),
        ("release.json", with("release.json", "\"size\": ", "\"size\": 1e400")),
        ("release.json", with("release.json", "\"size\": ", "\"size\": 18446744073709551615, \"size\": ")),
        ("release.json", with("release.json", "\"name\": \"lustre\"", "\"name\": \"lu\\u0000stre\"")),
        ("release.json", with("release.json", "\"lock\": \"", "\"lock\": \"0")),
        ("origins.jsonl", with("origins.jsonl", "\"path\":\"", "\"path\":\"../")),
        ("origins.jsonl", with("origins.jsonl", "\"sha256\":\"", "\"sha256\":\"00")),
        ("origins.jsonl", with("origins.jsonl", "\"mode\":\"0", "\"mode\":\"4")),
        ("origins.jsonl", with("origins.jsonl", "\"origin\":\"blob\"", "\"origin\":\"\"")),
        ("origins.jsonl", "\n".repeat(100_000)),
        ("intoto.json", with("intoto.json", "\"sha256\":", "\"sha256\": \"\", \"sha256\":")),
        ("spdx.json", with("spdx.json", "SPDX-2.3", "SPDX-9.9")),
    ];
    let damage = ["release.json", "origins.jsonl", "SHA256SUMS", "intoto.json"]
        .into_iter()
        .flat_map(|end| of_all(end).into_iter().map(move |text| (end, text)))
        .chain(own);
    for (nth, (end, text)) in damage.enumerate() {
        // What has another digest is refused as that; with the sums made anew the content counts.
        for anew in [false, true] {
            if text == sound(end) || anew && end == "SHA256SUMS" {
                continue;
            }
            let was = sound(end);
            sandbox.write(&file(end), &text);
            if anew {
                sums(&sandbox);
            }
            let start: String = text.chars().take(60).collect();
            // Nobody but a digest speaks for the records of others.
            let read = end.starts_with("release") || end.starts_with("origins");
            // Blanks between its values are free.
            let blanks = end == "release.json" && text.replace('\r', "") == was;
            if !anew || read && !blanks {
                let run = ends(&sandbox, READERS[0]);
                assert_eq!(run.code, 6, "{nth}, {end}, {start}: {run:?}");
            }
            if !anew {
                let run = ends(&sandbox, READERS[1]);
                assert_eq!(run.code, 6, "{nth}, {end}, {start}: {run:?}");
            }
            if read && anew {
                for reader in &READERS[1..] {
                    ends(&sandbox, reader);
                }
            }
            // The statement has digests of the other records, which are made anew with the sums.
            for end in [end, "intoto.json", "SHA256SUMS"] {
                restore(&sandbox, end);
            }
        }
    }
    let run = ends(&sandbox, READERS[0]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn what_is_no_plain_file_is_refused_and_not_waited_for() {
    let sandbox = copied();
    sandbox.write("secret", "secret\n");
    for end in ["SHA256SUMS", "release.json", "origins.jsonl", "intoto.json", "tar"] {
        let path = sandbox.path(&file(end));
        for kind in ["pipe", "folder", "dangling", "ring", "/dev/zero", "/dev/full", "../../secret"] {
            fs::remove_file(&path).expect(end);
            match kind {
                "pipe" => {
                    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
                    assert!(made.success());
                }
                "folder" => fs::create_dir(&path).expect("a folder"),
                "dangling" => symlink("nowhere", &path).expect("a link"),
                "ring" => symlink(&path, &path).expect("a link"),
                target => symlink(target, &path).expect("a link"),
            }
            for reader in READERS {
                // These are not looked at for the members' sake, or for the signatures'.
                let passed_over = match reader[0] {
                    "diff" => ["SHA256SUMS", "intoto.json", "tar"].contains(&end),
                    "rebuild" => end != "tar" && end != "origins.jsonl",
                    _ => false,
                };
                let run = ends(&sandbox, reader);
                assert!(passed_over || run.code != 0, "{end} as {kind}: {reader:?}: {run:?}");
                assert!(!(run.stdout + &run.stderr).contains("secret\n"), "{end}: {reader:?}");
            }
            restore(&sandbox, end);
        }
    }
    for reader in READERS {
        assert_eq!(ends(&sandbox, reader).code, 0, "{reader:?}");
    }
}

#[test]
fn endless_files_are_not_read() {
    let sandbox = copied();
    let cases = [("SHA256SUMS", 1_u64 << 40), ("release.json", 1 << 40), ("origins.jsonl", 1 << 40)];
    for (end, size) in cases {
        File::options()
            .write(true)
            .open(sandbox.path(&file(end)))
            .and_then(|file| file.set_len(size))
            .expect("a sparse file");
        assert_eq!(ends(&sandbox, READERS[0]).code, 6, "{end}");
        if end == "SHA256SUMS" {
            assert_eq!(ends(&sandbox, READERS[1]).code, 6, "{end}");
        }
        if end != "SHA256SUMS" {
            assert_eq!(ends(&sandbox, READERS[2]).code, 6, "{end}");
        }
        restore(&sandbox, end);
    }
    sandbox.write(&file("tar.asc"), "");
    File::options()
        .write(true)
        .open(sandbox.path(&file("tar.asc")))
        .and_then(|file| file.set_len(1 << 40))
        .expect("a sparse file");
    let key = crate::keymaker::Owner::new(3).file();
    sandbox.write("public.asc", key);
    let signed = [READERS[0], &["--keys", "public.asc"]].concat();
    assert_ne!(ends(&sandbox, &signed).code, 0);
}

#[test]
fn names_steer_neither_terminal_nor_shell() {
    let sandbox = copied();
    let folder = sandbox.path(&format!("dist/{TITLE}"));
    let names: [&[u8]; 6] = [
        b"x\nlustre-2.17.57 is good: every member has its origin",
        b"\x1b[2J\x1b]0;evil\x07.asc",
        b"lustre-2.17.57.tar\r.sig",
        b"\xff\xfe.sign",
        "\u{202e}tra.\u{9b}31m.dsse.json".as_bytes(),
        b"-rf",
    ];
    for name in names {
        let path = folder.join(std::ffi::OsStr::from_bytes(name));
        fs::write(&path, "x").expect("a file");
        for reader in READERS {
            let run = ends(&sandbox, reader);
            assert!(run.code == 6 || reader[0] != "verify", "{name:?}: {run:?}");
            assert!(!run.stdout.contains("\nlustre-2.17.57 is good"), "{run:?}");
        }
        fs::remove_file(path).expect("a file");
    }
    // The commands that people are told to run hold the release's name.
    for title in ["$(touch ran)-1", "x;touch ran-1", "x\u{1b}[2J-1", "-x-1", "x y-1", "x\n-1"] {
        _ = fs::remove_dir_all(sandbox.path("evil"));
        for name in sandbox.list("sound") {
            let bytes = fs::read(sandbox.path(&format!("sound/{name}"))).expect("a file");
            let name = name.replace(TITLE, title);
            let bytes = String::from_utf8(bytes)
                .map_or_else(|error| error.into_bytes(), |text| text.replace(TITLE, title).into_bytes());
            sandbox.write(&format!("evil/{name}"), bytes);
        }
        for reader in READERS {
            let mut args = reader.to_vec();
            args[1] = "evil";
            let run = ends(&sandbox, &args);
            assert!(run.code != 0 || reader[0] == "diff", "{title:?}: {args:?}: {run:?}");
        }
    }
}
