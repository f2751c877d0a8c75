// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is due, and that it is built, exactly.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use crate::feed::{RELEASES, later};
use crate::lines::{manifest, one_line};
use crate::runner::Sandbox;

/// A sandbox with the demo as it is shipped, without its lock.
fn demo() -> Sandbox {
    let sandbox = Sandbox::new();
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    let copy = |name: &str| {
        sandbox
            .write(&format!("manifests/{name}"), std::fs::read(shipped.join(name)).expect("a shipped file"));
    };
    for name in
        ["demo.toml", "kernels.toml", "demo/linux.bundle", "demo/lustre.bundle", "demo/lustre-demo.spec.j2"]
    {
        copy(name);
    }
    for entry in std::fs::read_dir(shipped.join("demo/patches")).expect("patches").flatten() {
        copy(&format!("demo/patches/{}", entry.file_name().to_string_lossy()));
    }
    sandbox
}

#[test]
fn a_newer_kernel_in_the_feed_makes_exactly_its_line_due() {
    let sandbox = demo();
    // A second line, which the news does not concern.
    let text = sandbox.read("manifests/demo.toml").replace("6.12.*", "6.18.*");
    let other =
        text.replace("lts-6.12", "lts-6.18").replace("= \"6.12\"", "= \"6.18\"").replace("<6.13", "<6.19");
    sandbox.write("manifests/demo-6.18.toml", other);
    let at = |text: &str| text.replace("6.18.61", "6.18.1");
    sandbox.write("releases.json", at(RELEASES));
    sandbox.run(&["lines", "update", "--feed", "releases.json"]).success();
    assert_snapshot!(sandbox.run(&["due"]).success(), @"
    lustre-demo/lts-6.12  2.18.0+k6.12.57  assemble
      never released
    lustre-demo/lts-6.18  2.18.0+k6.18.1  assemble
      never released
    ");
    sandbox.run(&["assemble", "--due"]).success();
    let made: Vec<String> = sandbox.list("dist").into_iter().filter(|path| !path.contains('/')).collect();
    assert_eq!(made, ["lustre-demo-2.18.0+k6.12.57", "lustre-demo-2.18.0+k6.18.1"]);
    let run = sandbox.run(&["due"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (5, "", "nothing is due\n"));

    sandbox.write("releases.json", at(&later()));
    assert_eq!(
        sandbox.run(&["lines", "update", "--feed", "releases.json"]).success(),
        "6.12    6.12.57 -> 6.12.58\n"
    );
    assert_snapshot!(sandbox.run(&["due", "--json"]).success(), @r#"
    {
      "include": [
        {
          "line": "lts-6.12",
          "name": "lustre-demo",
          "manifest": "manifests/demo.toml",
          "version": "2.18.0+k6.12.58",
          "action": "assemble",
          "why": [
            "new kernel 6.12.58 in source linux: v6.12.57 is released"
          ],
          "kernel": "6.12.58",
          "sources": {
            "linux": "v6.12.58",
            "lustre": "v2_18_0"
          }
        }
      ]
    }
    "#);
    let run = sandbox.run(&["assemble", "--due"]);
    assert!(run.stderr.contains("\n1 of 1 releases are there ("), "{}", run.stderr);
    assert!(run.success().contains("dist/lustre-demo-2.18.0+k6.12.58  "));
    assert_eq!(sandbox.run(&["due"]).code, 5);
    assert_eq!(sandbox.run(&["assemble", "--due"]).code, 5);
    let run = sandbox.run(&["due", "--json"]);
    assert_eq!((run.code, run.stdout.as_str()), (5, "{\n  \"include\": []\n}\n"));
    // An older feed makes nothing due that a newer release has overtaken.
    sandbox.write("older.json", at(RELEASES));
    assert_eq!(sandbox.run(&["due", "--feed", "older.json"]).code, 5);
}

#[test]
fn a_kernel_that_the_source_has_not_got_is_waited_for() {
    let sandbox = one_line();
    sandbox.run(&["assemble", "--due"]).success();
    sandbox.write("next.json", RELEASES.replace("6.12.57", "6.12.59"));
    let run = sandbox.run(&["due", "--feed", "next.json"]);
    assert_snapshot!(format!("{} {}{}", run.code, run.stdout, run.stderr), @"
    5 lustre/lts-6.12: waiting for tag v6.12.59 in source linux
    nothing is due
    ");
    let table = sandbox.run(&["lines", "--feed", "next.json"]).success();
    assert!(table.ends_with("  waiting for tag v6.12.59\n"), "{table}");
    sandbox.git("linux", &["tag", "--annotate", "--message", "6.12.59", "v6.12.59"]);
    assert_snapshot!(sandbox.run(&["due", "--feed", "next.json"]).success(), @"
    lustre/lts-6.12  2.18.0+k6.12.59  assemble
      new kernel 6.12.59 in source linux: v6.12.58 is released
    ");
    // Without a feed the tags say what is newest.
    assert_eq!(sandbox.run(&["due", "--feed", "repository"]).code, 0);
    let network = sandbox.run(&["due", "--feed", "https://www.kernel.org/releases.json"]).failure(2);
    assert_snapshot!(network, @"
    error: this command does not use the network
     = help: run `lustre-dist lines update --feed https://www.kernel.org/releases.json` first
    ");
}

#[test]
fn remote_sources_are_fetched_when_that_is_asked_for() {
    let sandbox = one_line();
    let path = "manifests/lts-6.12.toml";
    let url = |name: &str| format!("file://{}", sandbox.path(name).display());
    let text = sandbox.read(path).replace("../linux", &url("linux")).replace("../lustre", &url("lustre"));
    sandbox.write(path, text);
    assert_snapshot!(sandbox.run(&["due"]).failure(4), @"
    error: cannot tell what is due of lustre/lts-6.12
     = note: source linux was never fetched
     = note: source lustre was never fetched
     = help: `due --fetch` fetches remote sources; `--source NAME=PATH` points at a clone
    ");
    let table = sandbox.run(&["lines"]);
    assert!(
        table
            .stderr
            .starts_with("lustre/lts-6.12: cannot tell what is due: source linux was never fetched\n")
    );
    assert!(table.success().ends_with("  ?\n"));
    assert!(!sandbox.path("cache").exists());
    let run = sandbox.run(&["due", "--fetch"]);
    assert_eq!(run.success(), "lustre/lts-6.12  2.18.0+k6.12.58  assemble\n  never released\n");
    sandbox.run(&["assemble", "--due", "--offline"]).success();
    assert_eq!(sandbox.run(&["due"]).code, 5);

    // What is new there is seen once it was fetched, and `assemble --due` fetches by itself.
    sandbox.git("linux", &["tag", "--annotate", "--message", "6.12.59", "v6.12.59"]);
    assert_eq!(sandbox.run(&["due"]).code, 5);
    sandbox.write("next.json", RELEASES.replace("6.12.57", "6.12.59"));
    let run = sandbox.run(&["due", "--feed", "next.json"]);
    assert_snapshot!(format!("{} {}{}", run.code, run.stdout, run.stderr), @"
    5 lustre/lts-6.12: waiting for tag v6.12.59 in source linux; `due --fetch` looks for it
    nothing is due
    ");
    assert_eq!(sandbox.run(&["assemble", "--due", "--offline"]).code, 5);
    let made = sandbox.run(&["assemble", "--due"]).success();
    assert!(made.starts_with("done       dist/lustre-2.18.0+k6.12.59  "), "{made}");

    // A site that does not answer keeps nobody else from a release.
    let away = sandbox
        .read(path)
        .replace("/linux\"", "/xunil\"")
        .replace("\"lustre\"\nversion", "\"away\"\nversion");
    sandbox.write("manifests/away.toml", away);
    sandbox.git("linux", &["tag", "--annotate", "--message", "6.12.60", "v6.12.60"]);
    let run = sandbox.run(&["assemble", "--due"]);
    assert!(run.stdout.starts_with("done       dist/lustre-2.18.0+k6.12.60  "), "{}", run.stdout);
    assert!(run.stderr.contains("\n1 of 2 releases are there ("), "{}", run.stderr);
    let said = run.failure(4);
    assert!(said.contains("error: cannot fetch from file://[SANDBOX]/xunil"), "{said}");
    assert!(said.ends_with("or point the source at a clone with `--source NAME=PATH`\n"), "{said}");
}

#[test]
fn a_newer_tag_asks_for_an_edit() {
    let sandbox = one_line();
    sandbox.run(&["assemble", "--due"]).success();
    for tag in ["v2_18_1-RC1", "v2_18_50", "v2_17_9"] {
        sandbox.git("lustre", &["tag", "--annotate", "--message", tag, tag]);
    }
    assert_eq!(sandbox.run(&["due"]).code, 5);
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.18.1", "v2_18_1"]);
    assert_snapshot!(sandbox.run(&["due"]).success(), @"
    lustre/lts-6.12  2.18.1+k6.12.58  bump
      new tag v2_18_1 in source lustre: v2_18_0 is released
    ");
    let run = sandbox.run(&["assemble", "--due"]);
    assert_snapshot!(format!("{} {}{}", run.code, run.stdout, run.stderr), @"
    5 lustre/lts-6.12: 2.18.1+k6.12.58 is due, but first edit its manifest: `lustre-dist bump manifests/lts-6.12.toml`
    nothing is due that could be assembled
    ");
    let table = sandbox.run(&["lines"]).success();
    assert!(table.ends_with("  2.18.1+k6.12.58, after bump\n"), "{table}");
    let misplaced = sandbox.run(&["assemble", "manifests/lts-6.12.toml", "--feed", "x"]).failure(2);
    assert_snapshot!(misplaced, @"
    error: `--feed` without `--due`
     = help: it has a meaning beside `--due` only
    ");
}

#[test]
fn a_respin_is_due_when_it_is_asked_for() {
    let sandbox = one_line();
    sandbox.run(&["assemble", "--due"]).success();
    let path = "manifests/lts-6.12.toml";
    let text = sandbox.read(path);
    sandbox.write(path, text.replace("formats", "respin = 2\nformats"));
    assert_snapshot!(sandbox.run(&["due"]).success(), @"
    lustre/lts-6.12  2.18.0+k6.12.58.r2  assemble
      respin 2 is asked for
    ");
    sandbox.run(&["assemble", "--due"]).success();
    assert_eq!(sandbox.run(&["due"]).code, 5);

    // Another input of the same version cannot go under its name.
    sandbox.repository("utils", &[("utils/lfs.c", "utils\n")], "v2_18_0");
    let utils = "[source.utils]\ngit = \"../utils\"\ntag = \"v2_18_*\"\nsignature = \"none\"\n\n                 [[layer]]\nname = \"utils\"\nsource = \"utils\"\ntake = [\"utils/\"]\n";
    sandbox.write(path, format!("{}{utils}", text.replace("formats", "respin = 3\nformats")));
    sandbox.run(&["assemble", "--due"]).success();
    assert_eq!(sandbox.run(&["due"]).code, 5);
    sandbox.git("utils", &["tag", "--annotate", "--message", "2.18.1", "v2_18_1"]);
    assert_snapshot!(sandbox.run(&["due"]).success(), @"
    lustre/lts-6.12  2.18.0+k6.12.58.r3  respin
      new tag v2_18_1 in source utils: v2_18_0 is released
    ");
    let run = sandbox.run(&["assemble", "--due"]);
    assert_snapshot!(format!("{} {}", run.code, run.stderr), @"
    5 lustre/lts-6.12: 2.18.0+k6.12.58.r3 is due, but first raise `respin` in its manifest
    nothing is due that could be assembled
    ");
}

#[test]
fn previews_and_development_versions_are_not_due() {
    let sandbox = one_line();
    let path = "manifests/lts-6.12.toml";
    let text = sandbox.read(path);
    sandbox.write(path, text.replace("formats", "buildable = false\nnote = \"a look ahead\"\nformats"));
    assert_eq!(sandbox.run(&["due"]).code, 5);
    let due = sandbox.run(&["due", "--previews"]).success();
    assert!(due.starts_with("lustre/lts-6.12  2.18.0+k6.12.58  assemble\n"), "{due}");
    let all = sandbox.run(&["assemble", "--all"]);
    assert_snapshot!(format!("{} {}", all.code, all.stderr), @"
    5 lustre/lts-6.12: left out, a preview: manifests/lts-6.12.toml
    there is nothing to assemble
    ");
    sandbox.write(path, text.replace("tag = \"v2_18_0\"\ntags = \"v2_18_*\"", "branch = \"master\""));
    assert_eq!(sandbox.run(&["due"]).code, 5);
    let table = sandbox.run(&["lines"]).success();
    assert!(table.ends_with("  never: no tag\n"), "{table}");
    // A snapshot that the manifest itself pins is released as such.
    sandbox.git("lustre", &["tag", "--annotate", "--message", "2.18.50", "v2_18_50"]);
    sandbox.write(path, text.replace("2.18.0", "2.18.50").replace("v2_18_0", "v2_18_50"));
    assert!(sandbox.run(&["due"]).success().starts_with("lustre/lts-6.12  2.18.50+k6.12.58  assemble\n"));
}

#[test]
fn one_line_alone_is_asked_for() {
    let sandbox = one_line();
    sandbox.write("manifests/lts-6.18.toml", manifest("lustre", "lts-6.18", "6.18", "v6.18.*", ""));
    let due = sandbox.run(&["due", "--line", "lts-6.18"]).success();
    assert_eq!(due, "lustre/lts-6.18  2.18.0+k6.18.61  assemble\n  never released\n");
    assert_snapshot!(sandbox.run(&["due", "--line", "lts-6.17"]).failure(2), @"
    error: there is no line `lts-6.17`
     = note: known lines: lustre/lts-6.12, lustre/lts-6.18
    ");
    assert_snapshot!(sandbox.run(&["due", "--released", "nowhere"]).failure(2), @"
    error: `--released nowhere`: there is no such folder
     = help: give the folder that `assemble --out` writes to; leave it out for `dist`
    ");
    sandbox.write("dist/lustre-1/lustre-1.release.json", "{\"name\": 1}");
    assert_snapshot!(sandbox.run(&["due"]).failure(6), @"
    error: `dist/lustre-1/lustre-1.release.json` is not the description of a release
     = note: invalid type: integer `1`, expected a string at line 1 column 10
     = help: move the directory away: the release can be made anew, byte for byte
    ");
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let sandbox = one_line();
    sandbox.write("manifests/lts-6.18.toml", manifest("lustre", "lts-6.18", "6.18", "v6.18.*", ""));
    let broken = manifest("acme", "lts-6.12", "6.12", "v6.12.*", "");
    sandbox.write("manifests/a-broken.toml", broken.replace("\"COPYING\"", "\"COPYNIG\""));
    sandbox.write(
        "manifests/b-away.toml",
        manifest("away", "lts-6.12", "6.12", "v6.12.*", "").replace("../linux", "../xunil"),
    );
    let run = sandbox.run(&["assemble", "--due", "-j", "2"]);
    // What goes before it is told as it happens, in any order.
    let (before, errors) = run.stderr.split_once(" s)\n").expect("a summary");
    assert!(before.contains("\n2 of 4 releases are there ("), "{before}");
    assert_snapshot!(errors, @r#"
    error: there is nothing at `manifests/../xunil`
      --> manifests/b-away.toml:16:7
       |
    16 | git = "../xunil"
       |       ^^^^^^^^^^ named here
       = help: expected a git repository or a bundle; a path in a manifest starts from its folder

    error: `COPYNIG` of layer `userspace` matches nothing
      --> manifests/a-broken.toml:34:9
       |
    34 | take = ["COPYNIG"]
       |         ^^^^^^^^^ no such file in source `lustre`
       = note: while making acme/lts-6.12 of manifests/a-broken.toml
       = help: did you mean `COPYING`?

    2 problems
    "#);
    assert!(
        run.stdout.starts_with("FAILED     acme/lts-6.12  `COPYNIG` of layer `userspace` matches nothing\n"),
        "{}",
        run.stdout
    );
    assert_eq!(run.code, 4);
    assert_eq!(
        sandbox.list("dist").iter().filter(|path| !path.contains('/')).collect::<Vec<_>>(),
        ["lustre-2.18.0+k6.12.58", "lustre-2.18.0+k6.18.61"]
    );
    // What was made stays; only the broken ones are due again.
    let due = sandbox.run(&["due"]);
    assert!(due.stdout.starts_with("acme/lts-6.12  ") && !due.stdout.contains("lustre/"), "{}", due.stdout);

    std::fs::remove_file(sandbox.path("manifests/b-away.toml")).expect("a file");
    let run = sandbox.run(&["assemble", "--all", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(run.code, 3);
    assert_eq!(json[0]["exit_code"], 3);
    assert_eq!(json[1]["release"]["was_there"], true);
    assert_eq!(json[2]["release"]["release"]["version"], "2.18.0+k6.18.61");
}

#[test]
fn a_lot_has_the_bytes_of_single_runs() {
    let sandbox = one_line();
    sandbox.write("manifests/lts-6.18.toml", manifest("lustre", "lts-6.18", "6.18", "v6.18.*", ""));
    sandbox.write("manifests/acme.toml", manifest("acme", "lts-6.18", "6.18", "v6.18.*", ""));
    sandbox.run(&["assemble", "--all", "--out", "together", "-j", "3"]).success();
    for name in ["lts-6.12", "lts-6.18", "acme"] {
        sandbox.run(&["assemble", &format!("manifests/{name}.toml"), "--out", "alone"]).success();
    }
    let files = sandbox.list("alone");
    assert_eq!(sandbox.list("together"), files);
    for file in files.iter().filter(|file| file.contains("/")) {
        let read = |folder: &str| std::fs::read(sandbox.path(&format!("{folder}/{file}"))).expect("a file");
        assert_eq!(read("together"), read("alone"), "{file}");
    }
}

#[test]
fn a_chosen_tag_must_be_one_that_the_manifest_leaves_open() {
    use lustre_dist::lock::{Request, Update, lock};
    use lustre_dist::model::{SourceName, SourceText};
    use lustre_dist::source::{Network, Places, Shelf};
    let sandbox = one_line();
    let text = SourceText { name: "lts-6.12.toml".to_owned(), text: sandbox.read("manifests/lts-6.12.toml") };
    let manifest = || {
        let text = SourceText { name: text.name.clone(), text: text.text.clone() };
        lustre_dist::manifest::read(text, sandbox.path("manifests")).expect("a manifest")
    };
    let places = Places {
        cache: sandbox.path("cache"),
        overrides: BTreeMap::new(),
        network: Network::Offline,
        shelf: Shelf::default(),
    };
    let locked = |source: &str, tag: &str| {
        let tags = BTreeMap::from([(SourceName::new(source).expect("a name"), tag.to_owned())]);
        let request = Request {
            places: &places,
            update: Update::Nothing,
            tags,
            frozen: false,
            source_date_epoch: None,
            now: lustre_dist::model::SourceDate(0),
        };
        lock(manifest(), &request)
            .map(|(locked, _)| locked.lock.version)
            .map_err(|failure| failure.to_string())
    };
    assert_eq!(locked("linux", "v6.12.57").as_deref(), Ok("2.18.0+k6.12.57"));
    assert_eq!(locked("lustre", "v2_18_0").as_deref(), Ok("2.18.0+k6.12.58"));
    for (source, tag) in [("linux", "v6.18.61"), ("linux", "v6.12.59-rc1"), ("lustre", "v2_18_1")] {
        assert_eq!(locked(source, tag), Err(format!("the tag `{tag}` is not what the manifest asks for")));
    }
    assert_eq!(locked("linux", "v6.12.60"), Err("source `linux` has no tag `v6.12.60`".to_owned()));
}
