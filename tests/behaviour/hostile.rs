// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Trees that no git would write, and links that lead astray.

use crate::runner::{Sandbox, manifest};

/// A sandbox, and the ids of a blob and of a tree with one file.
fn sandbox() -> (Sandbox, String, String) {
    let sandbox = Sandbox::with_lustre();
    let blob = sandbox.object("lustre", "blob", b"content\n");
    let tree = sandbox.tree("lustre", &[("100644", b"file", &blob)]);
    (sandbox, blob, tree)
}

/// Tags each tree in turn; collects what the program says of it.
fn refusals(sandbox: &Sandbox, trees: &[(&str, String)], code: i32) -> String {
    let mut said = String::new();
    for (what, tree) in trees {
        sandbox.tag_tree("lustre", tree);
        said.push_str(&format!("--- {what}\n{}", sandbox.refused(&[], code)));
    }
    said
}

#[test]
fn hostile_names_are_refused() {
    let (sandbox, blob, tree) = sandbox();
    let file = |name: &[u8]| sandbox.tree("lustre", &[("100644", name, &blob), ("100644", b"zz", &blob)]);
    let folder = |name: &[u8]| sandbox.tree("lustre", &[("40000", name, &tree), ("100644", b"zz", &blob)]);
    let trees = [
        ("..", file(b"..")),
        ("../", folder(b"..")),
        (".", folder(b".")),
        (".git", folder(b".git")),
        (".GIT", file(b".GIT")),
        ("git~1", folder(b"GIT~1")),
        ("HFS .git", folder(".g\u{200c}it".as_bytes())),
        ("a/b", file(b"a/b")),
        ("/etc/passwd", file(b"/etc/passwd")),
        ("empty", file(b"")),
        ("newline", file(b"a\nb")),
        ("escape", file(b"a\x1b[31mb")),
        ("DEL", file(b"a\x7fb")),
        ("backslash", file(b"..\\a")),
        ("latin-1", file(b"caf\xe9")),
        ("latin-1 folder", folder(b"caf\xe9")),
    ];
    insta::assert_snapshot!(refusals(&sandbox, &trees, 4), @r"
    --- ..
    error: the entry `..` has a `.` or `..` component
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- ../
    error: the entry `..` has a `.` or `..` component
     = note: object 07753f428765ac1afe2020b24e40785869bd4a85
     = note: source `lustre` (lustre)
    --- .
    error: the entry `.` has a `.` or `..` component
     = note: object 07753f428765ac1afe2020b24e40785869bd4a85
     = note: source `lustre` (lustre)
    --- .git
    error: the entry `.git` has a `.git` component
     = note: object 07753f428765ac1afe2020b24e40785869bd4a85
     = note: source `lustre` (lustre)
    --- .GIT
    error: the entry `.GIT` has a `.git` component
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- git~1
    error: the entry `GIT~1` has a `.git` component
     = note: object 07753f428765ac1afe2020b24e40785869bd4a85
     = note: source `lustre` (lustre)
    --- HFS .git
    error: the entry `.g\u{200c}it` has a `.git` component
     = note: object 07753f428765ac1afe2020b24e40785869bd4a85
     = note: source `lustre` (lustre)
    --- a/b
    error: the entry `a/b` has a `/` in its name
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- /etc/passwd
    error: the entry `/etc/passwd` has a `/` in its name
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- empty
    error: the entry `` has an empty component
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- newline
    error: the entry `a\u{a}b` holds a control character
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- escape
    error: the entry `a\u{1b}[31mb` holds a control character
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- DEL
    error: the entry `a\u{7f}b` holds a control character
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- backslash
    error: the entry `..\a` holds a backslash
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- latin-1
    error: the entry `caf�` has a name that is not UTF-8
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- latin-1 folder
    error: the entry `caf�` has a name that is not UTF-8
     = note: object 07753f428765ac1afe2020b24e40785869bd4a85
     = note: source `lustre` (lustre)
    ");
}

#[test]
fn names_twice_or_out_of_order_are_refused() {
    let (sandbox, blob, tree) = sandbox();
    let other = sandbox.object("lustre", "blob", b"other\n");
    let trees = [
        ("twice", sandbox.tree("lustre", &[("100644", b"a", &blob), ("100644", b"a", &other)])),
        ("file and folder", sandbox.tree("lustre", &[("100644", b"a", &blob), ("40000", b"a", &tree)])),
        (
            "file and folder apart",
            sandbox.tree(
                "lustre",
                &[("100644", b"a", &blob), ("100644", b"a-b", &blob), ("40000", b"a", &tree)],
            ),
        ),
        ("unsorted", sandbox.tree("lustre", &[("100644", b"b", &blob), ("100644", b"a", &blob)])),
        (
            "folder sorted as a file",
            sandbox.tree("lustre", &[("40000", b"a", &tree), ("100644", b"a-b", &blob)]),
        ),
    ];
    insta::assert_snapshot!(refusals(&sandbox, &trees, 4), @"
    --- twice
    error: the entry `a` is twice in the tree 514ef81950be92f730dce179163722c66094268c
     = note: object e45c9c2666d44e0327c1f9c239a74c508336053e
     = note: source `lustre` (lustre)
    --- file and folder
    error: the entry `a` is twice in the tree c02b773313a4e1169b8fe3c2e8525f20b64bc5b8
     = note: object 07753f428765ac1afe2020b24e40785869bd4a85
     = note: source `lustre` (lustre)

    error: `a` is a file and a directory at once
     = note: the file is layer `userspace`, `a` of source `lustre`
     = help: give one of the takes another `to`, or exclude one of them

    2 problems
    --- file and folder apart
    error: the entry `a` is twice in the tree 6080fedd6dcc1b58f7c14086e1a9b95cf6c8942d
     = note: object 07753f428765ac1afe2020b24e40785869bd4a85
     = note: source `lustre` (lustre)

    error: `a` is a file and a directory at once
     = note: the file is layer `userspace`, `a` of source `lustre`
     = help: give one of the takes another `to`, or exclude one of them

    2 problems
    --- unsorted
    error: the entry `a` is out of order in the tree e0d6f890ed7d264cbb9d3793d9458b3eacdd2cb1
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- folder sorted as a file
    error: the entry `a-b` is out of order in the tree 5c47a8d5ab50500d8548401068393edc59d3c80f
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    ");
    // In git's order, and fine.
    let fine = sandbox
        .tree("lustre", &[("100644", b"a-b", &blob), ("40000", b"a", &tree), ("100644", b"a0", &blob)]);
    sandbox.tag_tree("lustre", &fine);
    sandbox.identity(&[]);
}

#[test]
fn odd_modes_are_refused() {
    let (sandbox, blob, tree) = sandbox();
    let with =
        |mode: &str, id: &str| sandbox.tree("lustre", &[("100644", b"file", &blob), (mode, b"odd", id)]);
    let trees = [
        ("100664", with("100664", &blob)),
        ("100600", with("100600", &blob)),
        ("104755", with("104755", &blob)),
        ("120777", with("120777", &blob)),
        ("60644", with("60644", &blob)),
        ("10644", with("10644", &blob)),
        ("0", with("0", &blob)),
        ("644", with("644", &blob)),
        ("40755", with("40755", &tree)),
        ("40000 on a blob", with("40000", &blob)),
        ("16 bits and more", with("300644", &blob)),
        ("not octal", with("10o644", &blob)),
        ("seven digits", with("1100644", &blob)),
        ("eight digits", with("21100644", &blob)),
        ("no mode", with("", &blob)),
    ];
    insta::assert_snapshot!(refusals(&sandbox, &trees, 4), @r"
    --- 100664
    error: the entry `odd` has the mode 100664; 100644, 100755 and 120000 can be released
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- 100600
    error: the entry `odd` has the mode 100600; 100644, 100755 and 120000 can be released
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- 104755
    error: the entry `odd` has the mode 104755; 100644, 100755 and 120000 can be released
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- 120777
    error: the entry `odd` has the mode 120777; 100644, 100755 and 120000 can be released
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- 60644
    error: the entry `odd` has the mode 060644; 100644, 100755 and 120000 can be released
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- 10644
    error: the entry `odd` has the mode 010644; 100644, 100755 and 120000 can be released
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- 0
    error: the entry `odd` has the mode 000000; 100644, 100755 and 120000 can be released
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- 644
    error: the entry `odd` has the mode 000644; 100644, 100755 and 120000 can be released
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- 40755
    error: the entry `odd` has the mode 040755; 100644, 100755 and 120000 can be released
     = note: object 07753f428765ac1afe2020b24e40785869bd4a85
     = note: source `lustre` (lustre)
    --- 40000 on a blob
    error: the entry `odd` is the tree d95f3ad14dee633a758d2e331151e950dd13e4ed, which is a blob
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- 16 bits and more
    error: the entry `odd` has the mode 300644; 100644, 100755 and 120000 can be released
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- not octal
    error: the entry `.` is the tree 7fb7ef4b806855e7d0a069e1099b028e31c1e52a, which cannot be decoded
     = note: object 7fb7ef4b806855e7d0a069e1099b028e31c1e52a
     = note: source `lustre` (lustre)
    --- seven digits
    error: the entry `odd` has the mode 1100644; 100644, 100755 and 120000 can be released
     = note: object d95f3ad14dee633a758d2e331151e950dd13e4ed
     = note: source `lustre` (lustre)
    --- eight digits
    error: the entry `.` is the tree 17836a4082ef14ec7400b06d8c09a27ad26ddf8b, which cannot be decoded
     = note: object 17836a4082ef14ec7400b06d8c09a27ad26ddf8b
     = note: source `lustre` (lustre)
    --- no mode
    error: the entry `.` is the tree 64d85d996694a22c2253d4d765bdf5454ce2fe9a, which cannot be decoded
     = note: object 64d85d996694a22c2253d4d765bdf5454ce2fe9a
     = note: source `lustre` (lustre)
    ");
    // A mode says nothing of the object, which is read as a file.
    sandbox.tag_tree("lustre", &with("100644", &tree));
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r"
    error: `odd` cannot be released
     = note: blob 07753f428765ac1afe2020b24e40785869bd4a85 is a tree
     = note: source `lustre` (lustre)
    ");
    sandbox.tag_tree("lustre", &with("120000", &tree));
    let said = sandbox.run(&["assemble", "m.toml"]);
    assert!([3, 4].contains(&said.code) && said.stderr.contains("is a tree"), "{}", said.stderr);
}

#[test]
fn a_folder_that_git_descends_into_is_never_skipped() {
    let (sandbox, _, tree) = sandbox();
    sandbox.write("m.toml", manifest("").replace("from = \".\"", "from = \"**/file\""));
    for (mode, name) in [("40755", &b"odd"[..]), ("40000", b"caf\xe9")] {
        let root = sandbox.tree("lustre", &[("40000", b"a", &tree), (mode, name, &tree)]);
        sandbox.tag_tree("lustre", &root);
        sandbox.refused(&[], 4);
    }
    // Where nothing below could be taken, it is nobody's business.
    sandbox.write("m.toml", manifest("").replace("from = \".\"", "from = \"a/\""));
    sandbox.identity(&[]);
}

#[test]
fn a_submodule_is_refused_where_it_is_taken() {
    let (sandbox, blob, tree) = sandbox();
    let commit = sandbox.git("lustre", &["rev-parse", "HEAD"]);
    let root = sandbox.tree(
        "lustre",
        &[("100644", b"COPYING", &blob), ("40000", b"d", &tree), ("160000", b"sub", &commit)],
    );
    sandbox.tag_tree("lustre", &root);
    insta::assert_snapshot!(sandbox.refused(&[], 4), @r"
    error: the entry `sub` is a submodule, whose files are in another repository: give that its own source
     = note: object 9e379b62e9a0888330880ee0f959569a3e4a5e00
     = note: source `lustre` (lustre)
    ");
    sandbox.write("m.toml", manifest("").replace("from = \".\"", "from = \"COPYING\""));
    sandbox.identity(&[]);
}

#[test]
fn a_submodule_can_be_excluded() {
    let (sandbox, blob, _) = sandbox();
    let commit = sandbox.git("lustre", &["rev-parse", "HEAD"]);
    let root = sandbox.tree("lustre", &[("100644", b"COPYING", &blob), ("160000", b"sub", &commit)]);
    sandbox.tag_tree("lustre", &root);
    sandbox.write("m.toml", manifest("exclude = [{ glob = \"sub\", reason = \"elsewhere\" }]"));
    sandbox.identity(&[]);
}

#[test]
fn deep_and_wide_trees_end() {
    let (sandbox, blob, _) = sandbox();
    let nest = |depth: usize| {
        let mut tree = sandbox.tree("lustre", &[("100644", b"file", &blob)]);
        for _ in 0..depth {
            tree = sandbox.tree("lustre", &[("40000", b"d", &tree)]);
        }
        tree
    };
    sandbox.tag_tree("lustre", &nest(100));
    sandbox.identity(&[]);
    sandbox.tag_tree("lustre", &nest(1000));
    let said = sandbox.refused(&[], 4);
    assert!(said.contains("nests deeper than 512 directories"), "{said}");

    // Three small trees that are ten million files.
    let names: Vec<String> = (0..1000).map(|n| format!("{n:03}")).collect();
    let wide = |mode: &'static str, id: &str, count: usize| {
        let entries: Vec<_> = names[..count].iter().map(|name| (mode, name.as_bytes(), id)).collect();
        sandbox.tree("lustre", &entries)
    };
    let tree = wide("40000", &wide("40000", &wide("100644", &blob, 1000), 100), 100);
    sandbox.tag_tree("lustre", &tree);
    // Nothing of it is taken but one file: the rest is not looked at.
    sandbox.write("m.toml", manifest("").replace("from = \".\"", "from = \"001/002/003\""));
    sandbox.identity(&[]);
    sandbox.write("m.toml", manifest("").replace("from = \".\"", "from = \"**/nothing\""));
    let said = sandbox.refused(&[], 4);
    assert!(said.contains("one entry more than 1000000"), "{said}");
}

#[test]
fn links_that_lead_astray_are_refused() {
    let (sandbox, blob, tree) = sandbox();
    let link = |target: &str| sandbox.object("lustre", "blob", target.as_bytes());
    let root = |links: &[(&str, &str)]| {
        let ids: Vec<_> = links.iter().map(|(name, target)| (*name, link(target))).collect();
        let mut entries: Vec<(&str, &[u8], &str)> =
            ids.iter().map(|(name, id)| ("120000", name.as_bytes(), id.as_str())).collect();
        entries.push(("40000", b"d", &tree));
        entries.push(("100644", b"file", &blob));
        entries.sort_by_key(|(_, name, _)| name.to_vec());
        sandbox.tree("lustre", &entries)
    };
    let trees = [
        ("absolute", root(&[("a", "/etc/passwd")])),
        ("escaping", root(&[("a", "../outside")])),
        ("escaping in the middle", root(&[("a", "d/../../x/file")])),
        ("dangling", root(&[("a", "nowhere")])),
        ("itself", root(&[("a", "a")])),
        ("in a ring", root(&[("a", "b"), ("b", "c"), ("c", "a")])),
        ("through a link out", root(&[("a", "b/x"), ("b", "..")])),
        ("empty", root(&[("a", "")])),
        ("with a newline", root(&[("a", "fi\nle")])),
        ("with a NUL", root(&[("a", "fi\0le")])),
    ];
    insta::assert_snapshot!(refusals(&sandbox, &trees, 3), @r#"
    --- absolute
    error: the link `a` is absolute
     = note: it points at `/etc/passwd`
     = note: layer `userspace`, `a` of source `lustre`
     = help: exclude it: it leads to another place on each machine
    --- escaping
    error: the link `a` leaves the tarball
     = note: it points at `../outside`
     = note: layer `userspace`, `a` of source `lustre`
     = help: exclude it
    --- escaping in the middle
    error: the link `a` leaves the tarball
     = note: it points at `d/../../x/file`
     = note: layer `userspace`, `a` of source `lustre`
     = help: exclude it
    --- dangling
    error: the link `a` leads nowhere: `nowhere` is not in the tarball
     = note: it points at `nowhere`
     = note: layer `userspace`, `a` of source `lustre`
     = help: take its target, exclude it, or name it in `[allow] dangling-links = ["a"]`
    --- itself
    error: the link `a` leads back to itself
     = note: it points at `a`
     = note: layer `userspace`, `a` of source `lustre`
     = help: exclude it
    --- in a ring
    error: the link `a` leads back to itself
     = note: it points at `b`
     = note: layer `userspace`, `a` of source `lustre`
     = help: exclude it

    error: the link `b` leads back to itself
     = note: it points at `c`
     = note: layer `userspace`, `b` of source `lustre`
     = help: exclude it

    error: the link `c` leads back to itself
     = note: it points at `a`
     = note: layer `userspace`, `c` of source `lustre`
     = help: exclude it

    3 problems
    --- through a link out
    error: the link `a` leaves the tarball
     = note: it points at `b/x`
     = note: layer `userspace`, `a` of source `lustre`
     = help: exclude it

    error: the link `b` leaves the tarball
     = note: it points at `..`
     = note: layer `userspace`, `b` of source `lustre`
     = help: exclude it

    2 problems
    --- empty
    error: the link `a` has no target
     = note: source `lustre`
     = note: blob e69de29bb2d1d6434b8b29ae775ad8c2e48c5391
     = help: exclude it
    --- with a newline
    error: the target of the link `a` holds control characters or is not UTF-8
     = note: source `lustre`
     = note: blob 029801b8768a0a68e128009ce6a1059ad9bf53a7
     = help: exclude it
    --- with a NUL
    error: the target of the link `a` holds control characters or is not UTF-8
     = note: source `lustre`
     = note: blob f020b4f4efca3ffdb6799c7bc373459c522e7fc8
     = help: exclude it
    "#);

    let not_utf8 = sandbox.object("lustre", "blob", b"caf\xe9");
    sandbox.tag_tree("lustre", &sandbox.tree("lustre", &[("120000", b"a", &not_utf8)]));
    insta::assert_snapshot!(sandbox.refused(&[], 3), @"
    error: the target of the link `a` holds control characters or is not UTF-8
     = note: source `lustre`
     = note: blob d3ae608677238b6df90c87efb3afae7c367c732a
     = help: exclude it
    ");

    for fine in [
        &[("a", "file")][..],
        &[("a", "d")],
        &[("a", "d/file")],
        &[("a", "d/../file")],
        &[("a", "b/file"), ("b", "d")],
        &[("a", "b"), ("b", "c"), ("c", "file")],
        &[("a", "./d/./file")],
    ] {
        sandbox.tag_tree("lustre", &root(fine));
        sandbox.identity(&[]);
    }
}
