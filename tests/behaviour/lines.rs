// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lines as a table and one by one, and what happens at their end.

use insta::assert_snapshot;

use crate::feed::{RELEASES, later, tagged};
use crate::runner::Sandbox;

/// A manifest of a line whose upstream layer comes from the repository `linux` and the rest from
/// `lustre`, both beside the folder of manifests.
pub fn manifest(name: &str, line: &str, kernel: &str, pattern: &str, more: &str) -> String {
    format!(
        r#"schema = 1

[release]
name = "{name}"
version = "2.18.0"
primary = "lustre"
license = "GPL-2.0-only"
formats = ["tar.gz"]
{more}
[line]
id = "{line}"
kernel = "{kernel}"
supports = ">=6.1, <6.19"

[source.linux]
git = "../linux"
tag = "{pattern}"
signature = "none"

[source.lustre]
git = "../lustre"
tag = "v2_18_0"
tags = "v2_18_*"
signature = "none"

[[layer]]
name = "upstream"
source = "linux"
take = ["fs/lustre/"]

[[layer]]
name = "userspace"
source = "lustre"
take = ["COPYING"]
"#
    )
}

/// A folder of manifests with the line lts-6.12, the repositories that it is made of, and the feed.
pub fn one_line() -> Sandbox {
    let sandbox = Sandbox::new();
    tagged(&sandbox, "linux", &["v6.12.57", "v6.12.58", "v6.12.59-rc1", "v6.18.60", "v6.18.61"]);
    sandbox.repository("lustre", &[("COPYING", "GPL\n")], "v2_18_0");
    sandbox.write("manifests/lts-6.12.toml", manifest("lustre", "lts-6.12", "6.12", "v6.12.*", ""));
    sandbox.write("releases.json", RELEASES);
    sandbox.write("later.json", later());
    sandbox
}

/// The program on another day.
pub fn on(sandbox: &Sandbox, today: &str, args: &[&str]) -> crate::runner::Run {
    sandbox.finish(sandbox.command(args).env("LUSTRE_DIST_TODAY", today))
}

fn several() -> Sandbox {
    let sandbox = one_line();
    let preview = "buildable = false\nnote = \"to measure by\"\n";
    sandbox.write("manifests/preview.toml", manifest("lustre", "lts-6.12", "6.12", "v6.12.*", preview));
    sandbox.write("manifests/lts-6.18.toml", manifest("lustre", "lts-6.18", "6.18", "v6.18.*", ""));
    let ended = manifest("lustre", "lts-6.6", "6.6", "v6.6.*", "");
    sandbox.write("manifests/lts-6.6.toml", ended.replace("id = ", "ended = \"2026-10-01\"\nid = "));
    let plain = manifest("lustre", "lts-6.12", "6.12", "v6.12.*", "");
    let (head, rest) = plain.split_once("[line]").expect("a line");
    let (_, sources) = rest.split_once("[source.lustre]").expect("a source");
    let (source, _) = sources.split_once("[[layer]]").expect("a layer");
    let (_, layer) = sources.rsplit_once("[[layer]]").expect("a layer");
    sandbox.write("manifests/lustre-2.18.toml", format!("{head}[source.lustre]{source}[[layer]]{layer}"));
    let mainline = format!("{head}[line]\nid = \"mainline\"\n[source.lustre]{source}[[layer]]{layer}");
    sandbox.write(
        "manifests/mainline.toml",
        mainline.replace("2.18.0", "2.18.50").replace("v2_18_0", "v2_18_50"),
    );
    sandbox
}

#[test]
fn lines_are_a_table() {
    let sandbox = several();
    sandbox.run(&["lines", "update", "--feed", "releases.json"]).success();
    sandbox.run(&["assemble", "manifests/lts-6.18.toml"]).success();
    assert_snapshot!(sandbox.run(&["lines"]).success(), @"
    line      release  moniker   kernel  newest   end of life       days  released         due
    mainline  lustre   mainline  -       7.4-rc5  -                 -     -                2.18.50
    2.18      lustre   -         -       -        -                 -     -                2.18.0
    lts-6.6   lustre   longterm  6.6     6.6.141  ended 2026-10-01  -53   -                -
    lts-6.12  lustre   longterm  6.12    6.12.57  2028-12-31        769   -                2.18.0+k6.12.57
    lts-6.12  lustre   longterm  6.12    6.12.57  2028-12-31        769   -                preview
    lts-6.18  lustre   longterm  6.18    6.18.61  2028-12-31        769   2.18.0+k6.18.61  -
    ");
    assert_snapshot!(sandbox.run(&["lines", "manifests/lts-6.6.toml", "--color", "always"]).success(), @"
    line     release  moniker   kernel  newest   end of life       days  released  due
    lts-6.6  lustre   longterm  6.6     6.6.141  [31mended 2026-10-01[0m  -53   -         -
    ");
    assert_snapshot!(sandbox.run(&["lines", "manifests/lts-6.18.toml", "--json"]).success(), @r#"
    [
      {
        "line": "lts-6.18",
        "name": "lustre",
        "manifest": "manifests/lts-6.18.toml",
        "preview": false,
        "moniker": "longterm",
        "kernel_series": "6.18",
        "newest_kernel": "6.18.61",
        "eol": "2028-12-31",
        "days_left": 769,
        "ended": null,
        "released": {
          "version": "2.18.0+k6.18.61",
          "date": "2026-01-02T03:04:05Z",
          "kernel": "6.18.61",
          "directory": "dist/lustre-2.18.0+k6.18.61"
        },
        "locked": "2.18.0+k6.18.61",
        "state": "up-to-date",
        "due": null
      }
    ]
    "#);
}

#[test]
fn one_line_has_a_history() {
    let sandbox = one_line();
    sandbox.run(&["assemble", "--due", "--feed", "releases.json"]).success();
    sandbox.run(&["assemble", "--due", "--feed", "later.json"]).success();
    sandbox.run(&["lines", "update", "--feed", "later.json"]).success();
    assert_snapshot!(sandbox.run(&["lines", "show", "lts-6.12"]).success(), @"
    lustre/lts-6.12
      manifest        manifests/lts-6.12.toml
      kernel          6.12, longterm, first released 2024-11-17
      newest          6.12.58, by later.json
      supports        >=6.1, <6.19
      end of life     2028-12-31, 769 days left
      source linux    tag v6.12.*; git ../linux
      source lustre   tag v2_18_0, newer ones as v2_18_*; git ../lustre
      due             nothing
      locked          2.18.0+k6.12.58
      released        2.18.0+k6.12.58  2026-01-02  kernel 6.12.58
                        linux  v6.12.58  980722e1d0e333f33986bb5779f0a819ec628c88
                        lustre  v2_18_0  55c2fbc13c84ebbcc845d90fbbeae02aa4a5d5e4
                      2.18.0+k6.12.57  2026-01-02  kernel 6.12.57
                        linux  v6.12.57  980722e1d0e333f33986bb5779f0a819ec628c88
                        lustre  v2_18_0  55c2fbc13c84ebbcc845d90fbbeae02aa4a5d5e4
    ");
    let json = sandbox.run(&["lines", "show", "lustre/lts-6.12", "--json"]).success();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["history"][0]["version"], "2.18.0+k6.12.58");
    assert_eq!(json["history"][1]["sources"]["linux"]["tag"], "v6.12.57");
    assert_snapshot!(sandbox.run(&["lines", "show", "lts-6.13"]).failure(2), @"
    error: there is no line `lts-6.13`
     = note: known lines: lustre/lts-6.12
    ");
}

#[test]
fn a_line_has_one_manifest() {
    let sandbox = one_line();
    sandbox.write("manifests/other.toml", manifest("lustre", "lts-6.12", "6.12", "v6.12.*", ""));
    let said = sandbox.run(&["lines"]).failure(3);
    assert_snapshot!(said, @r#"
    error: two manifests are of the line lustre/lts-6.12
      --> manifests/other.toml:11:6
       |
    11 | id = "lts-6.12"
       |      ^^^^^^^^^^ the second is here
       = note: the first is manifests/lts-6.12.toml
       = help: a line has one manifest: give one another `name` or another line; only a preview, `buildable = false`, may stand beside it
    "#);
    for command in [["due"].as_slice(), &["assemble", "--all"], &["assemble", "--due"]] {
        let args = [command, &["manifests/lts-6.12.toml", "manifests/other.toml"]].concat();
        assert_eq!(sandbox.run(&args).failure(3), said);
    }
    // Under another name it is another line, and the id alone does not say which.
    sandbox.write("manifests/other.toml", manifest("acme", "lts-6.12", "6.12", "v6.12.*", ""));
    assert_snapshot!(sandbox.run(&["lines", "show", "lts-6.12"]).failure(2), @"
    error: several lines are called `lts-6.12`
     = note: acme/lts-6.12  manifests/other.toml
     = note: lustre/lts-6.12  manifests/lts-6.12.toml
     = help: give the name with it, or the path of the manifest
    ");
    assert!(sandbox.run(&["lines", "show", "acme/lts-6.12"]).success().starts_with("acme/lts-6.12\n"));
    let shown = sandbox.run(&["lines", "show", "manifests/other.toml"]).success();
    assert!(shown.starts_with("acme/lts-6.12\n"));
}

#[test]
fn nothing_is_assembled_past_the_end_of_life() {
    let sandbox = one_line();
    let after = "2029-01-01";
    assert_snapshot!(on(&sandbox, after, &["lines"]).success(), @"
    line      release  moniker   kernel  newest   end of life       days  released  due
    lts-6.12  lustre   longterm  6.12    6.12.58  ended 2028-12-31  -1    -         -
    ");
    assert_eq!(on(&sandbox, after, &["due"]).failure(5), "nothing is due\n");
    let said = on(&sandbox, after, &["assemble", "manifests/lts-6.12.toml"]).failure(3);
    assert_snapshot!(said, @r#"
    error: the line lts-6.12 is over: its end was 2028-12-31
      --> the kernels.toml that lustre-dist carries:37:12
       |
    37 | eol      = "2028-12-31"
       |            ^^^^^^^^^^^^ this is over
       = note: by `eol` of series 6.12 in the kernels.toml that lustre-dist carries; today is 2029-01-01
       = help: correct the day if the line lives longer; `--assemble-past-end-of-life` makes the release all the same, and release.json says so
    "#);
    let said = on(&sandbox, after, &["assemble", "--all"]).failure(3);
    assert!(said.contains("error: the line lts-6.12 is over: its end was 2028-12-31"), "{said}");
    assert!(!sandbox.path("dist").exists());

    // The last day is a day of life.
    on(&sandbox, "2028-12-31", &["assemble", "manifests/lts-6.12.toml", "--out", "in-time"]).success();
    let forced = ["assemble", "manifests/lts-6.12.toml", "--assemble-past-end-of-life"];
    let made = on(&sandbox, after, &forced).success();
    assert!(made.contains("made with --assemble-past-end-of-life ended 2028-12-31"), "{made}");
    let title = "lustre-2.18.0+k6.12.58";
    let marked = |folder: &str| {
        let text = sandbox.read(&format!("{folder}/{title}/{title}.release.json"));
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        json["overrides"].to_string()
    };
    assert_eq!(marked("dist"), r#"[{"flag":"assemble-past-end-of-life","values":["ended 2028-12-31"]}]"#);
    assert_eq!(marked("in-time"), "[]");
}

#[test]
fn a_manifest_or_a_feed_can_end_a_line_too() {
    let sandbox = one_line();
    let path = "manifests/lts-6.12.toml";
    let text = sandbox.read(path);
    sandbox.write(path, text.replace("id = ", "ended = \"2026-11-23\"\nid = "));
    assert_snapshot!(sandbox.run(&["assemble", path]).failure(3), @r#"
    error: the line lts-6.12 is over: its end was 2026-11-23
      --> manifests/lts-6.12.toml:11:9
       |
    11 | ended = "2026-11-23"
       |         ^^^^^^^^^^^^ this is over
       = note: by `ended` in manifests/lts-6.12.toml; today is 2026-11-23
       = help: correct the day if the line lives longer; `--assemble-past-end-of-life` makes the release all the same, and release.json says so
    "#);
    assert_eq!(sandbox.run(&["due"]).code, 5);
    sandbox.write(path, text.replace("id = ", "ended = \"2026-11-24\"\nid = "));
    assert_eq!(sandbox.run(&["due"]).code, 0);
    sandbox.write(path, &text);
    let eol = RELEASES
        .replace("\"6.12.57\",\n            \"iseol\": false", "\"6.12.57\",\n            \"iseol\": true");
    sandbox.write("eol.json", eol);
    sandbox.run(&["lines", "update", "--feed", "eol.json"]).success();
    assert_snapshot!(sandbox.run(&["assemble", path]).failure(3), @"
    error: the line lts-6.12 is over
     = note: by the feed eol.json, which marks series 6.12 as at its end; today is 2026-11-23
     = help: `lustre-dist lines update` asks the feed anew; `--assemble-past-end-of-life` makes the release all the same, and release.json says so
    ");
    sandbox.write("manifests/kernels.toml", "schema = 1\n[series.\"6.12\"]\nmoniker = \"longterm\"\nreleased = \"2024-11-17\"\neol = \"2026-11-01\"\n");
    assert_snapshot!(sandbox.run(&["assemble", path]).failure(3), @r#"
    error: the line lts-6.12 is over: its end was 2026-11-01
     --> manifests/kernels.toml:5:7
      |
    5 | eol = "2026-11-01"
      |       ^^^^^^^^^^^^ this is over
      = note: by `eol` of series 6.12 in manifests/kernels.toml; today is 2026-11-23
      = help: correct the day if the line lives longer; `--assemble-past-end-of-life` makes the release all the same, and release.json says so
    "#);
    let said = sandbox.finish(sandbox.command(&["due"]).env("LUSTRE_DIST_TODAY", "tomorrow"));
    assert_snapshot!(said.failure(2), @"
    error: LUSTRE_DIST_TODAY is `tomorrow`
     = help: expected a day, such as 2026-11-23, or no such variable
    ");
}

#[test]
fn a_line_takes_kernels_of_its_series_alone() {
    let sandbox = one_line();
    let path = "manifests/lts-6.12.toml";
    let text = sandbox.read(path);
    sandbox.write(path, text.replace("v6.12.*", "v6.18.*"));
    assert_snapshot!(sandbox.run(&["lock", path]).failure(3), @r#"
    error: line `lts-6.12` takes kernels of 6.12 alone, and `v6.18.61` is not one
      --> manifests/lts-6.12.toml:17:7
       |
    17 | tag = "v6.18.*"
       |       ^^^^^^^^^ source `linux`
       = help: write `tag = "v6.12.*"`, or make a line for that kernel
    "#);
    sandbox.write(path, text.replace("v6.12.*", "v6.18.61").replace("<6.19", "<=6.17"));
    assert_snapshot!(sandbox.run(&["lock", path]).failure(3), @r#"
    error: line `lts-6.12` takes kernels of 6.12 alone, and `v6.18.61` is not one
      --> manifests/lts-6.12.toml:17:7
       |
    17 | tag = "v6.18.61"
       |       ^^^^^^^^^^ source `linux`
       = help: write `tag = "v6.12.*"`, or make a line for that kernel

    error: the compatibility layer does not cover kernel 6.18.61
      --> manifests/lts-6.12.toml:13:12
       |
    13 | supports = ">=6.1, <=6.17"
       |            ^^^^^^^^^^^^^^^ covers >=6.1, <6.18
       = note: source `linux` is at `v6.18.61`
       = help: take a compatibility layer that covers it, and say so in `supports`; or choose another kernel

    2 problems
    "#);
    // Mainline has no series, and its compatibility layer covers what it covers.
    let mainline =
        text.replace("lts-6.12", "mainline").replace("kernel = \"6.12\"\n", "").replace("<6.19", "<=6.12.57");
    sandbox.write(path, mainline);
    assert_snapshot!(sandbox.run(&["lock", path]).failure(3), @r#"
    error: the compatibility layer does not cover kernel 6.12.58
      --> manifests/lts-6.12.toml:12:12
       |
    12 | supports = ">=6.1, <=6.12.57"
       |            ^^^^^^^^^^^^^^^^^^ covers >=6.1, <6.12.58
       = note: source `linux` is at `v6.12.58`
       = help: take a compatibility layer that covers it, and say so in `supports`; or choose another kernel
    "#);
    assert!(!sandbox.path("manifests/lts-6.12.lock").exists());
}
