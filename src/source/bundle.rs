// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Git bundle files, versions 2 and 3 (gitformat-bundle(5)), unpacked once into the cache.
//!
//! A bundle is a header with refs and a pack behind it. The pack is indexed, which decodes and
//! hashes every object, into a bare repository named by the bundle's own digest.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use gix::ObjectId;
use sha2::Digest as _;

use super::causes;
use crate::model::{Failure, Problem, Sha256};

/// No header line of a real bundle comes near this.
const LONGEST_LINE: u64 = 64 << 10;

/// The header of a bundle.
struct Header {
    /// Full ref names and the objects they point at.
    refs: Vec<(String, ObjectId)>,
    /// Where the pack begins.
    pack_at: u64,
}

/// Unpacks the bundle at `path` below the folder `cache`, unless that is done already, and returns
/// the repository's path.
///
/// # Errors
/// Not a bundle; a bundle with prerequisites, a filter, unknown capabilities, trailing bytes or a
/// broken pack; a cache that cannot be written.
pub fn unpack(path: &Path, cache: &Path) -> Result<PathBuf, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let digest = digest_of(&mut reader).map_err(|error| unreadable(path, &error))?;
    let target = cache.join(format!("{digest}.git"));
    if target.join("packed-refs").is_file() {
        return Ok(target);
    }
    reader.rewind().map_err(|error| unreadable(path, &error))?;
    let header = read_header(path, &mut reader)?;
    let trailer = check_trailer(path, &mut reader, header.pack_at)?;
    reader.seek(SeekFrom::Start(header.pack_at)).map_err(|error| unreadable(path, &error))?;

    std::fs::create_dir_all(cache).map_err(|error| Failure::io("create the folder", cache, &error))?;
    let aside = tempfile::Builder::new()
        .prefix(".unpacking-")
        .tempdir_in(cache)
        .map_err(|error| Failure::io("create a folder in", cache, &error))?;
    write_repository(path, &header, &mut reader, trailer, aside.path())?;
    match std::fs::rename(aside.path(), &target) {
        Ok(()) => {}
        // Another run was faster; what it wrote has the same digest.
        Err(_) if target.join("packed-refs").is_file() => {}
        Err(error) => return Err(Failure::io("create", &target, &error)),
    }
    Ok(target)
}

/// Whether the file at `path` begins as a bundle does.
#[must_use]
pub fn is_bundle(path: &Path) -> bool {
    let mut start = [0; 14];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start.starts_with(b"# v") && start.ends_with(b" git bundl")
}

/// The short names of the tags in the header of the bundle at `path`. The pack behind it is not
/// looked at.
///
/// # Errors
/// The header is not that of a bundle that [`unpack`] would take.
pub fn tags(path: &Path) -> Result<Vec<String>, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let header = read_header(path, &mut BufReader::new(file))?;
    let names = header.refs.iter().filter_map(|(name, _)| name.strip_prefix("refs/tags/"));
    Ok(names.map(str::to_owned).collect())
}

fn digest_of(reader: &mut impl Read) -> std::io::Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    let mut chunk = vec![0; 1 << 18];
    loop {
        match reader.read(&mut chunk)? {
            0 => return Ok(Sha256(hasher.finalize().into())),
            n => hasher.update(&chunk[..n]),
        }
    }
}

fn read_header(path: &Path, reader: &mut BufReader<File>) -> Result<Header, Failure> {
    let mut at = 0;
    let mut next_line = || -> Result<String, Failure> {
        let mut line = Vec::new();
        let length = reader
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .map_err(|error| unreadable(path, &error))?;
        at += length as u64;
        if line.pop() != Some(b'\n') {
            return Err(broken(path, "its header ends early").into_source());
        }
        String::from_utf8(line).map_err(|_| broken(path, "its header is not text").into_source())
    };
    let version = match next_line() {
        Ok(line) if line == "# v2 git bundle" => 2,
        Ok(line) if line == "# v3 git bundle" => 3,
        _ => {
            return Err(
                broken(path, "it begins neither with `# v2 git bundle` nor `# v3 git bundle`").into_source()
            );
        }
    };
    let mut refs = Vec::new();
    let mut prerequisites = Vec::new();
    loop {
        let line = next_line()?;
        if line.is_empty() {
            break;
        }
        if let Some(capability) = line.strip_prefix('@') {
            if version < 3 {
                return Err(broken(path, "a version 2 header has a capability").into_source());
            }
            match capability.split_once('=') {
                Some(("object-format", "sha1")) => {}
                Some(("object-format", other)) => {
                    return Err(broken(path, &format!("its object ids are {other}; SHA-1 is read here"))
                        .into_source());
                }
                Some(("filter", filter)) => {
                    return Err(broken(
                        path,
                        &format!("it was made with the filter `{filter}` and lacks objects"),
                    )
                    .help("make it without `--filter`")
                    .into_source());
                }
                _ => {
                    return Err(
                        broken(path, &format!("its capability `{capability}` is not known")).into_source()
                    );
                }
            }
        } else if let Some(prerequisite) = line.strip_prefix('-') {
            prerequisites.push(prerequisite.to_owned());
        } else {
            let entry = line
                .split_once(' ')
                .and_then(|(id, name)| Some((name, ObjectId::from_hex(id.as_bytes()).ok()?)));
            let Some((name, id)) = entry.filter(|(name, _)| is_ref_name(name)) else {
                return Err(broken(path, &format!("its header has the line `{line}`, which is not a ref"))
                    .into_source());
            };
            refs.push((name.to_owned(), id));
        }
    }
    if !prerequisites.is_empty() {
        let problem = Problem::new(format!(
            "the bundle `{}` builds on {} that it does not hold",
            path.display(),
            if prerequisites.len() == 1 {
                "a commit".to_owned()
            } else {
                format!("{} commits", prerequisites.len())
            }
        ))
        .help("make one that stands alone: `git bundle create FILE TAG`, without `OLD..` or `--since`");
        return Err(prerequisites
            .iter()
            .fold(problem, |problem, line| problem.note(format!("prerequisite  {line}")))
            .into_source());
    }
    refs.sort();
    if let Some(pair) = refs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let problem = broken(path, &format!("its header has the ref `{}` twice", pair[0].0));
        return Err(pair.iter().fold(problem, |problem, (_, id)| problem.note(id.to_string())).into_source());
    }
    Ok(Header { refs, pack_at: at })
}

/// The names that may go into a `packed-refs` file: full ref names as git allows them, so that
/// none can break its lines. `HEAD` may stand in a bundle too.
fn is_ref_name(name: &str) -> bool {
    name == "HEAD" || name.starts_with("refs/") && gix::validate::reference::name(name.into()).is_ok()
}

/// A pack ends with the SHA-1 of all before it. Where the file's last twenty bytes are that, no
/// byte was added by accident, lost or changed. (Bytes behind the pack with a checksum of their own
/// come to light when the pack is written.) Returns that checksum.
fn check_trailer(path: &Path, reader: &mut BufReader<File>, pack_at: u64) -> Result<ObjectId, Failure> {
    let fault = |error: std::io::Error| unreadable(path, &error);
    let length = reader.seek(SeekFrom::End(0)).map_err(fault)?;
    let Some(body) = length.checked_sub(pack_at + 20) else {
        return Err(broken(path, "its pack ends early").into_source());
    };
    reader.seek(SeekFrom::Start(pack_at)).map_err(fault)?;
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    let mut chunk = vec![0; 1 << 18];
    let mut left = body;
    while left > 0 {
        let want = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
        reader.read_exact(&mut chunk[..want]).map_err(fault)?;
        hasher.update(&chunk[..want]);
        left -= want as u64;
    }
    let mut trailer = [0; 20];
    reader.read_exact(&mut trailer).map_err(fault)?;
    match hasher.try_finalize() {
        Ok(hash) if hash.as_slice() == trailer => Ok(hash),
        _ => Err(broken(
            path,
            "the file does not end with its pack's checksum: bytes were added, lost or changed",
        )
        .help("copy the bundle again; `git bundle verify FILE` does not notice bytes behind the pack")
        .into_source()),
    }
}

fn write_repository(
    path: &Path,
    header: &Header,
    pack: &mut BufReader<File>,
    trailer: ObjectId,
    folder: &Path,
) -> Result<(), Failure> {
    let packs = folder.join("objects/pack");
    std::fs::create_dir_all(&packs).map_err(|error| Failure::io("create the folder", &packs, &error))?;
    let refs = folder.join("refs/heads");
    std::fs::create_dir_all(&refs).map_err(|error| Failure::io("create the folder", &refs, &error))?;
    let outcome = gix_pack::Bundle::write_to_directory(
        pack,
        Some(&packs),
        &mut gix::utils::progress::Discard,
        &AtomicBool::new(false),
        None::<gix::OdbHandle>,
        gix::hash::Kind::Sha1,
        gix_pack::bundle::write::Options::default(),
    )
    .map_err(|error| {
        let problem = broken(path, "its pack cannot be read");
        causes(&error).into_iter().fold(problem, Problem::note).into_source()
    })?;
    if let Some(keep) = outcome.keep_path {
        std::fs::remove_file(&keep).map_err(|error| Failure::io("remove", &keep, &error))?;
    }
    // The checksum where the last object ends is the one at the end of the file.
    if outcome.index.data_hash != trailer {
        return Err(
            broken(path, "there are bytes behind its pack, with a checksum of their own").into_source()
        );
    }
    for file in [outcome.data_path, outcome.index_path].into_iter().flatten() {
        File::open(&file)
            .and_then(|open| open.sync_all())
            .map_err(|error| Failure::io("write", &file, &error))?;
    }
    let mut packed = String::from("# pack-refs with: sorted \n");
    for (name, id) in header.refs.iter().filter(|(name, _)| name != "HEAD") {
        packed.push_str(&format!("{id} {name}\n"));
    }
    // `packed-refs` comes last: its presence says that the repository is whole.
    for (name, content) in [
        ("config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"),
        ("HEAD", "ref: refs/heads/none\n"),
        ("packed-refs", packed.as_str()),
    ] {
        let file = folder.join(name);
        File::create(&file)
            .and_then(|mut open| {
                open.write_all(content.as_bytes())?;
                open.sync_all()
            })
            .map_err(|error| Failure::io("write", &file, &error))?;
    }
    Ok(())
}

fn broken(path: &Path, why: &str) -> Problem {
    Problem::new(format!("`{}` is not a git bundle that can be used: {why}", path.display()))
        .help("make it again with `git bundle create FILE TAG`, in a repository with SHA-1 ids")
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Problem::new(format!("cannot read the bundle `{}`", path.display())).note(error.to_string()).into_source()
}
