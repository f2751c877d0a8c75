// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Signatures over a release. Signing reads a whole release, makes every signature, checks each as a
//! stranger would, and only then adds the files; nothing that is there is changed.
//!
//! | file | signed |
//! | --- | --- |
//! | `NAME.tar.sign` | OpenPGP over the uncompressed tar, as kernel.org does, whether it is there as a file or not |
//! | `NAME.tar.xz.asc` and its sisters | OpenPGP over each compressed tar, for uscan and dpkg-source |
//! | `NAME.SHA256SUMS.asc` | OpenPGP over the checksums, and with them over every record |
//! | the same names with `.sig` | SSH, in the namespace `file` |
//! | `NAME.intoto.dsse.json` | the provenance in a DSSE envelope (protocol v1), with keys from files |
//!
//! Keys come from files and sign in this process, or stay where they are, with `gpg` or with `ssh-keygen`
//! and their agents and tokens. An envelope needs the raw signature of its key, which neither gpg nor
//! ssh-keygen gives out; with those there is none, and the checksums vouch for the statement.

#![allow(clippy::disallowed_methods, reason = "a release's files are read here, and signatures added")]

mod check;
mod decode;
mod dsse;
mod files;
mod openpgp;
mod programs;
mod ready;
mod ssh;

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::model::{Class, Failure, Problem, SourceDate};
use crate::signature::{self, Checked, Circumstances, Content, FILE_NAMESPACE, Good, KeyFile, Keys, Kind};

pub use check::{CheckedSignature, check_beside, check_release};
pub(crate) use decode::Decoded;
pub use files::{Added, What};
pub use ready::{Ready, Target, Unpublishable};

/// Where a key is.
#[derive(Debug, Clone)]
pub enum Holder {
    /// A file with a secret key, used in this process.
    File {
        /// An armored OpenPGP secret key or an OpenSSH private key.
        path: PathBuf,
        /// What opens it.
        passphrase: Option<Zeroizing<String>>,
    },
    /// With the user's gpg and gpg-agent: a key id, a fingerprint, or part of a user id.
    Gpg(String),
    /// With the user's ssh-keygen: a private key's file, or a public key whose private part the
    /// ssh-agent or a token has.
    SshKeygen(PathBuf),
}

/// What `sign` is asked for.
#[derive(Debug)]
pub struct Request<'a> {
    /// OpenPGP or SSH.
    pub kind: Kind,
    /// Whose key.
    pub holder: &'a Holder,
    /// The time of the run; no signature counts that is made later.
    pub now: SourceDate,
    /// The date of OpenPGP signatures, where it is not the time of the run.
    pub date: Option<SourceDate>,
    /// Whether other signatures under the same names go.
    pub replace: bool,
}

/// Something that signs.
trait Signer {
    /// Makes a detached signature over content.
    fn sign(&self, content: &dyn Content, date: SourceDate) -> Result<Vec<u8>, Failure>;

    /// The raw signature over a message with the key's fingerprint, where the key gives it out.
    fn sign_raw(&self, message: &[u8]) -> Option<(String, Vec<u8>)>;

    /// The public key: what every signature is checked with before it is written.
    fn keys(&self) -> &Keys;
}

/// Signs a release: every signature that is not there yet.
///
/// # Errors
/// The key cannot be used; a signature by another key is there and `replace` is not asked for; a file
/// changes while it is signed; nothing is written then.
pub fn sign(ready: &Ready, request: &Request<'_>) -> Result<Vec<Added>, Failure> {
    let signer = signer(request.kind, request.holder, request.now)?;
    let standing = look(ready, signer.as_ref(), request)?;
    let date = request.date.unwrap_or(request.now);
    let mut added = Vec::new();
    for (target, there) in ready.targets().iter().zip(standing) {
        let file = ready.names().signature(&target.name, request.kind);
        let covers = target.name.clone();
        if let Standing::Ours(good) = there {
            added.push(Added { file, covers, what: What::WasThere, good, bytes: None });
            continue;
        }
        let bytes = signer.sign(target, date)?;
        let good = assured(check(target, &bytes, signer.keys(), request.now)?, &file)?;
        let what = if matches!(there, Standing::Anothers) { What::Replaced } else { What::Made };
        added.push(Added { file, covers, what, good, bytes: Some(bytes) });
    }
    if let Some(statement) = ready.statement() {
        added.extend(dsse::seal(ready, statement, signer.as_ref(), request)?);
    }
    files::add(ready.directory(), &added)?;
    Ok(added)
}

/// What signs with that key.
fn signer(kind: Kind, holder: &Holder, now: SourceDate) -> Result<Box<dyn Signer>, Failure> {
    Ok(match (kind, holder) {
        (Kind::Openpgp, Holder::File { path, passphrase }) => {
            Box::new(openpgp::KeyInFile::open(path, passphrase.as_deref(), now)?)
        }
        (Kind::Ssh, Holder::File { path, passphrase }) => {
            Box::new(ssh::KeyInFile::open(path, passphrase.as_deref())?)
        }
        (Kind::Openpgp, Holder::Gpg(id)) => Box::new(programs::Gpg::open(id)?),
        (Kind::Ssh, Holder::SshKeygen(path)) => Box::new(programs::SshKeygen::open(path)?),
        (kind, _) => {
            return Err(Failure::new(
                Class::Usage,
                Problem::new(format!("that key does not make {kind} signatures"))
                    .help("`--gpg` goes with `--with openpgp`, `--ssh-keygen` with `--with ssh`"),
            ));
        }
    })
}

/// Makes a detached signature over bytes, and checks it as a stranger would.
///
/// # Errors
/// The key cannot be used.
pub fn detached(kind: Kind, holder: &Holder, bytes: &[u8], now: SourceDate) -> Result<Vec<u8>, Failure> {
    let signer = signer(kind, holder, now)?;
    let signature = signer.sign(&Bytes(bytes), now)?;
    let checked = signature::check(bytes, &signature, signer.keys(), circumstances(now))
        .map_err(|error| Failure::io("read", Path::new("bytes"), &error))?;
    assured(checked, "over the checksums").map(|_| signature)
}

/// Whether a detached signature is a good one by that key over bytes.
///
/// # Errors
/// The key cannot be used.
pub fn is_over(
    kind: Kind,
    holder: &Holder,
    bytes: &[u8],
    signature: &[u8],
    now: SourceDate,
) -> Result<bool, Failure> {
    let signer = signer(kind, holder, now)?;
    signature::check(bytes, signature, signer.keys(), circumstances(now))
        .map(|checked| checked.is_good())
        .map_err(|error| Failure::io("read", Path::new("bytes"), &error))
}

/// Bytes to sign.
struct Bytes<'a>(&'a [u8]);

impl Content for Bytes<'_> {
    fn open(&self) -> std::io::Result<Box<dyn std::io::Read + '_>> {
        Ok(Box::new(self.0))
    }
}

/// What stands under a signature's name already.
enum Standing {
    Nothing,
    Ours(Good),
    Anothers,
}

/// Looks at what stands under each signature's name, before any key is asked for its passphrase.
fn look(ready: &Ready, signer: &dyn Signer, request: &Request<'_>) -> Result<Vec<Standing>, Failure> {
    let mut standing = Vec::new();
    let mut problems = Vec::new();
    for target in ready.targets() {
        let file = ready.names().signature(&target.name, request.kind);
        standing.push(match files::read_existing(ready.directory(), &file)? {
            None => Standing::Nothing,
            Some(bytes) => {
                let checked = check(target, &bytes, signer.keys(), request.now)?;
                match checked.good.into_iter().next() {
                    Some(good) => Standing::Ours(good),
                    None => {
                        if !request.replace {
                            problems.extend(taken(ready.directory(), &file, request.kind).problems);
                        }
                        Standing::Anothers
                    }
                }
            }
        });
    }
    if problems.is_empty() { Ok(standing) } else { Err(Failure { class: Class::Verification, problems }) }
}

/// Takes signatures that were made elsewhere, checks each with `keys`, and adds them.
///
/// # Errors
/// A file is not named as a signature of this release, or is not a good one: every such file is told,
/// and nothing is written then.
pub fn attach(
    ready: &Ready,
    signatures: &[PathBuf],
    keys: &Keys,
    now: SourceDate,
    replace: bool,
) -> Result<Vec<Added>, Failure> {
    let mut added = Vec::new();
    let mut problems = Vec::new();
    for path in signatures {
        match attach_one(ready, path, keys, now, replace) {
            Ok(found) => added.push(found),
            Err(failure) => problems.extend(failure.problems),
        }
    }
    if !problems.is_empty() {
        return Err(Failure { class: Class::Verification, problems });
    }
    files::add(ready.directory(), &added)?;
    Ok(added)
}

fn attach_one(
    ready: &Ready,
    path: &Path,
    keys: &Keys,
    now: SourceDate,
    replace: bool,
) -> Result<Added, Failure> {
    let bytes = files::read_signature(path)?;
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let names = ready.names();
    let target = ready.targets().iter().find_map(|target| {
        [Kind::Openpgp, Kind::Ssh]
            .into_iter()
            .find(|kind| names.signature(&target.name, *kind) == file)
            .map(|kind| (target, kind))
    });
    let (covers, checked, kind) = match (target, ready.statement()) {
        (Some((target, kind)), _) => {
            if Kind::of(&bytes) != kind {
                let problem = Problem::new(format!("`{}` is not an {kind} signature", path.display()))
                    .help(format!("its name is that of an {kind} signature: rename it"));
                return Err(Failure::new(Class::Verification, problem));
            }
            (target.name.clone(), check(target, &bytes, keys, now)?, kind)
        }
        (None, Some(statement)) if file == names.envelope() => {
            (names.provenance(), dsse::check(statement, &bytes, keys, circumstances(now)), Kind::Openpgp)
        }
        _ => {
            let known: Vec<String> = ready
                .targets()
                .iter()
                .flat_map(|target| [Kind::Openpgp, Kind::Ssh].map(|kind| names.signature(&target.name, kind)))
                .collect();
            let problem =
                Problem::new(format!("`{}` has not the name of a signature of this release", path.display()))
                    .note(format!("these are: {}", known.join(", ")))
                    .help("rename it after the file that it is over");
            return Err(Failure::new(Class::Verification, problem));
        }
    };
    let good = assured(checked, &path.display().to_string())?;
    let what = match files::read_existing(ready.directory(), &file)? {
        None => What::Made,
        Some(there) if there == bytes => What::WasThere,
        Some(_) if replace => What::Replaced,
        Some(_) => return Err(taken(ready.directory(), &file, kind)),
    };
    let bytes = (what != What::WasThere).then_some(bytes);
    Ok(Added { file, covers, what, good, bytes })
}

/// Reads the keys of a file, or of every file in a folder.
///
/// # Errors
/// A file cannot be read, or holds no public key.
pub fn read_keys(paths: &[PathBuf]) -> Result<Keys, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| Failure::io("read", path, &error))?;
            let mut inside = Vec::new();
            for entry in entries {
                let entry = entry.map_err(|error| Failure::io("read", path, &error))?.path();
                let hidden = entry.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
                if entry.is_file() && !hidden {
                    inside.push(entry);
                }
            }
            inside.sort();
            files.extend(inside);
        } else {
            files.push(path.clone());
        }
    }
    let mut read = Vec::new();
    for path in files {
        let bytes = std::fs::read(&path).map_err(|error| Failure::io("read the keys", &path, &error))?;
        read.push((path.display().to_string(), bytes));
    }
    if read.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let problem = Problem::new(format!("there are no keys in `{}`", names.join("`, `")))
            .help("expected files with OpenPGP public keys, SSH public keys or allowed signers");
        return Err(Failure::new(Class::Usage, problem));
    }
    Keys::read(read.iter().map(|(name, bytes)| KeyFile { name, bytes }))
        .map_err(|problems| Failure { class: Class::Usage, problems })
}

fn circumstances(now: SourceDate) -> Circumstances<'static> {
    Circumstances { now, dated: None, namespace: FILE_NAMESPACE }
}

fn check(target: &Target, bytes: &[u8], keys: &Keys, now: SourceDate) -> Result<Checked, Failure> {
    signature::check(target, bytes, keys, circumstances(now))
        .map_err(|error| Failure::io("read", &target.path, &error))
}

/// The signature that is good, or why none is.
fn assured(checked: Checked, file: &str) -> Result<Good, Failure> {
    if let Some(good) = checked.good.into_iter().next() {
        return Ok(good);
    }
    let problem = Problem::new(format!("the signature `{file}` is not good, and was not added"));
    let help = checked.refused.first().map(|refusal| refusal.help.clone());
    let mut problem = checked
        .refused
        .iter()
        .fold(problem, |problem, refusal| problem.note(format!("{}: {}", refusal.why, refusal.text)));
    problem.help = help;
    Err(Failure::new(Class::Verification, problem))
}

fn taken(directory: &Path, file: &str, kind: Kind) -> Failure {
    let problem =
        Problem::new(format!("`{}` is there, and is another signature", directory.join(file).display()))
            .note(format!("it is not a good {kind} signature by this key"))
            .help("look at it with `lustre-dist verify`; `--replace` puts the new one in its place");
    Failure::new(Class::Verification, problem)
}
