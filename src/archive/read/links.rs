// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where symbolic links lead, once every member is known: never out of the tarball, and not in a
//! circle.

use super::Dangling;
use super::names::{Names, What};

/// A link of the tarball.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) index: usize,
    pub(super) offset: u64,
    pub(super) path: String,
    pub(super) target: String,
}

/// How many links one path may pass through, as in `path_resolution(7)`.
const MOST: usize = 40;

/// How many components all links together may walk through. Links through links multiply: a hundred
/// thousand of them could keep a reader busy for hours.
const STEPS: usize = 1_000_000;

/// Where a link leads.
#[derive(Debug, PartialEq, Eq)]
enum Lead {
    There,
    Nowhere(String),
    Wrong(&'static str),
}

/// Follows every link, and tells those that are wrong, at most that many: which, and what it does.
pub(super) fn check(
    links: &[Link],
    names: &Names,
    most: usize,
) -> (Vec<Dangling>, Vec<(usize, &'static str)>) {
    let targets: std::collections::HashMap<&str, &str> =
        links.iter().map(|link| (link.path.as_str(), link.target.as_str())).collect();
    let mut steps = STEPS;
    let mut dangling = Vec::new();
    let mut wrong = Vec::new();
    for (nth, link) in links.iter().enumerate() {
        match lead(link, &targets, names, &mut steps) {
            Lead::There => {}
            Lead::Nowhere(to) => dangling.push(Dangling { path: link.path.clone(), to }),
            Lead::Wrong(what) => wrong.push((nth, what)),
        }
        if steps == 0 || wrong.len() >= most {
            break;
        }
    }
    (dangling, wrong)
}

fn lead(
    link: &Link,
    targets: &std::collections::HashMap<&str, &str>,
    names: &Names,
    steps: &mut usize,
) -> Lead {
    let mut at = link.path.clone();
    up(&mut at);
    // What is still to be walked: the rest of each target, the innermost last.
    let mut rest: Vec<&str> = vec![&link.target];
    let mut followed = 0;
    while let Some(path) = rest.pop() {
        if path.starts_with('/') {
            return Lead::Wrong("leads out of the tarball: it is absolute");
        }
        let (component, behind) = path.split_once('/').unwrap_or((path, ""));
        let behind = behind.trim_start_matches('/');
        if !behind.is_empty() {
            rest.push(behind);
        }
        *steps -= 1;
        if *steps == 0 {
            return Lead::Wrong("and those before it lead through too many others to be followed");
        }
        match component {
            "" | "." => continue,
            ".." if at.is_empty() => return Lead::Wrong("leads out of the tarball"),
            ".." => {
                up(&mut at);
                continue;
            }
            _ => {
                if !at.is_empty() {
                    at.push('/');
                }
                at.push_str(component);
            }
        }
        if names.get(&at) == Some(What::Link)
            && let Some(target) = targets.get(at.as_str())
        {
            followed += 1;
            if followed > MOST {
                return Lead::Wrong("leads back to itself, or through more than 40 others");
            }
            up(&mut at);
            rest.push(target);
        }
    }
    if names.get(&at).is_some() { Lead::There } else { Lead::Nowhere(at) }
}

/// Takes the last component away.
fn up(path: &mut String) {
    path.truncate(path.rfind('/').unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(links: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let mut names = Names::default();
        for directory in ["", "a", "a/b"] {
            names.add(directory, What::Directory, &mut Vec::new());
        }
        names.add("a/file", What::File, &mut Vec::new());
        let links: Vec<Link> = links
            .iter()
            .enumerate()
            .map(|(index, (path, target))| {
                names.add(path, What::Link, &mut Vec::new());
                Link { index, offset: 0, path: (*path).to_owned(), target: (*target).to_owned() }
            })
            .collect();
        let (dangling, wrong) = check(&links, &names, 100);
        (
            dangling.into_iter().map(|link| format!("{} -> {}", link.path, link.to)).collect(),
            wrong.into_iter().map(|(nth, what)| format!("{}: {what}", links[nth].path)).collect(),
        )
    }

    #[test]
    fn links_inside_are_followed() {
        let (dangling, wrong) = leads(&[
            ("1", "a/file"),
            ("2", "a/b/../file"),
            ("3", "a/b/"),
            ("4", "."),
            ("5", "3/..//./file"),
            ("6", "missing/x"),
            ("7", "missing/../a"),
        ]);
        assert_eq!(dangling, ["6 -> missing/x"]);
        assert_eq!(wrong, [""; 0]);
    }

    #[test]
    fn links_that_leave_or_turn_in_circles_are_told() {
        let (_, wrong) = leads(&[
            ("a/1", "../../etc"),
            ("a/2", "/etc"),
            ("a/3", "b/../../.."),
            ("a/b/out", "../.."),
            // What looks like the inside is the outside, once a link on the way is followed.
            ("out", "a/b/out/../x"),
            ("self", "self"),
            ("x", "y"),
            ("y", "x"),
        ]);
        assert_eq!(
            wrong,
            [
                "a/1: leads out of the tarball",
                "a/2: leads out of the tarball: it is absolute",
                "a/3: leads out of the tarball",
                "out: leads out of the tarball",
                "self: leads back to itself, or through more than 40 others",
                "x: leads back to itself, or through more than 40 others",
                "y: leads back to itself, or through more than 40 others",
            ]
        );
    }

    #[test]
    fn entangled_links_end_in_time() {
        let target = "a/b/../../".repeat(400);
        let links: Vec<(String, String)> =
            (0..20_000).map(|nth| (format!("l{nth}"), format!("{target}l{}", nth + 1))).collect();
        let links: Vec<(&str, &str)> =
            links.iter().map(|(path, target)| (path.as_str(), target.as_str())).collect();
        let (_, wrong) = leads(&links);
        assert!(wrong.last().is_some_and(|last| last.ends_with("too many others to be followed")));
    }
}
