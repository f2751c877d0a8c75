// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The folder of a keeper's keys.
//!
//! | file | holds |
//! | --- | --- |
//! | `NAME.pem` | a private Ed25519 key, PKCS#8, which nobody else may read |
//! | `NAME.toml` | a public key, and the program that signs with it |
//! | `NAME.pub` | a public key whose holder signs elsewhere |
//! | `root.json` | the root that the keeper trusts |
//! | `seen.json` | the newest versions that were seen from here |
//!
//! Which role a key has is said by the root, by its id; the names are for people, and for `repo init`.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Display, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use zeroize::Zeroizing;

use super::{KeyId, Signer, Versions};
use crate::model::{Class, Failure, Problem};
use crate::store::Store;

const PINNED: &str = "root.json";
const SEEN: &str = "seen.json";

/// The keys of a folder.
#[derive(Debug)]
pub struct Keys {
    folder: PathBuf,
    signers: BTreeMap<String, Signer>,
    pinned: Option<Vec<u8>>,
    seen: Option<Versions>,
}

impl Keys {
    /// Reads a folder; one that is not there has no keys.
    ///
    /// # Errors
    /// A file in it is no key, can be read by others, or two hold the same key: every problem of them all.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let mut keys = Self { folder: folder.to_owned(), signers: BTreeMap::new(), pinned: None, seen: None };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(keys),
            Err(error) => return Err(Failure::io("read the folder of keys", folder, &error)),
        };
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::io("read the folder of keys", folder, &error))?;
        paths.sort();
        let mut failures = Vec::new();
        for path in &paths {
            if let Err(failure) = keys.take(path) {
                failures.push(failure);
            }
        }
        Failure::all(failures).map_or(Ok(keys), Err)
    }

    fn take(&mut self, path: &Path) -> Result<(), Failure> {
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else { return Ok(()) };
        if file.starts_with('.') {
            sweep(path, file);
            return Ok(());
        }
        if file == SEEN {
            self.seen = Some(seen(path)?);
            return Ok(());
        }
        if file == PINNED {
            ours(path)?;
            self.pinned = Some(read(path)?.as_bytes().to_vec());
            return Ok(());
        }
        let Some((name, ending)) = file.rsplit_once('.').filter(|(name, _)| !name.is_empty()) else {
            return Ok(());
        };
        let signer = match ending {
            "pem" => {
                private(path)?;
                Signer::private(name, &read(path)?)
            }
            "toml" => {
                // It names a program that is run.
                ours(path)?;
                Signer::program(name, &read(path)?, &self.folder)
            }
            "pub" => Signer::public(name, &read(path)?),
            _ => return Ok(()),
        };
        let signer = signer.map_err(|mut problem| {
            problem.title = format!("the key `{}` cannot be used: {}", path.display(), problem.title);
            Failure::new(Class::Environment, problem)
        })?;
        let same = self.signers.values().find(|other| other.name == name || other.id == signer.id);
        if let Some(same) = same {
            // A public part may lie beside its private one.
            if same.name == name && same.id == signer.id && !(same.is_here() && signer.is_here()) {
                if signer.is_here() {
                    self.signers.insert(name.to_owned(), signer);
                }
                return Ok(());
            }
            let problem = Problem::new(format!("the keys `{}` and `{name}` clash", same.name))
                .note(format!("folder: `{}`", self.folder.display()))
                .help("a name has one key, and a key one name: take one of the files away");
            return Err(Failure::new(Class::Environment, problem));
        }
        self.signers.insert(name.to_owned(), signer);
        Ok(())
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The root that the keeper trusts, where one is pinned.
    #[must_use]
    pub fn pinned(&self) -> Option<&[u8]> {
        self.pinned.as_deref()
    }

    /// The same for who is going to sign.
    ///
    /// # Errors
    /// None is pinned: whoever can write to the store would choose what is signed.
    pub fn trusted(&self) -> Result<&[u8], Failure> {
        self.pinned().ok_or_else(|| {
            let problem =
                Problem::new(format!("no root is pinned in the folder of keys `{}`", self.folder.display()))
                    .note("without one, whoever can write to the repository would choose what is signed")
                    .help("copy the keeper's `root.json` there: a root that you know to be the repository's");
            Failure::new(Class::Usage, problem)
        })
    }

    /// All keys, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Signer> {
        self.signers.values()
    }

    /// The key of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Signer> {
        self.signers.get(name)
    }

    /// The key of an id.
    #[must_use]
    pub fn get(&self, id: &KeyId) -> Option<&Signer> {
        self.signers.values().find(|signer| signer.id == *id)
    }

    /// Makes a key of that name, unless there is one.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn make(&mut self, name: &str) -> Result<&Signer, Failure> {
        if !self.signers.contains_key(name) {
            let made = Signer::generate(name);
            let (signer, text) = made.ok_or_else(|| {
                Failure::new(
                    Class::Environment,
                    Problem::new("the system has no random numbers to make a key of"),
                )
            })?;
            let text = Zeroizing::new(text);
            let mut folders = DirBuilder::new();
            folders.recursive(true).mode(0o700);
            folders
                .create(&self.folder)
                .map_err(|error| Failure::io("make the folder of keys", &self.folder, &error))?;
            self.write(&format!("{name}.pem"), text.as_bytes(), 0o600, false)?;
            self.signers.insert(name.to_owned(), signer);
        }
        Ok(&self.signers[name])
    }

    /// Trusts this root from now on.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn pin(&mut self, root: &[u8]) -> Result<(), Failure> {
        if self.pinned.as_deref() != Some(root) {
            self.write(PINNED, root, 0o644, true)?;
            self.pinned = Some(root.to_vec());
        }
        Ok(())
    }

    /// Fails where a repository is older than what was seen from here: an old copy of it was put back, and what
    /// is newer would be lost for good by the next signature.
    pub(super) fn hold(&self, there: Versions, store: &Store) -> Result<(), Failure> {
        let Some(seen) = self.seen.filter(|seen| there.newest(*seen) != there) else { return Ok(()) };
        let problem = Problem::new(format!("the repository at `{}` is older than what was signed from here", store.at()))
            .note(format!("there:  {there}"))
            .note(format!("seen:   {seen}, by `{}`", self.folder.join(SEEN).display()))
            .help(format!(
                "put the newest copy of it back; `lustre-dist repo refresh {} --accept-older` goes on with what is there, \
                 and what is newer is lost",
                store.at()
            ));
        Err(Failure::new(Class::Verification, problem))
    }

    /// Notes the versions of a verified state, so that no older one is ever signed on top of from here.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn remember(&self, versions: Versions) -> Result<(), Failure> {
        let path = self.folder.join(SEEN);
        // Others with these keys may have seen more since.
        let there = if path.exists() { Some(seen(&path)?) } else { None };
        let newest = there.map_or(versions, |there| versions.newest(there));
        if there == Some(newest) {
            return Ok(());
        }
        let mut bytes = serde_json::to_vec(&newest).expect("versions are plain data");
        bytes.push(b'\n');
        self.write(SEEN, &bytes, 0o644, true)
    }

    /// Forgets what was seen from here.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn forget(&mut self) -> Result<(), Failure> {
        self.seen = None;
        let path = self.folder.join(SEEN);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::io("remove", &path, &error))
            }
            _ => Ok(()),
        }
    }

    /// Writes a file beside and moves it there, so that no half of a key is ever found.
    fn write(&self, name: &str, bytes: &[u8], mode: u32, over: bool) -> Result<(), Failure> {
        let path = self.folder.join(name);
        if !over && let Some(written) = self.write_nameless(&path, bytes, mode) {
            return written.map_err(|error| Failure::io("write the key's file", &path, &error));
        }
        let aside = self.folder.join(format!(".{name}.{}", std::process::id()));
        let written = (|| {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&aside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            if over { std::fs::rename(&aside, &path) } else { std::fs::hard_link(&aside, &path) }?;
            std::fs::File::open(&self.folder)?.sync_all()
        })();
        if !over || written.is_err() {
            let _ = std::fs::remove_file(&aside);
        }
        written.map_err(|error| Failure::io("write the key's file", &path, &error))
    }

    /// Writes a file that has no name before it is whole: a run that is killed leaves no copy of a private key.
    /// None where the file system cannot.
    fn write_nameless(&self, path: &Path, bytes: &[u8], mode: u32) -> Option<std::io::Result<()>> {
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::open(&self.folder, flags, Mode::from_raw_mode(mode)).ok()?;
        let mut file = std::fs::File::from(file);
        let beside = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
        if !Path::new(&beside).exists() {
            return None;
        }
        Some((|| {
            file.write_all(bytes)?;
            file.sync_all()?;
            rustix::fs::linkat(CWD, &beside, CWD, path, AtFlags::SYMLINK_FOLLOW)?;
            std::fs::File::open(&self.folder)?.sync_all()
        })())
    }
}

/// Removes what a killed run left under way: where files cannot be without a name, a copy of a private key.
fn sweep(path: &Path, file: &str) {
    let Some((name, owner)) = file.rsplit_once('.') else { return };
    let is_left = owner.parse::<u32>().is_ok_and(|id| !Path::new(&format!("/proc/{id}")).exists());
    if is_left && (name.ends_with(".pem") || name.ends_with(".json")) {
        let _ = std::fs::remove_file(path);
    }
}

fn seen(path: &Path) -> Result<Versions, Failure> {
    serde_json::from_str(&read(path)?).map_err(|error| {
        let problem =
            Problem::new(format!("`{}` does not say what was seen of the repository", path.display()))
                .note(error.to_string())
                .help("take it away if you know that the repository is the newest there is: it is made anew");
        Failure::new(Class::Environment, problem)
    })
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| Failure::io("read the key", path, &error))
}

/// Refuses a private key that others can read, as ssh does.
fn private(path: &Path) -> Result<(), Failure> {
    kept(path, 0o077, |shown| {
        Problem::new(format!("the private key `{shown}` can be read by others"))
            .help(format!("`chmod 600 '{shown}'`"))
    })
}

/// Refuses a file that others can change: it decides what is trusted and what is run.
fn ours(path: &Path) -> Result<(), Failure> {
    kept(path, 0o022, |shown| {
        Problem::new(format!("`{shown}` among the keys can be changed by others"))
            .help(format!("look at what it says, then `chmod go-w '{shown}'`"))
    })
}

/// Refuses a file whose mode has one of these bits.
fn kept(path: &Path, bits: u32, problem: impl FnOnce(Display<'_>) -> Problem) -> Result<(), Failure> {
    let mode = std::fs::metadata(path).map_err(|error| Failure::io("read the key", path, &error))?.mode();
    if mode & bits == 0 {
        return Ok(());
    }
    let problem = problem(path.display()).note(format!("its mode is {:04o}", mode & 0o7777));
    Err(Failure::new(Class::Environment, problem))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_are_made_once_and_for_their_owner() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("keys");
        let mut keys = Keys::open(&folder).unwrap();
        let id = keys.make("targets").unwrap().id.clone();
        assert_eq!(keys.make("targets").unwrap().id, id);
        keys.pin(b"{}").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(&folder), mode(&folder.join("targets.pem"))), (0o700, 0o600));
        let again = Keys::open(&folder).unwrap();
        assert_eq!(again.get(&id).unwrap().name, "targets");
        assert_eq!(again.pinned(), Some(&b"{}"[..]));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);

        let private = folder.join("targets.pem");
        std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o640)).unwrap();
        let failure = Keys::open(&folder).unwrap_err();
        assert!(failure.problems[0].title.ends_with("can be read by others"));
    }

    #[test]
    fn every_bad_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        };
        write("a.pem", "no key");
        write("b.toml", "command = []\npublic = \"\"\n");
        write("c.pub", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
        write("README.md", "not looked at");
        let failure = Keys::open(folder.path()).unwrap_err();
        assert_eq!(failure.problems.len(), 3);
    }
}
