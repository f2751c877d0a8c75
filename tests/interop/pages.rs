// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The web pages in a real Chromium: nothing breaks, nothing needs a script, axe-core finds nothing to
//! mend in them, light and dark, wide and on a phone. The pictures stay in `target/pages/shots`.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::civil::date;
use lustre_dist::kernel;
use lustre_dist::model::{Moniker, Sha256, SourceDate};
use lustre_dist::pages::{self, Page, Published, Site};
use lustre_dist::record::Description;
use lustre_dist::repository::{Catalog, Entry, LineEntry, Listed, Retraction};

use crate::fixture::TITLE;
use crate::{Case, Release};

pub const CASES: &[Case] =
    &[("the pages are whole and accessible in Chromium", &["chromium", "node:playwright-core"], in_chromium)];

/// Where `tests/run` puts the packages of `tests/interop/pages/package.json`.
pub fn packages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages")
}

const LOG: &str = "2026-05-14 Example\n * version 2.18.0\n * Server primary kernels built and tested during release cycle:\n   \
    5.14.0-611.55.1.el9 (RHEL9.7)\n * Client known to build on unpatched kernels:\n   6.12.58 (vanilla kernel.org)\n   \
    5.14.0-611.55.1.el9 (RHEL9.7)\n";

fn in_chromium(release: &Release) {
    let folder = release.sandbox().path("site");
    let mut names = Vec::new();
    for (path, bytes) in site(release) {
        let file = folder.join(&path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(&file, bytes).expect("the page is written");
        if path.ends_with(".html") {
            names.push(path);
        }
    }
    for linked in ["releases.json", "root.json"] {
        std::fs::write(folder.join(linked), "{}").expect("the file is written");
    }
    let shots = packages().join("shots");
    let _ = std::fs::remove_dir_all(&shots);
    std::fs::create_dir_all(&shots).expect("the folder is made");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/pages/check.mjs");
    let mut node = Command::new("node");
    node.current_dir(packages())
        .arg(script)
        .arg(crate::find("chromium").expect("it is needed"))
        .arg(&folder)
        .arg(&shots)
        .args(&names);
    let output = node.output().expect("node runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{failed}");
    assert!(said.contains(&format!("{} looks at {} pages", names.len() * 6, names.len())), "{said}");
}

/// Every kind of page: a line that lives and one that is over, releases that are retracted, previews, of no
/// line, with kernels and without.
fn site(release: &Release) -> Vec<Page> {
    let read = |ending: &str| std::fs::read(release.file(ending)).expect("the record");
    let mut description: Description = serde_json::from_slice(&read("release.json")).expect("a description");
    description.kernels = kernel::top_entry(LOG).map(kernel::Support::from);
    let endings = ["tar", "tar.gz", "tar.xz", "release.json", "SHA256SUMS", "spdx.json", "intoto.json"];
    let records = endings.map(|ending| (ending, read(ending)));
    let files_of = |title: &str| {
        let mut files: Vec<Published> =
            records.iter().map(|(ending, bytes)| published(&format!("{title}.{ending}"), bytes)).collect();
        files.push(published(&format!("{title}.tar.xz.asc"), b"signature"));
        files.push(published(&format!("{title}.SHA256SUMS.asc"), b"signature"));
        files
    };
    let made = Listed {
        entry: Entry {
            name: description.name.clone(),
            version: description.version.parse().expect("a version"),
            line: Some("lts-6.12".into()),
            date: description.source_date,
            identity: description.identity.sha256,
            supports: Some(">=6.1, <6.13".parse().expect("a range")),
            kernels: None,
            retracted: None,
            sums: None,
        },
        length: 1,
        sha256: Sha256::of(b"description"),
    };
    let mut catalog = Catalog::default();
    let mut add = |version: &str, line: Option<&str>, day: u64, retracted: Option<&str>| {
        let mut listed = made.clone();
        listed.entry.version = version.parse().expect("a version");
        listed.entry.line = line.map(str::to_owned);
        listed.entry.date = SourceDate(1_600_000_000 + day * 86_400);
        listed.entry.retracted =
            retracted.map(|reason| Retraction { on: date(2026, 3, 4), reason: reason.to_owned() });
        catalog.releases.insert(listed.entry.title(), listed);
    };
    for patch in 1..20 {
        let retracted = (patch == 7).then_some("It loses <dirty> pages.");
        add(&format!("1.0.0+k6.12.{patch}"), Some("lts-6.12"), 1700 + 20 * patch, retracted);
    }
    add("1.0.1-RC1", Some("mainline"), 2150, None);
    add("0.9.0", Some("lts-5.4"), 900, None);
    add("0.8.0", None, 800, None);
    catalog.releases.insert(made.entry.title(), made.clone());
    let line = |kernel: &str, eol| LineEntry {
        kernel: Some(kernel.parse().expect("a series")),
        moniker: Some(Moniker::Longterm),
        eol: Some(eol),
    };
    catalog.lines.insert("lts-6.12".into(), line("6.12", date(2028, 12, 31)));
    catalog.lines.insert("lts-5.4".into(), line("5.4", date(2025, 12, 31)));
    catalog.public_url = Some("https://releases.example.org".into());
    let site = Site { catalog: &catalog, version: NonZeroU64::MIN, today: date(2026, 11, 23) };
    let changes = "# Changes\n\n## Source lustre: a to b\n\n| layer | commits |\n| --- | ---: |\n| compat | 1 |\n\n### compat\n\n\
        - LU-1 compat: <b>one</b> (A, 2026-01-01) `0123456789ab`\n";
    let files: BTreeMap<String, Vec<Published>> =
        catalog.releases.keys().map(|title| (title.clone(), files_of(title))).collect();
    let of = |listed| pages::Release {
        listed,
        description: &description,
        files: &files[&listed.entry.title()],
        changes: Some(changes),
    };
    let latest: BTreeMap<String, pages::Release> = [
        ("lts-6.12".to_owned(), of(catalog.latest("lts-6.12").expect("one"))),
        ("lts-5.4".to_owned(), of(catalog.latest("lts-5.4").expect("one"))),
    ]
    .into();
    let tarballs = files.values().flatten().map(|file| (file.name.clone(), file.sha256)).collect();
    let mut all: Vec<Page> = pages::assets().into();
    all.push(pages::index(&site, &latest));
    for line in [Some("lts-6.12"), Some("lts-5.4"), None] {
        all.push(pages::line(&site, line, line.and_then(|line| latest.get(line)), &tarballs));
    }
    let some = ["lustre-1.0.0+k6.12.7", "lustre-1.0.1-RC1", "lustre-0.9.0", TITLE]
        .map(|title| &catalog.releases[title]);
    all.extend(some.map(|listed| pages::release(&site, &of(listed))));
    all
}

fn published(name: &str, bytes: &[u8]) -> Published {
    Published { name: name.to_owned(), size: Some(bytes.len() as u64), sha256: Sha256::of(bytes) }
}
