// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist repo rotate-key`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{DaysArgs, status, write};
use crate::cli::Done;
use crate::cli::args::usage;
use crate::cli::clock;
use crate::cli::keeper::{self, KeysArgs};
use crate::cli::screen::Screen;
use crate::model::{Failure, Problem};
use crate::roles::{self, Change, Draft, Head, KeyId, Keys, Lifetimes};

/// Give a role another key, or change what the root asks for, by a new root
///
/// The root is signed with the keys of the old one and of the new one. What the role signed is signed
/// with the old key and the new before, and with the new one alone after, so that readers never see a gap.
/// Without `--role` the new root differs in its date, the threshold and the days alone.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The repository: a folder, or `s3://bucket/folder`
    #[arg(value_name = "URL")]
    at: String,
    /// The role whose key changes; several get the same new key
    #[arg(long, value_enum, value_name = "ROLE")]
    role: Vec<super::Role>,
    /// The key that goes, by its name in the folder or the first digits of its id [default: the only one]
    #[arg(long, value_name = "KEY", requires = "role")]
    old: Vec<String>,
    /// The key that comes, by its name in the folder of keys [default: one that is made there]
    #[arg(long, value_name = "NAME", requires = "role")]
    new: Option<String>,
    /// Only add a key
    #[arg(long, requires = "role", conflicts_with_all = ["old", "remove"])]
    add: bool,
    /// Only remove a key
    #[arg(long, requires = "role", conflicts_with = "new")]
    remove: bool,
    /// How many keys of the root must sign from then on
    #[arg(long, value_name = "M")]
    threshold: Option<u64>,
    /// Write the new root to a file, signed with the keys at hand, and publish nothing: its other holders sign
    /// it with `repo sign-root`
    #[arg(long, value_name = "FILE")]
    draft: Option<PathBuf>,
    #[command(flatten)]
    days: DaysArgs,
    #[command(flatten)]
    keys: KeysArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let store = keeper::open(&args.at)?;
    let mut keys = args.keys.open(&store)?;
    let now = clock::moment()?;
    let head = Head::held(&store, &keys)?;
    if args.draft.is_none() {
        // Before a key is made that nothing would use.
        head.able_root(&keys)?;
    }
    let roles: BTreeSet<roles::Role> = args.role.iter().map(|role| (*role).into()).collect();
    let remove = if args.add { Vec::new() } else { going(args, &roles, &head, &keys)? };
    let add = match (&args.new, args.remove || roles.is_empty()) {
        (_, true) => Vec::new(),
        (Some(name), _) => vec![named(name, &keys)?],
        (None, _) => {
            let name = fresh_name(&roles, &keys);
            let key = keys.make(&name)?.key.clone();
            screen.remark(format_args!("made the key `{name}` in {}", keys.folder().display()));
            vec![key]
        }
    };
    let lifetimes = (!args.days.days.is_empty()).then(|| args.days.over(Lifetimes::of(head.root())));
    let change = Change { roles, add, remove: remove.clone(), threshold: args.threshold, lifetimes };
    let mut draft = Draft::new(&head, &change, now)?;
    draft.sign(&head, &keys)?;
    if let Some(path) = &args.draft {
        write(path, &draft.bytes(), false)?;
        return super::sign_root::tell(&draft, &head, path, args.json, screen);
    }
    let head = draft.publish(&store, &head, &mut keys, now)?;
    super::refresh::derive(&store, &keys, now, screen)?;
    if args.json {
        screen.json(&status::rows(&head, now));
    } else {
        screen.answer(format_args!("{}\n", store.at()));
        status::table(screen, &head, Some(&keys), now);
    }
    for id in &remove {
        let roles: Vec<&str> = head.roles_of(id).into_iter().map(roles::Role::word).collect();
        match (roles.as_slice(), keys.get(id)) {
            ([], Some(signer)) => {
                screen
                    .remark(format_args!("the key `{}` has no role any more: destroy its file", signer.name));
            }
            ([], None) => {}
            (roles, _) => {
                screen.remark(format_args!("the key {} still signs the {}", id.short(), roles.join(" and ")));
            }
        }
    }
    Ok(())
}

/// The keys that go.
fn going(
    args: &Args,
    roles: &BTreeSet<roles::Role>,
    head: &Head,
    keys: &Keys,
) -> Result<Vec<KeyId>, Failure> {
    let Some(role) = roles.first() else { return Ok(Vec::new()) };
    let has: Vec<KeyId> = head.keys(*role).into_iter().map(|(id, _)| id).collect();
    let list = |problem: Problem| {
        has.iter().fold(problem, |problem, id| {
            let name = keys.get(id).map_or("not in the folder of keys", |signer| &signer.name);
            problem.note(format!("{}: {name}", id.short()))
        })
    };
    if args.old.is_empty() {
        let [only] = has.as_slice() else {
            let problem = Problem::new(format!("the {role} has {} keys: which one goes?", has.len()));
            return Err(usage(list(problem).help("name it with `--old KEY`, or add one with `--add`")));
        };
        return Ok(vec![only.clone()]);
    }
    let find = |text: &String| {
        let by_name = keys.named(text).map(|signer| &signer.id);
        let mut found = has.iter().filter(|id| by_name == Some(*id) || id.to_string().starts_with(text));
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id.clone()),
            _ => Err(usage(list(Problem::new(format!("`{text}` names no one key of the {role}"))))),
        }
    };
    args.old.iter().map(find).collect()
}

fn named(name: &str, keys: &Keys) -> Result<tough::schema::key::Key, Failure> {
    keys.named(name).map(|signer| signer.key.clone()).ok_or_else(|| {
        let all: Vec<&str> = keys.iter().map(|signer| signer.name.as_str()).collect();
        let problem = Problem::new(format!("there is no key `{name}` in `{}`", keys.folder().display()));
        usage(problem.note(format!("it has {}", all.join(", "))))
    })
}

/// A name for a new key that no file has: `targets-2`.
fn fresh_name(roles: &BTreeSet<roles::Role>, keys: &Keys) -> String {
    let words: Vec<&str> = roles.iter().map(|role| role.word()).collect();
    let base = match words.as_slice() {
        ["snapshot", "timestamp"] => "online".to_owned(),
        words => words.join("-"),
    };
    let free = |number: &u32| keys.named(&format!("{base}-{number}")).is_none();
    let first = if base == "root" { 1 } else { 2 };
    let number = (first..).find(free).unwrap_or(first);
    format!("{base}-{number}")
}
