// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `bump`, `line new` and `line end`: manifests edited in place, with every other byte as it was.

use insta::assert_snapshot;

use crate::runner::Sandbox;

/// A manifest in which every value that an edit may touch has a comment, and blanks of its own.
const MANIFEST: &str = r##"# A line, for tests.   Its kernel is 6.12.

schema=1
[release]
name    = "lustre"   # the name
version =	"2.17.0"	# the version
respin  = 2 # the second time
primary = "lustre"
license = "GPL-2.0-only"

[line]   # keyed to 6.12, not to 16.12 or 6.120
  id     = 'lts-6.12'
  kernel = "6.12"      # the series
  supports = ">=4.18, <7.1"

[source.linux]
git = "linux"
tag       = "v6.12.*"  # newest of 6.12
signature = "none"

[source.lustre]
git = "lustre"
tag = "v2_17_0"# no blank
tags = "v2_17_*"
since = "v2_16_0"
signature = "none"

[[layer]]
name = "upstream"
source = "linux"
take = ["fs/"]

[[layer]]
name = "userspace"
source = "lustre"
take = ["utils/"]
# the end, without a line end"##;

/// A sandbox with both repositories and the manifest `manifests/lts-6.12.toml`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("manifests/linux", &[("fs/a", "a\n")], "v6.12.57");
    sandbox.repository("manifests/lustre", &[("utils/a", "a\n")], "v2_17_0");
    for tag in ["v2_17_1", "v2_17_2-RC1", "v2_17_50"] {
        sandbox.git("manifests/lustre", &["tag", "--annotate", "--message", tag, tag]);
    }
    sandbox.git("manifests/lustre", &["tag", "v2_17_3-light"]);
    sandbox.write("manifests/lts-6.12.toml", MANIFEST);
    sandbox
}

/// The lines that differ, and a check that no other does.
fn difference(old: &str, new: &str) -> String {
    let mut lines = Vec::new();
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let same = |one: &[&str], other: &[&str]| one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (mut a, mut b) = (0, 0);
    while a < old.len() || b < new.len() {
        let run = same(&old[a..], &new[b..]);
        (a, b) = (a + run, b + run);
        // The next line that both have ends the difference.
        let next = (a..old.len()).find_map(|i| Some((i, b + new[b..].iter().position(|l| *l == old[i])?)));
        let (end_a, end_b) = next.unwrap_or((old.len(), new.len()));
        lines.extend(old[a..end_a].iter().map(|line| format!("-{line}")));
        lines.extend(new[b..end_b].iter().map(|line| format!("+{line}")));
        (a, b) = (end_a, end_b);
    }
    lines.concat()
}

#[test]
fn bump_moves_the_tag_and_what_goes_with_it() {
    let sandbox = sandbox();
    let check = sandbox.run(&["bump", "lts-6.12", "--check-only"]);
    assert_eq!(sandbox.read("manifests/lts-6.12.toml"), MANIFEST);
    assert_snapshot!(check.success(), @r##"
    lustre  v2_17_0 -> v2_17_1
    manifests/lts-6.12.toml:6  -version =	"2.17.0"	# the version
    manifests/lts-6.12.toml:6  +version =	"2.17.1"	# the version
    manifests/lts-6.12.toml:7  -respin  = 2 # the second time
    manifests/lts-6.12.toml:7  +# the second time
    manifests/lts-6.12.toml:23  -tag = "v2_17_0"# no blank
    manifests/lts-6.12.toml:23  +tag = "v2_17_1"# no blank
    manifests/lts-6.12.toml:25  -since = "v2_16_0"
    manifests/lts-6.12.toml:25  +since = "v2_17_0"
    "##);
    assert_snapshot!(sandbox.run(&["bump", "manifests/lts-6.12.toml"]).stderr, @"wrote manifests/lts-6.12.toml; next: lustre-dist lock manifests/lts-6.12.toml");
    assert_snapshot!(difference(MANIFEST, &sandbox.read("manifests/lts-6.12.toml")), @r##"
    -version =	"2.17.0"	# the version
    -respin  = 2 # the second time
    +version =	"2.17.1"	# the version
    +# the second time
    -tag = "v2_17_0"# no blank
    +tag = "v2_17_1"# no blank
    -since = "v2_16_0"
    +since = "v2_17_0"
    "##);
    sandbox.run(&["lock", "manifests/lts-6.12.toml"]).success();
    let again = sandbox.run(&["bump", "lts-6.12"]);
    assert_eq!(again.code, 5);
    assert_snapshot!(again.stderr, @"manifests/lts-6.12.toml: nothing newer");
}

#[test]
fn bump_to_a_candidate_or_a_snapshot_that_is_named() {
    for (tag, version) in [("v2_17_2-RC1", "2.17.2-RC1"), ("v2_17_50", "2.17.50")] {
        let sandbox = sandbox();
        sandbox.run(&["bump", "lts-6.12", "--to", tag]).success();
        let text = sandbox.read("manifests/lts-6.12.toml");
        assert!(text.contains(&format!("version =\t\"{version}\"\t# the version")), "{text}");
        assert!(text.contains(&format!("tag = \"{tag}\"# no blank")), "{text}");
    }
}

#[test]
fn bump_keeps_line_ends_and_modes() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = sandbox();
    let windows = MANIFEST.replace('\n', "\r\n");
    sandbox.write("manifests/lts-6.12.toml", &windows);
    let path = sandbox.path("manifests/lts-6.12.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("a mode");
    sandbox.run(&["bump", "lts-6.12"]).success();
    sandbox.run(&["line", "end", "lts-6.12", "--date", "2028-12-31"]).success();
    let text = sandbox.read("manifests/lts-6.12.toml");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert_eq!(std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777, 0o640);
}

#[test]
fn bump_follows_a_pinned_tag_object() {
    let sandbox = sandbox();
    let old = sandbox.git("manifests/lustre", &["rev-parse", "refs/tags/v2_17_0"]);
    let new = sandbox.git("manifests/lustre", &["rev-parse", "refs/tags/v2_17_1"]);
    let pinned = MANIFEST.replace("tags = ", &format!("tag-object = \"{old}\"\ntags = "));
    sandbox.write("manifests/lts-6.12.toml", &pinned);
    sandbox.run(&["bump", "lts-6.12"]).success();
    assert!(sandbox.read("manifests/lts-6.12.toml").contains(&format!("tag-object = \"{new}\"")));
    sandbox.git("manifests/lustre", &["tag", "v2_17_9"]);
    assert_snapshot!(sandbox.refusal(&["bump", "lts-6.12"], 3), @r#"
    error: the tag `v2_17_9` is lightweight
      --> manifests/lts-6.12.toml:24:14
       |
    24 | tag-object = "924d1ed3455c476d390306c77653befbb5ebf7e8"
       |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ pins a tag object
       = help: remove this key by hand, if a tag without an object of its own will do
    "#);
}

#[test]
fn bump_is_refused() {
    let sandbox = sandbox();
    let refused = |to: &str, code| sandbox.refusal(&["bump", "lts-6.12", "--to", to], code);
    assert_snapshot!(refused("v2_16_9", 3), @r##"
    error: `v2_16_9` is not newer than `v2_17_0`
      --> manifests/lts-6.12.toml:23:7
       |
    23 | tag = "v2_17_0"# no blank
       |       ^^^^^^^^^ the tag that stands here
       = help: a release never goes back; to start from an older tag, edit the manifest by hand
    "##);
    assert_snapshot!(refused("v2_18_0", 4), @r##"
    error: source `lustre` has no tag `v2_18_0`
      --> manifests/lts-6.12.toml:23:7
       |
    23 | tag = "v2_17_0"# no blank
       |       ^^^^^^^^^ source `lustre`
       = note: looked for in manifests/lustre
    "##);
    assert_snapshot!(refused("v6.12.58", 2), @"
    error: no source of the manifest stands at a tag of a kernel
     = note: source `linux` follows the pattern `v6.12.*`
     = help: its lock moves: `lustre-dist lock --update linux`
    ");
    assert_snapshot!(refused("next", 2), @"
    error: `next` is not a version's tag
     = help: give a tag such as `v2_17_1`, `2.17.1` or `v6.12.58`
    ");
    assert_snapshot!(sandbox.refusal(&["bump", "lts-6.1"], 2), @"
    error: there is no line `lts-6.1`
     = note: known lines: lustre/lts-6.12
    ");
    sandbox.write("manifests/lts-6.12.toml", MANIFEST.replace("tags = \"v2_17_*\"\n", ""));
    assert_snapshot!(sandbox.refusal(&["bump", "lts-6.12"], 3), @r#"
    error: `manifests/lts-6.12.toml` does not say where newer tags are
     = note: none of its sources has one `tag` and the pattern `tags`
     = help: name the tag: `--to TAG`; or add `tags = "v2_17_*"` to the source
    "#);
}

#[test]
fn a_new_line_differs_in_its_series_alone() {
    let sandbox = sandbox();
    let made = sandbox.run(&["line", "new", "lts-6.18"]);
    assert_snapshot!(made.stderr, @"
    wrote manifests/lts-6.18.toml; next: lustre-dist check manifests/lts-6.18.toml
    its comments still speak of 6.12: lines 1, 11, 18
    ");
    assert_snapshot!(difference(MANIFEST, &sandbox.read("manifests/lts-6.18.toml")), @r#"
    -respin  = 2 # the second time
    +# the second time
    -  id     = 'lts-6.12'
    -  kernel = "6.12"      # the series
    +  id     = "lts-6.18"
    +  kernel = "6.18"      # the series
    -tag       = "v6.12.*"  # newest of 6.12
    +tag       = "v6.18.*"  # newest of 6.12
    "#);
    assert_eq!(sandbox.read("manifests/lts-6.12.toml"), MANIFEST);
}

#[test]
fn a_new_line_from_mainline() {
    let sandbox = sandbox();
    let mainline = MANIFEST
        .replace("'lts-6.12'", "\"mainline\"")
        .replace("  kernel = \"6.12\"      # the series\n", "")
        .replace("  supports = \">=4.18, <7.1\"\n", "");
    sandbox.write("manifests/mainline.toml", &mainline);
    let args =
        ["line", "new", "lts-6.18", "--from", "mainline", "--supports", ">=6.1, <7.0", "--name", "acme"];
    sandbox.run(&args).success();
    assert_snapshot!(difference(&mainline, &sandbox.read("manifests/acme-6.18.toml")), @r#"
    -name    = "lustre"   # the name
    +name    = "acme"   # the name
    -respin  = 2 # the second time
    +# the second time
    -  id     = "mainline"
    +  id     = "lts-6.18"
    +  kernel = "6.18"
    +  supports = ">=6.1, <7.0"
    -tag       = "v6.12.*"  # newest of 6.12
    +tag       = "v6.18.*"  # newest of 6.12
    "#);
}

#[test]
fn a_new_line_is_refused() {
    let sandbox = sandbox();
    let refused = |args: &[&str], code| sandbox.refusal(&[&["line", "new"], args].concat(), code);
    assert_snapshot!(refused(&["lts-7.2"], 3), @r#"
    error: the compatibility layer does not cover kernel 7.2
      --> manifests/lts-6.12.toml:14:14
       |
    14 |   supports = ">=4.18, <7.1"
       |              ^^^^^^^^^^^^^^ 7.2 is outside
       = help: say what the new line's layer covers: `--supports RANGE`
    "#);
    assert_snapshot!(refused(&["lts-6.12"], 2), @"
    error: there is a line `lts-6.12` of lustre already
      --> manifests/lts-6.12.toml:12:12
       |
    12 |   id     = 'lts-6.12'
       |            ^^^^^^^^^^ here
       = help: move it with `lustre-dist bump`, or give the new one another `--name`
    ");
    assert_snapshot!(refused(&["lts-6.18", "--out", "elsewhere.toml"], 2), @"
    error: `elsewhere.toml` is not in the folder of `manifests/lts-6.12.toml`
     = note: the paths in a manifest are relative to its folder, and stay as they are
     = help: write it to `manifests`
    ");
    assert_snapshot!(refused(&["lts-6.18", "--out", "manifests/lts-6.12.toml"], 2), @"
    error: `manifests/lts-6.12.toml` is there already
     = help: give another file with `--out FILE`, or remove that one first
    ");
    assert_snapshot!(refused(&["6.18"], 2), @"
    error: invalid value '6.18' for '<ID>': expected `lts-` and a kernel series, such as lts-6.18

    For more information, try '--help'.
    ");
    sandbox.write("manifests/other.toml", MANIFEST.replace("\"lustre\"   #", "\"other\"   #"));
    assert_snapshot!(refused(&["lts-6.18"], 2), @"
    error: two lines could be the one to start from
     = note: manifests/lts-6.12.toml and manifests/other.toml
     = help: say which: `--from MANIFEST`
    ");
    sandbox.write("manifests/broken.toml", "schema = 1\n");
    assert_snapshot!(refused(&["lts-6.18"], 3), @"
    error: the manifest has no `[release]`
     --> manifests/broken.toml:1:1
      |
    1 | schema = 1
      | ^ `[release]` is missing
      = help: for example `[release]`

    error: the manifest has no `[source.NAME]`
     --> manifests/broken.toml:1:1
      |
    1 | schema = 1
      | ^ `[source.NAME]` is missing
      = help: for example `[source.lustre]`

    error: the manifest has no `[[layer]]`
     --> manifests/broken.toml:1:1
      |
    1 | schema = 1
      | ^ `[[layer]]` is missing
      = help: for example `[[layer]]`

    3 problems
    ");
}

#[test]
fn a_line_ends_once() {
    let sandbox = sandbox();
    sandbox.run(&["line", "end", "lts-6.12", "--date", "2028-12-31"]).success();
    assert_snapshot!(difference(MANIFEST, &sandbox.read("manifests/lts-6.12.toml")), @r#"+  ended    = "2028-12-31""#);
    let again = sandbox.run(&["line", "end", "lts-6.12"]);
    assert_eq!(again.code, 5);
    assert_snapshot!(again.stderr, @"manifests/lts-6.12.toml: line lts-6.12 has ended already");
    // What starts from an ended line has not ended.
    sandbox.run(&["line", "new", "lts-6.18"]).success();
    assert!(!sandbox.read("manifests/lts-6.18.toml").contains("ended"));
}

#[test]
fn a_line_in_braces_is_left_alone() {
    let sandbox = sandbox();
    let start = MANIFEST.find("[line]").expect("it is there");
    let end = MANIFEST.find("[source.linux]").expect("it is there");
    let line = "line = { id = \"lts-6.12\", kernel = \"6.12\" }\n";
    let text = MANIFEST[..start].replace("schema=1\n", &format!("schema=1\n{line}")) + &MANIFEST[end..];
    sandbox.write("manifests/lts-6.12.toml", &text);
    assert_snapshot!(sandbox.refusal(&["line", "end", "lts-6.12"], 3), @r#"
    error: unknown key `ended` in the manifest
     --> manifests/lts-6.12.toml:5:1
      |
    5 | ended = "2026-11-23"
      | ^^^^^ not a key that is known here
      = note: known keys: `schema`, `release`, `encoding`, `line`, `source`, `layer`, `template`, `coverage`, `contains` and `allow`
      = note: the edit would make the manifest say this; the file is as it was
      = help: `ended` is a key of `[line]`
    "#);
    assert_eq!(sandbox.read("manifests/lts-6.12.toml"), text);
}
