// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A repository for tests of those who read one: in `repo/`, with its keys in `keys/`.

use std::collections::BTreeMap;
use std::fs;

use jiff::Timestamp;
use lustre_dist::kernel;
use lustre_dist::model::{Sha256, SourceDate};
use lustre_dist::record::{Description, Names};
use lustre_dist::repository::{Catalog, Entry, KernelTables, LineEntry, Listed, Retraction, layout};
use lustre_dist::roles::{self, Change, Draft, Freshness, Head, Keys, Lifetimes, Role, Terms};
use lustre_dist::store::Store;

use crate::runner::{Sandbox, manifest};

/// The sandbox's noon.
pub const NOW: &str = "2026-11-23T12:00:00Z";

pub struct Vendor<'s> {
    pub sandbox: &'s Sandbox,
    store: Store,
    keys: Keys,
    pub catalog: Catalog,
}

impl<'s> Vendor<'s> {
    /// An empty repository.
    pub fn new(sandbox: &'s Sandbox) -> Self {
        let store = Store::open(&sandbox.path("repo").to_string_lossy(), &BTreeMap::new()).expect("a store");
        fs::create_dir_all(sandbox.path("keys")).expect("a folder");
        let mut keys = Keys::open(&sandbox.path("keys")).expect("a folder of keys");
        let terms =
            Terms { lifetimes: Lifetimes { timestamp: 7, ..Lifetimes::default() }, ..Terms::default() };
        roles::init(&store, &mut keys, &terms, NOW.parse().expect("a time")).expect("a repository");
        fs::create_dir_all(sandbox.path("lustre")).expect("a folder");
        sandbox.git("lustre", &["init", "--quiet", "--initial-branch=master", "."]);
        Self { sandbox, store, keys, catalog: Catalog::default() }
    }

    /// The same with 2.15.8 and 2.17.0, of the lines `lts-6.6` and `lts-6.12`.
    pub fn usual(sandbox: &'s Sandbox) -> Self {
        let mut vendor = Self::new(sandbox);
        vendor.release("2.15.8", Some("lts-6.6"));
        vendor.release("2.17.0", Some("lts-6.12"));
        vendor.publish();
        vendor
    }

    /// Makes a release with the program and puts its files in place; it is not published yet.
    pub fn release(&mut self, version: &str, line: Option<&str>) -> String {
        let sandbox = self.sandbox;
        let tag = format!("v{}", version.replace('.', "_"));
        // Enough that a part of the tarball is worth something.
        let noise = crate::fixture::noise(300_000, version.len() as u64);
        sandbox.write("lustre/noise", noise);
        sandbox.commit(
            "lustre",
            &[("COPYING", "GPL\n"), ("VERSION", version)],
            &format!("LU-1 start: {version}"),
        );
        sandbox.git("lustre", &["tag", "--annotate", "--message", version, &tag]);
        let more = line.map_or_else(String::new, |line| {
            let series = line.trim_start_matches("lts-");
            format!("[line]\nid = \"{line}\"\nkernel = \"{series}\"\nsupports = \">=4.18, <7.1\"\n")
        });
        let text = manifest(&more)
            .replace("2.17.57", version)
            .replace("v2_17_57", &tag)
            .replace("[\"tar.gz\"]", "[\"tar\", \"tar.gz\", \"tar.zst\", \"tar.xz\"]");
        let file = format!("m-{version}.toml");
        sandbox.write(&file, text);
        sandbox.run(&["--quiet", "assemble", &file, "--source", "lustre=lustre", "--out", "dist"]).success();
        let title = format!("lustre-{version}");
        self.put(&title, line);
        title
    }

    fn put(&mut self, title: &str, line: Option<&str>) {
        let names = Names::new(title);
        let from = self.sandbox.path(&format!("dist/{title}"));
        let to = self.sandbox.path(&format!("repo/{}", layout::folder(line)));
        fs::create_dir_all(&to).expect("a folder");
        for entry in fs::read_dir(&from).expect("a release").flatten() {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
        }
        let bytes = fs::read(from.join(names.description())).expect("a description");
        let description: Description = serde_json::from_slice(&bytes).expect("a description");
        let sha256 = Sha256::of(&bytes);
        self.sandbox.write(&format!("repo/{}", layout::target(&sha256, &names.description())), &bytes);
        let entry = Entry {
            name: description.name.clone(),
            version: description.version.parse().expect("a version"),
            line: line.map(str::to_owned),
            date: description.source_date,
            identity: description.identity.sha256,
            supports: line.map(|_| ">=4.18, <7.1".parse().expect("a range")),
            kernels: None,
            sums: Some(Sha256::of(&fs::read(from.join(names.sums())).expect("checksums"))),
            retracted: None,
        };
        self.catalog.releases.insert(title.to_owned(), Listed { entry, length: bytes.len() as u64, sha256 });
        if let Some(line) = line {
            let kernel = line.trim_start_matches("lts-").parse().ok();
            let moniker = Some(lustre_dist::model::Moniker::Longterm);
            self.catalog.lines.insert(line.to_owned(), LineEntry { kernel, moniker, eol: None });
        }
    }

    /// Says which kernels a release was tested on.
    pub fn tested_on(&mut self, title: &str, kernels: &str) {
        let log = format!(
            "2025-12-29 Example\n * version 2.17.0\n * Client primary kernels built and tested during \
             release cycle:\n   {kernels}\n"
        );
        let mut tables = KernelTables::default();
        let key = tables.add(kernel::top_entry(&log).expect("an entry").into());
        let bytes = tables.to_bytes();
        let sha256 = Sha256::of(&bytes);
        self.sandbox.write(&format!("repo/{}", layout::target(&sha256, layout::KERNELS)), &bytes);
        self.catalog.kernels = Some((bytes.len() as u64, sha256));
        self.catalog.releases.get_mut(title).expect("a release").entry.kernels = Some(key);
    }

    pub fn retract(&mut self, title: &str, reason: &str) {
        let entry = &mut self.catalog.releases.get_mut(title).expect("a release").entry;
        entry.retracted = Some(Retraction { on: jiff::civil::date(2026, 11, 1), reason: reason.to_owned() });
    }

    /// Releases that there is nothing of but what the metadata says.
    #[allow(dead_code, reason = "for the benchmark")]
    pub fn fill(&mut self, count: usize) {
        for nth in 0..count {
            let version = format!("2.14.{}+k6.{}.{}", nth % 40, nth / 40 + 1, nth % 97 + 1);
            let entry = Entry {
                name: "lustre".into(),
                version: version.parse().expect("a version"),
                line: Some("lts-5.10".into()),
                date: SourceDate(1_700_000_000 + nth as u64),
                identity: Sha256::of(version.as_bytes()),
                supports: Some(">=4.18, <6.1".parse().expect("a range")),
                kernels: None,
                sums: Some(Sha256::of(version.as_bytes())),
                retracted: None,
            };
            let listed = Listed { length: 4000, sha256: Sha256::of(version.as_bytes()), entry };
            self.catalog.releases.insert(listed.entry.title(), listed);
        }
    }

    fn head(&self) -> Head {
        Head::read(&self.store, self.keys.pinned(), Freshness::At(now())).expect("a head")
    }

    /// Makes the catalog the repository's.
    pub fn publish(&mut self) {
        self.head().commit(&self.store, &self.catalog, &self.keys, now()).expect("a commit");
    }

    /// Gives roles a new key, and takes their old ones away.
    pub fn rotate(&mut self, of: &[Role], name: &str) {
        let head = self.head();
        let key = self.keys.make(name).expect("a key").key.clone();
        let mut remove: Vec<_> = of.iter().flat_map(|role| head.keys(*role)).map(|(id, _)| id).collect();
        remove.dedup();
        let roles = of.iter().copied().collect();
        let change = Change { roles, add: vec![key], remove, ..Change::default() };
        let mut draft = Draft::new(&head, &change, now()).expect("a draft");
        draft.sign(&head, &self.keys).expect("signatures");
        draft.publish(&self.store, &head, &mut self.keys, now()).expect("a root");
    }

    /// The bytes of the first root.
    pub fn root(&self) -> Vec<u8> {
        fs::read(self.sandbox.path("repo/metadata/1.root.json")).expect("a root")
    }
}

fn now() -> Timestamp {
    NOW.parse().expect("a time")
}

/// Keeps a copy of a folder of the sandbox.
pub fn copy(sandbox: &Sandbox, from: &str, to: &str) {
    let _ = fs::remove_dir_all(sandbox.path(to));
    for name in sandbox.list(from) {
        let path = sandbox.path(&format!("{from}/{name}"));
        if path.is_dir() {
            fs::create_dir_all(sandbox.path(&format!("{to}/{name}"))).expect("a folder");
        } else {
            let to = sandbox.path(&format!("{to}/{name}"));
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::copy(path, to).expect("a copy");
        }
    }
}
