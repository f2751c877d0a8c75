// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `[source.NAME]`.

use super::super::walk::{Fault, Node};
use super::{names, paths};
use crate::manifest::{At, Location, SignaturePolicy, Since, Source, Wanted};
use crate::model::version::TagPattern;
use crate::model::{Problem, SourceName, TagId};

pub(super) fn source(table: &Node<'_>) -> Option<Source> {
    let name = name(table);
    let location = location(table);
    let wanted = wanted(table);
    let tag_object_name = table.parsed("tag-object-name", names::ref_name);
    let tag_object = table.parsed("tag-object", str::parse::<TagId>);
    let tags = table.parsed("tags", TagPattern::parse);
    let on_branch = table.parsed("on-branch", names::ref_name);
    let since = table.parsed("since", |text| match text {
        "previous" => Ok(Since::Previous),
        tag => names::ref_name(tag).map(Since::Tag),
    });
    let signature = table.word("signature", |word| match word {
        "required" => Some(SignaturePolicy::Required),
        "warn" => Some(SignaturePolicy::Warn),
        "none" => Some(SignaturePolicy::None),
        _ => None,
    });
    let keys = table.list("keys", paths::packed);

    if let Some(At { value: Wanted::Pattern(_), .. }) = &wanted {
        for key in ["tag-object-name", "tag-object", "tags"] {
            if let Some(span) = table.key(key) {
                let problem = Problem::new(format!("`{key}` beside a pattern of tags"))
                    .help("name the tag itself, or leave the key out");
                table.walk.report(
                    &span,
                    "says something about one tag, and a pattern may choose another",
                    problem,
                );
            }
        }
    }
    Some(Source {
        name: name?,
        location: location?,
        wanted: wanted?,
        tag_object_name,
        tag_object,
        tags,
        on_branch,
        since,
        signature: signature?,
        keys,
    })
}

fn name(table: &Node<'_>) -> Option<At<SourceName>> {
    let name = table.name?;
    match names::source_name(name.get_ref()) {
        Ok(value) => Some(At { value, span: name.span() }),
        Err(Fault { label, .. }) => {
            let problem = Problem::new(format!("{} is not the name of a source", table.shown()));
            table.walk.report(&name.span(), label, problem);
            None
        }
    }
}

fn location(table: &Node<'_>) -> Option<Location> {
    let git = table.parsed("git", names::repository);
    let mirrors = table.list("mirrors", names::repository);
    let bundle = table.parsed("bundle", names::repository);
    let repeated = mirrors.iter().find(|mirror| git.as_ref().is_some_and(|git| git.value == mirror.value));
    if let Some(mirror) = repeated {
        let problem = Problem::new("a mirror is the same repository as `git`");
        table.walk.report(&mirror.span, "not tried a second time", problem.help("remove it from `mirrors`"));
    }
    git.map(|url| Location::Git { url, mirrors }).or(bundle.map(|path| Location::Bundle { path }))
}

fn wanted(table: &Node<'_>) -> Option<At<Wanted>> {
    let tag = table.parsed("tag", |text| {
        if TagPattern::is_pattern(text) {
            TagPattern::parse(text).map(Wanted::Pattern).map_err(Fault::from)
        } else {
            names::ref_name(text).map(Wanted::Tag)
        }
    });
    let commit = table.parsed("commit", |text| names::object_id(text).map(Wanted::Commit));
    let branch = table.parsed("branch", |text| names::ref_name(text).map(Wanted::Branch));
    let full = table.parsed("ref", |text| names::full_ref(text).map(Wanted::Ref));
    tag.or(commit).or(branch).or(full)
}
