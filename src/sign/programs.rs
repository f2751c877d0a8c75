// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keys that stay with the user's own programs: gpg with its agent, ssh-keygen with ssh-agent and
//! tokens. The programs see the content on their standard input, which is measured on the way; what
//! they ask, they ask on the terminal.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Signer;
use crate::model::{Class, Failure, Problem, SourceDate};
use crate::signature::{Content, FILE_NAMESPACE, KeyFile, Keys};

/// A key that gpg has.
pub(super) struct Gpg {
    id: String,
    keys: Keys,
}

impl Gpg {
    pub(super) fn open(id: &str) -> Result<Self, Failure> {
        let exported = run("gpg", ["--batch", "--export", "--", id].map(OsStr::new), &[][..])?;
        if exported.is_empty() {
            let problem = Problem::new(format!("gpg has no key `{id}`"))
                .help("`gpg --list-secret-keys` lists those that can sign");
            return Err(Failure::new(Class::Usage, problem));
        }
        let keys = Keys::read([KeyFile { name: "gpg --export", bytes: &exported }])
            .map_err(|problems| Failure { class: Class::Environment, problems })?;
        Ok(Self { id: id.to_owned(), keys })
    }
}

impl Signer for Gpg {
    fn sign(&self, content: &dyn Content, _: SourceDate) -> Result<Vec<u8>, Failure> {
        let args = [
            "--armor",
            "--detach-sign",
            "--digest-algo",
            "SHA512",
            "--no-textmode",
            "--local-user",
            &self.id,
            "--output",
            "-",
            "--",
            "-",
        ];
        run("gpg", args.map(OsStr::new), content)
    }

    fn sign_raw(&self, _: &[u8]) -> Option<(String, Vec<u8>)> {
        None
    }

    fn keys(&self) -> &Keys {
        &self.keys
    }
}

/// A key that ssh-keygen can use: a private key's file, or a public key whose private part an agent
/// or a token has.
pub(super) struct SshKeygen {
    path: PathBuf,
    keys: Keys,
}

impl SshKeygen {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(path).map_err(|error| Failure::io("read the key", path, &error))?;
        // The public part of a private key stands in its file unencrypted.
        let line = match ssh_key::PrivateKey::from_openssh(&bytes) {
            Ok(key) => key.public_key().to_openssh().unwrap_or_default().into_bytes(),
            Err(_) => bytes,
        };
        let keys = Keys::read([KeyFile { name: &path.display().to_string(), bytes: &line }])
            .map_err(|problems| Failure { class: Class::Usage, problems })?;
        Ok(Self { path: path.to_owned(), keys })
    }
}

impl Signer for SshKeygen {
    fn sign(&self, content: &dyn Content, _: SourceDate) -> Result<Vec<u8>, Failure> {
        let args = ["-q", "-Y", "sign", "-n", FILE_NAMESPACE, "-f"].map(OsStr::new);
        run("ssh-keygen", args.into_iter().chain([self.path.as_os_str()]), content)
    }

    fn sign_raw(&self, _: &[u8]) -> Option<(String, Vec<u8>)> {
        None
    }

    fn keys(&self) -> &Keys {
        &self.keys
    }
}

/// Runs one of the user's programs with content on its standard input; gives its output.
fn run<'a>(
    program: &str,
    args: impl IntoIterator<Item = &'a OsStr>,
    content: &(impl Content + ?Sized),
) -> Result<Vec<u8>, Failure> {
    let failed = |what: String| Failure::new(Class::Environment, Problem::new(what));
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        let problem = Problem::new(format!("cannot run `{program}`"))
            .note(error.to_string())
            .help("install it, or sign with a key in a file: `--key FILE`");
        Failure::new(Class::Environment, problem)
    })?;
    let mut input = child.stdin.take().expect("a pipe was asked for");
    let fed = content.open().and_then(|mut reader| io::copy(&mut reader, &mut input));
    // The program waits for the end of its input.
    drop(input);
    if let Err(error) = &fed
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(format!("cannot give `{program}` what it is to sign: {error}")));
    }
    let output =
        child.wait_with_output().map_err(|error| failed(format!("cannot hear from `{program}`: {error}")))?;
    if output.status.success() && fed.is_ok() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let problem = Problem::new(format!("`{program}` did not sign: it ended with {}", output.status));
    let problem = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .fold(problem, |problem, line| problem.note(format!("{program}: {line}")));
    Err(Failure::new(
        Class::Environment,
        problem
            .help("try the same by hand: is the agent running, the token plugged in, the key known to it?"),
    ))
}
