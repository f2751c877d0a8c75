// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist repo sign-root`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{read, status, write};
use crate::cli::Done;
use crate::cli::clock;
use crate::cli::keeper::{self, KeysArgs};
use crate::cli::screen::Screen;
use crate::roles::{Draft, Head, Lack};

/// Add signatures to the draft of a root that `repo rotate-key --draft` wrote
///
/// Each holder signs in turn; the last one, or whoever has the keys of the roles that change, publishes it. A
/// holder without a network signs beside a copy of the repository's `metadata` folder.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The repository, or a folder with a copy of its `metadata`
    #[arg(value_name = "URL")]
    at: String,
    /// The draft
    #[arg(value_name = "FILE")]
    draft: PathBuf,
    /// Make it the repository's root when it has all signatures
    #[arg(long)]
    publish: bool,
    #[command(flatten)]
    keys: KeysArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    draft: String,
    root: u64,
    lacks: Vec<LackRow>,
}

#[derive(Serialize)]
struct LackRow {
    of_root: u64,
    have: u64,
    need: u64,
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let store = keeper::open(&args.at)?;
    let mut keys = args.keys.open(&store)?;
    let now = clock::moment()?;
    let head = Head::held(&store, &keys)?;
    let mut draft = Draft::read(&read(&args.draft)?, &args.draft.display().to_string())?;
    let added = draft.sign(&head, &keys)?;
    if added > 0 {
        write(&args.draft, &draft.bytes(), true)?;
    }
    screen.remark(match added {
        0 => "added no signature".to_owned(),
        1 => "added 1 signature".to_owned(),
        added => format!("added {added} signatures"),
    });
    if !args.publish {
        return tell(&draft, &head, &args.draft, args.json, screen);
    }
    let head = draft.publish(&store, &head, &mut keys, now)?;
    super::refresh::derive(&store, &keys, now, screen)?;
    if args.json {
        screen.json(&status::rows(&head, now));
        return Ok(());
    }
    screen.answer(format_args!("{}\n", store.at()));
    status::table(screen, &head, Some(&keys), now);
    Ok(())
}

/// What a draft still needs.
pub(super) fn tell(draft: &Draft, head: &Head, path: &Path, json: bool, screen: &Screen) -> Done {
    let lacks = draft.lacks(head);
    if json {
        let row = |lack: &Lack| LackRow { of_root: lack.root, have: lack.have, need: lack.need };
        let lacks = lacks.iter().map(row).collect();
        screen.json(&Answer { draft: path.display().to_string(), root: draft.version(), lacks });
        return Ok(());
    }
    screen.answer(format_args!("{}  root {}\n", path.display(), draft.version()));
    for Lack { root, have, need } in &lacks {
        screen.answer(format_args!("  signed by {have} of {need} keys of root {root}\n"));
    }
    screen.answer(match lacks.is_empty() {
        true => "  has all signatures: `lustre-dist repo sign-root URL FILE --publish`\n",
        false => "  its other holders sign it with `lustre-dist repo sign-root URL FILE`\n",
    });
    Ok(())
}
