// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Quilt series.

use super::super::{SeriesEntry, parse_series};
use super::told;

#[test]
fn entries_comments_and_strip_levels() {
    let text = "# our patches\n\nlu-1.patch\n  sub/lu#2.patch -p0 # why\nlu-3.diff\t-p2\nlast.patch -p1";
    let entry = |file: &str, strip, line| SeriesEntry { file: file.to_owned(), strip, line };
    let wanted = [
        entry("lu-1.patch", 1, 3),
        entry("sub/lu#2.patch", 0, 4),
        entry("lu-3.diff", 2, 5),
        entry("last.patch", 1, 6),
    ];
    assert_eq!(parse_series("series", text.as_bytes()).unwrap(), wanted);
}

#[test]
fn every_problem_is_told() {
    let text = b"a.patch -R\n../b.patch\n/c.patch\nd.patch -p1 --fuzz=2\ne.patch -px\nf.patch\nf.patch\n\xff.patch\n";
    insta::assert_snapshot!(told(&parse_series("series", text).unwrap_err()), @r#"
    -R, a patch to apply in reverse, is not supported
      --> series:1
      help: Keep the patch in the direction in which it applies.
    the path ../b.patch has a component that is . or ..
      --> series:2
    the path /c.patch is absolute
      --> series:3
    --fuzz=2 is no option of a series; -pN is
      --> series:4
    -px is no option of a series; -pN is
      --> series:5
    f.patch is listed twice, on line 6 and here
      --> series:7
    "\377.patch" is not UTF-8
      --> series:8
    "#);
}

#[test]
fn a_series_without_patches_is_a_problem() {
    insta::assert_snapshot!(told(&parse_series("series", b"# nothing yet\n\n").unwrap_err()), @"
    the series lists no patch
      --> series
    ");
}
