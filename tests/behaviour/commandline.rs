// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The command line: help, JSON, colours, logs, exit codes, pipes that close.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use serde_json::Value;

use crate::fixture;
use crate::runner::{Sandbox, manifest};

/// Every command, and the commands below one, such as `line new`, as the help of the program and of
/// each command lists them.
fn commands(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut above = vec![Vec::new()];
    while let Some(command) = above.pop() {
        let args: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let help = sandbox.run(&args).success();
        let Some((_, listed)) = help.split_once("\nCommands:\n") else { continue };
        for line in listed.lines().take_while(|line| !line.is_empty()) {
            // The description of a command may go on in a line that is indented further.
            if let Some(name) = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')) {
                let name = name.split(' ').next().expect("a name").to_owned();
                if name != "help" {
                    let command: Vec<String> = command.iter().cloned().chain([name]).collect();
                    found.push(command.clone());
                    above.push(command);
                }
            }
        }
    }
    assert!(found.len() >= 8 && found.contains(&vec!["assemble".to_owned()]), "{found:?}");
    found
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    fixture::make(&sandbox);
    sandbox
}

/// Small, for what does not look at the files.
fn small() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("lustre", &[("COPYING", "GPL\n")], "v2_17_57");
    sandbox.write("m.toml", manifest(""));
    sandbox
}

#[test]
fn every_command_explains_itself() {
    let sandbox = Sandbox::new();
    let all = sandbox.run(&["--help"]).success();
    assert!(all.contains("Exit codes: 0 done"), "{all}");
    for command in commands(&sandbox) {
        let with = |before: &[&str], after: &[&str]| {
            let args: Vec<&str> = before
                .iter()
                .copied()
                .chain(command.iter().map(String::as_str))
                .chain(after.iter().copied())
                .collect();
            sandbox.run(&args).success()
        };
        let long = with(&[], &["--help"]);
        let short = with(&[], &["-h"]);
        assert_eq!(with(&["help"], &[]), long);
        for text in [&long, &short] {
            assert!(text.contains(&format!("Usage: lustre-dist {}", command.join(" "))), "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        }
    }
    assert_eq!(sandbox.run(&["--version"]).success(), format!("lustre-dist {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn usage_errors_end_with_2() {
    let sandbox = small();
    let cases: [&[&str]; 16] = [
        &[],
        &["assembel", "m.toml"],
        &["assemble"],
        &["assemble", "m.toml", "n.toml"],
        &["assemble", "m.toml", "--format", "zip"],
        &["assemble", "m.toml", "--format", ""],
        &["assemble", "m.toml", "-j", "0"],
        &["assemble", "m.toml", "-j", "many"],
        &["assemble", "m.toml", "--source", "lustre"],
        &["assemble", "m.toml", "--source", "lustre="],
        &["assemble", "m.toml", "--source", "linux=lustre"],
        &["assemble", "m.toml", "--leave-out", "../x"],
        &["assemble", "m.toml", "--log-style", "loud"],
        &["lock", "m.toml", "--check", "--update", "lustre"],
        &["lock", "m.toml", "--update", "linux"],
        &["completions", "tcsh"],
    ];
    for args in cases {
        let error = sandbox.run(args).failure(2);
        assert!(!error.is_empty() && !error.contains("panicked"), "{args:?}: {error}");
    }
    for epoch in ["yesterday", "-1", "", "99999999999"] {
        let run = sandbox.finish(sandbox.command(&["lock", "m.toml"]).env("SOURCE_DATE_EPOCH", epoch));
        let error = run.failure(2);
        assert!(error.contains(&format!("SOURCE_DATE_EPOCH is `{epoch}`")), "{error}");
    }
    assert_eq!(sandbox.list("."), { small().list(".") }, "nothing was written");
    assert_snapshot!(sandbox.run(&["assemble", "m.toml", "--format", "zip"]).failure(2), @r"
    error: invalid value 'zip' for '--format <FORMAT>': expected one of tar, tar.gz, tar.zst, tar.xz

    For more information, try '--help'.
    ");
    assert_snapshot!(sandbox.run(&["assemble", "m.toml", "--source", "linux=x"]).failure(2), @r"
    error: `--source linux=...` names a source that the manifest does not have
     = note: m.toml has lustre
    ");
    assert_snapshot!(sandbox.run(&["assemble", "m.toml", "--leave-out", "../x"]).failure(2), @r"
    error: invalid value '../x' for '--leave-out <GLOB>': the path has a `.` or `..` component

    For more information, try '--help'.
    ");
    assert_snapshot!(sandbox.run(&["assemble", "no.toml"]).failure(3), @r"
    error: cannot read the manifest `no.toml`
     = note: No such file or directory (os error 2)
     = help: give the path of a manifest, such as `manifests/demo.toml`
    ");
}

#[test]
fn quiet_prints_the_path_alone() {
    let sandbox = small();
    let first = sandbox.run(&["assemble", "m.toml", "--quiet"]);
    assert_eq!((first.stderr.as_str(), first.code), ("", 0));
    assert_eq!(first.stdout, "dist/lustre-2.17.57\n");
    let again = sandbox.run(&["-q", "assemble", "m.toml"]);
    assert_eq!((again.stderr.as_str(), again.stdout.as_str()), ("", "dist/lustre-2.17.57\n"));
    let lock = sandbox.run(&["lock", "m.toml", "--quiet"]);
    assert_eq!(lock.stderr, "");
    // Errors are told all the same.
    assert!(!sandbox.run(&["assemble", "no.toml", "--quiet"]).failure(3).is_empty());
}

/// The keys of a value and what stands there, one path a line: `a.b`, `c[]`.
fn shape(value: &Value) -> String {
    fn walk(value: &Value, path: &str, found: &mut BTreeMap<String, BTreeSet<&'static str>>) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(values) => {
                for value in values {
                    walk(value, &format!("{path}[]"), found);
                }
                "array"
            }
            Value::Object(values) => {
                for (key, value) in values {
                    let dot = if path.is_empty() { "" } else { "." };
                    walk(value, &format!("{path}{dot}{key}"), found);
                }
                return;
            }
        };
        found.entry(path.to_owned()).or_default().insert(kind);
    }
    let mut found = BTreeMap::new();
    walk(value, "", &mut found);
    let kinds = |kinds: BTreeSet<_>| kinds.into_iter().collect::<Vec<_>>().join(" or ");
    found.into_iter().map(|(path, found)| format!("{path}: {}\n", kinds(found))).collect()
}

#[track_caller]
fn json(text: &str) -> Value {
    assert!(text.ends_with('\n'), "a last newline");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn json_answers_keep_their_shape() {
    let sandbox = sandbox();
    let answer = |args: &[&str]| shape(&json(&sandbox.run(args).success()));
    assert_snapshot!(answer(&["lock", "m.toml", "--json"]), @r"
    file.META.j2: string
    file.patches/0001-three.patch: string
    manifest: string
    schema: number
    source-date: number
    source.lustre.commit: string
    source.lustre.date: number
    source.lustre.ref: string
    source.lustre.signature: string
    source.lustre.tag: string
    source.lustre.tree: string
    source.lustre.wanted: string
    version: string
    ");
    assert_snapshot!(answer(&["check", "m.toml", "--json"]), @r"
    : array
    [].manifest: string
    [].name: string
    [].ok: boolean
    [].version: string
    ");
    assert_snapshot!(answer(&["digest", "m.toml", "--json"]), @r"
    sha256: string
    size: number
    title: string
    ");
    assert_snapshot!(answer(&["plan", "m.toml", "--json"]), @"
    date: string
    entries: array
    entries[].blob: string
    entries[].commit: string
    entries[].from: string
    entries[].layer: string
    entries[].mode: string
    entries[].origin: string
    entries[].patches: array
    entries[].patches[]: string
    entries[].path: string
    entries[].record: string
    entries[].size: number
    entries[].source: string
    entries[].target: string
    entries[].template: string
    entries[].type: string
    excluded: array
    excluded[].path: string
    excluded[].reason: string
    excluded[].source: string
    left_out: array
    missing: array
    sources.lustre.commit: string
    sources.lustre.date: string
    sources.lustre.ref: string
    sources.lustre.signature: string
    sources.lustre.tag: string
    sources.lustre.tree: string
    sources.lustre.wanted: string
    title: string
    totals.bytes: number
    totals.directories: number
    totals.excluded: number
    totals.files: number
    totals.links: number
    totals.missing: number
    version: string
    ");
    assert_snapshot!(answer(&["assemble", "m.toml", "--json"]), @"
    builder: string
    directory: string
    release.artifacts: array
    release.artifacts[].encoder: null or string
    release.artifacts[].file: string
    release.artifacts[].format: string
    release.artifacts[].parameters: null or string
    release.artifacts[].sha256: string
    release.artifacts[].size: number
    release.base: string
    release.buildable: boolean
    release.date: string
    release.development: boolean
    release.identity.sha256: string
    release.identity.size: number
    release.kernel: null
    release.layers: array
    release.layers[].files: number
    release.layers[].name: string
    release.layers[].patches: array
    release.layers[].patches[].file: string
    release.layers[].patches[].offsets: array
    release.layers[].patches[].reason: string
    release.layers[].patches[].sha256: string
    release.layers[].patches[].upstream: null
    release.layers[].source: string
    release.left_out: array
    release.license: string
    release.line: null
    release.lock: string
    release.manifest: string
    release.members.bytes: number
    release.members.directories: number
    release.members.excluded: number
    release.members.files: number
    release.members.links: number
    release.name: string
    release.note: null
    release.overrides: array
    release.primary: string
    release.records.checksums: string
    release.records.origins: string
    release.records.provenance: string
    release.records.sbom: string
    release.schema: number
    release.source_date: number
    release.sources.lustre.commit: string
    release.sources.lustre.date: string
    release.sources.lustre.ref: string
    release.sources.lustre.signature: string
    release.sources.lustre.tag: string
    release.sources.lustre.tree: string
    release.sources.lustre.wanted: string
    release.tool.name: string
    release.tool.version: string
    release.version: string
    was_there: boolean
    ");
    let again = json(&sandbox.run(&["assemble", "m.toml", "--json", "--quiet"]).success());
    assert_eq!((&again["was_there"], &again["directory"]), (&true.into(), &"dist/lustre-2.17.57".into()));
    let schema = json(&sandbox.run(&["schema"]).success());
    assert_eq!(schema["type"], "object");
}

#[test]
fn json_of_a_manifest_with_problems_is_json_too() {
    let sandbox = small();
    sandbox.write("bad.toml", "schema = 1\nnonsense = true\n");
    let run = sandbox.run(&["check", "m.toml", "bad.toml", "--json"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let answer = json(&run.stdout);
    assert_eq!((&answer[0]["ok"], &answer[1]["ok"]), (&true.into(), &false.into()));
}

#[test]
fn paths_that_are_not_utf_8_do_no_harm() {
    use std::os::unix::ffi::OsStrExt as _;
    let sandbox = small();
    let odd = std::ffi::OsStr::from_bytes(b"\xff.toml");
    std::fs::copy(sandbox.path("m.toml"), sandbox.path("").join(odd)).expect("a copy");
    let checked = sandbox.finish(sandbox.command(&["check", "--json"]).arg(odd));
    assert_eq!(json(&checked.success())[0]["manifest"], "\u{fffd}.toml");
    let mut command = sandbox.command(&["assemble", "m.toml", "--json", "--out"]);
    let answer = json(&sandbox.finish(command.arg(std::ffi::OsStr::from_bytes(b"\xfe"))).success());
    assert_eq!(answer["directory"], "\u{fffd}/lustre-2.17.57");
}

#[test]
fn a_log_for_programs_is_one_object_a_line() {
    let sandbox = sandbox();
    let run = sandbox.run(&["assemble", "m.toml", "--log-style", "json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lines: Vec<Value> = run.stderr.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(lines[0]["planned"], "lustre-2.17.57");
    let wrote: Vec<_> = lines.iter().filter_map(|line| line["wrote"].as_str()).collect();
    assert_eq!(wrote, ["tar", "tar.gz", "tar.zst", "tar.xz"]);
    assert!(lines.iter().any(|line| line["remark"].is_string()));

    sandbox.write("m.toml", sandbox.read("m.toml").replace("license =", "licence ="));
    let error = sandbox.run(&["assemble", "m.toml", "--log-style", "json"]).failure(3);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert_snapshot!(shape(&json(&error)), @r"
    error.exit_code: number
    error.problems: array
    error.problems[].help: null
    error.problems[].label: string
    error.problems[].notes: array
    error.problems[].notes[]: string
    error.problems[].place.column: number
    error.problems[].place.file: string
    error.problems[].place.line: number
    error.problems[].title: string
    ");
}

#[test]
fn plain_logs_have_no_control_characters() {
    let sandbox = sandbox();
    for style in ["plain", "auto"] {
        let run = sandbox.run(&["assemble", "m.toml", "--log-style", style, "--out", style]);
        assert_eq!(run.code, 0);
        for text in [&run.stdout, &run.stderr] {
            assert!(!text.contains(|letter: char| letter.is_control() && letter != '\n'), "{text:?}");
        }
    }
}

#[test]
fn colours_come_only_when_they_are_wanted() {
    let sandbox = small();
    sandbox.write("bad.toml", "schema = 1\nnonsense = true\n");
    let coloured = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = sandbox.command(&[&["check", "bad.toml"], args].concat());
        let run = sandbox.finish(command.envs(env.iter().copied()));
        assert_eq!(run.code, 3);
        run.stderr.contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]), "no terminal");
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), "NO_COLOR wins");
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]), "the command line wins");
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn a_pipe_that_closes_is_no_error() {
    let sandbox = sandbox();
    sandbox.run(&["lock", "m.toml"]).success();
    let cases: [&[&str]; 6] = [
        &["plan", "m.toml"],
        &["plan", "m.toml", "--json"],
        &["schema"],
        &["completions", "bash"],
        &["assemble", "m.toml", "--json"],
        &["assemble", "m.toml"],
    ];
    for args in cases {
        // A pipe whose reader is gone before anything is written.
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let run = sandbox.finish(sandbox.command(args).stdout(writer));
        assert_eq!((run.code, run.stderr.contains("panicked")), (0, false), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn standard_error_that_closes_does_not_stop_the_work() {
    let sandbox = small();
    for style in ["plain", "json"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let args = ["assemble", "m.toml", "--log-style", style, "--out", style];
        let run = sandbox.finish(sandbox.command(&args).stderr(writer));
        assert_eq!(run.code, 0, "{style}");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let run = sandbox.finish(sandbox.command(&["check", "no.toml", "--log-style", style]).stderr(writer));
        assert_eq!(run.code, 3, "{style}");
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let sandbox = small();
    sandbox.run(&["lock", "m.toml"]).success();
    for args in [&["plan", "m.toml"][..], &["schema"], &["assemble", "m.toml", "--json"]] {
        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let error = sandbox.finish(sandbox.command(args).stdout(Stdio::from(full))).failure(8);
        assert!(
            error.ends_with("error: cannot write the answer: No space left on device (os error 28)\n"),
            "{error}"
        );
    }
}

#[test]
fn completions_know_every_command() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = sandbox.run(&["completions", shell]).success();
        for command in commands(&sandbox) {
            let name = command.last().expect("a name");
            assert!(script.contains(name), "{shell}: {name}");
        }
        // A shell that is not installed cannot look at its script; bash stands for them.
        sandbox.write(shell, &script);
        let options: &[&str] = if shell == "fish" { &["--no-execute"] } else { &["-n"] };
        if ["bash", "fish", "zsh"].contains(&shell)
            && let Ok(output) = Command::new(shell).args(options).arg(sandbox.path(shell)).output()
        {
            assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn manual_pages_cover_every_command() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["man", "share/man1"]).success(), "share/man1/lustre-dist.1\n");
    let page = |command: Vec<String>| format!("lustre-dist-{}.1", command.join("-"));
    let mut expected: Vec<_> = commands(&sandbox).into_iter().map(page).collect();
    expected.push("lustre-dist.1".to_owned());
    expected.sort();
    assert_eq!(sandbox.list("share/man1"), expected);
    for page in expected {
        let text = sandbox.read(&format!("share/man1/{page}"));
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{page}");
    }
    sandbox.write("file", "");
    sandbox.run(&["man", "file"]).failure(8);
}
