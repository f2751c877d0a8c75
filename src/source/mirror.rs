// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Bare mirrors of remote repositories, below the user's cache folder.
//!
//! The user's own `git` does the network's part, so that credentials, proxies, ssh configuration
//! and protocol helpers are the user's. A mirror is a cache: what is taken from it is re-hashed,
//! and what it lacks is fetched once more.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::model::{Class, CommitId, Failure, Problem, Sha256};

/// What may be asked of the outside world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Fetch what the mirror lacks.
    Allowed,
    /// Use what is there; `--offline`.
    Offline,
}

/// Neither the user's templates nor anything else may run hooks in the cache.
const NO_HOOKS: [&str; 2] = ["-c", "core.hooksPath=/dev/null"];

/// The mirror of one remote repository.
#[derive(Debug, Clone)]
pub struct Mirror {
    path: PathBuf,
    urls: Vec<String>,
}

impl Mirror {
    /// The mirror below `cache` for a repository that can be had from any of `urls`. It is named
    /// by the first, so that adding a mirror site does not start a new one.
    ///
    /// # Panics
    /// When `urls` is empty.
    #[must_use]
    pub fn new(cache: &Path, urls: Vec<String>) -> Self {
        let url = urls.first().expect("a source has a URL");
        let stem: String = url
            .trim_end_matches('/')
            .trim_end_matches(".git")
            .rsplit(['/', ':'])
            .next()
            .unwrap_or_default()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .collect();
        let digest = Sha256::of(url.as_bytes()).to_string();
        Self { path: cache.join(format!("{stem}-{}.git", &digest[..16])), urls }
    }

    /// Where the mirror is, or will be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether all branches and tags were fetched before.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.marker().is_file()
    }

    /// A file that stands in the mirror when a fetch came to its end. `git init` alone leaves
    /// something that looks like a repository without any tags.
    fn marker(&self) -> PathBuf {
        self.path.join("lustre-dist-fetched")
    }

    /// Brings all branches and tags, and `extra` refs by their full names, from the first site
    /// that answers. What the site no longer has is dropped.
    ///
    /// # Errors
    /// No site answers; what each said is in the notes. There is no `git`.
    pub fn refresh(&self, extra: &[&str]) -> Result<(), Failure> {
        let all = ["+refs/heads/*:refs/heads/*".to_owned(), "+refs/tags/*:refs/tags/*".to_owned()];
        let refspecs: Vec<String> =
            all.into_iter().chain(extra.iter().map(|name| format!("+{name}:{name}"))).collect();
        self.fetch(&refspecs, "cannot fetch")?;
        std::fs::File::create(self.marker())
            .map(drop)
            .map_err(|error| Failure::io("create", &self.marker(), &error))
    }

    /// Brings one commit that no branch or tag leads to any more, and keeps it.
    ///
    /// # Errors
    /// No site has it, or gives it out by its id.
    pub fn fetch_commit(&self, commit: CommitId) -> Result<(), Failure> {
        self.fetch(
            &[format!("+{commit}:refs/lustre-dist/{commit}")],
            &format!("cannot fetch the commit {commit}"),
        )
    }

    fn fetch(&self, refspecs: &[String], what: &str) -> Result<(), Failure> {
        let parent = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(parent).map_err(|error| Failure::io("create the folder", parent, &error))?;
        // Two runs at once take turns: git's own locks would make one of them fail.
        let lock_path = self.path.with_extension("lock");
        let lock =
            std::fs::File::create(&lock_path).map_err(|error| Failure::io("create", &lock_path, &error))?;
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive)
            .map_err(|error| Failure::io("lock", &lock_path, &error.into()))?;
        if !self.exists() {
            self.init()?;
        }
        let mut refused = Vec::new();
        for url in &self.urls {
            let mut command = Command::new("git");
            command
                .args(NO_HOOKS)
                .arg("--git-dir")
                .arg(&self.path)
                .args(["fetch", "--quiet", "--force", "--prune", "--no-write-fetch-head", "--", url])
                .args(refspecs);
            match run(&mut command) {
                Ok(()) => return Ok(()),
                Err(GitFault::Absent(problem)) => return Err(Failure::new(Class::Environment, problem)),
                Err(GitFault::Said(said)) => {
                    refused.push(format!(
                        "{}: {}",
                        without_password(url),
                        said.replace(url, &without_password(url))
                    ));
                }
            }
        }
        Err(self.fault(what, refused))
    }

    /// Makes the empty mirror: refs in files and SHA-1 ids, whatever the user's git prefers. A git
    /// that does not know these options knows nothing else either.
    fn init(&self) -> Result<(), Failure> {
        let init = |options: &[&str]| {
            run(Command::new("git")
                .args(NO_HOOKS)
                .args(["init", "--quiet", "--bare", "--template="])
                .args(options)
                .arg(&self.path))
        };
        init(&["--object-format=sha1", "--ref-format=files"]).or_else(|_| init(&[])).map_err(|fault| {
            match fault {
                GitFault::Absent(problem) => Failure::new(Class::Environment, problem),
                GitFault::Said(said) => Failure::new(
                    Class::Environment,
                    Problem::new(format!("cannot make the mirror `{}`", self.path.display())).note(said),
                ),
            }
        })
    }

    fn fault(&self, what: &str, said: Vec<String>) -> Failure {
        let from = match self.urls.as_slice() {
            [url] => without_password(url),
            urls => format!("any of {} sites", urls.len()),
        };
        let offline = if self.exists() { ", use what was fetched before with `--offline`," } else { "" };
        said.into_iter()
            .fold(Problem::new(format!("{what} from {from}")), Problem::note)
            .help(format!(
                "check the address and your access with `git ls-remote URL`{offline} or point the source at \
                 a clone with `--source NAME=PATH`"
            ))
            .into_source()
    }
}

/// An address as messages show it: `https://user:secret@host/` without the secret.
#[must_use]
pub fn without_password(url: &str) -> String {
    let user = url.split_once("://").and_then(|(scheme, rest)| {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = authority.rsplit_once('@')?;
        let (name, _) = user.split_once(':')?;
        Some(format!("{scheme}://{name}:***@{host}/{path}"))
    });
    user.unwrap_or_else(|| url.to_owned())
}

/// Whether the text is an address for git's transports, and not a path.
#[must_use]
pub fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    // `user@host:path` and `host:path`, as scp has them; git's rule: no slash before the colon.
    let scp = text.split_once(':').is_some_and(|(host, _)| !host.is_empty() && !host.contains('/'));
    scheme || scp
}

/// What git says after each failure of a transport, whatever the reason was.
const ADVICE: [&str; 3] = [
    "fatal: Could not read from remote repository.",
    "Please make sure you have the correct access rights",
    "and the repository exists.",
];

/// Why git did not do what it was asked for.
enum GitFault {
    /// It could not be run.
    Absent(Problem),
    /// Its own words.
    Said(String),
}

/// Runs git with the user's configuration but without the variables that point it at another
/// repository: a hook or a rebase that calls us has them set.
fn run(command: &mut Command) -> Result<(), GitFault> {
    for variable in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_SHALLOW_FILE",
        "GIT_REPLACE_REF_BASE",
        "GIT_GRAFT_FILE",
        "GIT_DEFAULT_HASH",
        "GIT_DEFAULT_REF_FORMAT",
        "GIT_TEMPLATE_DIR",
    ] {
        command.env_remove(variable);
    }
    // The prompt for a password goes to the terminal, not through these.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
            let telling: Vec<&str> = lines.iter().copied().filter(|line| !ADVICE.contains(line)).collect();
            let said = if telling.is_empty() { lines } else { telling }.join("; ");
            Err(GitFault::Said(if said.is_empty() {
                format!("git ended with {}", output.status)
            } else {
                said
            }))
        }
        Err(error) => Err(GitFault::Absent(
            Problem::new("cannot run `git`, which fetches from other sites")
                .note(error.to_string())
                .help("install git, or point the source at a clone or bundle with `--source NAME=PATH`"),
        )),
    }
}
