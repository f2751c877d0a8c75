// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keys that stay with a program of the user's: a security module, a cloud's key service, a ceremony.
//!
//! The program gets the bytes to sign on its standard input and prints the signature, raw or in
//! hexadecimal: 64 bytes for Ed25519, DER for ECDSA P-256 over SHA-256, RSASSA-PSS over SHA-256 for RSA.
//! What it asks, it asks on the terminal.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use tough::schema::key::Key;

use super::public;
use crate::model::{Class, Failure, Problem};

/// Runs the program with a message, and checks the signature that it gives.
pub(super) fn sign(command: &[String], key: &Key, message: &[u8]) -> Result<Vec<u8>, Failure> {
    let (program, args) = command.split_first().expect("a command has a program");
    let failed = |problem: Problem| Failure::new(Class::Environment, problem);
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            let problem = Problem::new(format!("cannot run the signing command `{program}`"));
            failed(problem.note(error.to_string()).help("install it, or mend `command` in the key's file"))
        })?;
    let mut input = child.stdin.take().expect("a pipe was asked for");
    // Written beside the reading: a program may talk before it has listened.
    let (fed, output) = std::thread::scope(|scope| {
        let feeder = scope.spawn(move || input.write_all(message));
        let output = child.wait_with_output();
        (feeder.join().expect("writing does not panic"), output)
    });
    let output = output.map_err(|error| {
        failed(Problem::new(format!("cannot hear from `{program}`")).note(error.to_string()))
    })?;
    if !output.status.success() {
        let problem =
            Problem::new(format!("the signing command `{program}` failed: it ended with {}", output.status));
        let said = String::from_utf8_lossy(&output.stderr);
        let problem = said
            .lines()
            .filter(|line| !line.trim().is_empty())
            .take(20)
            .fold(problem, |problem, line| problem.note(format!("{program}: {line}")));
        return Err(failed(problem.help("run it by hand with a file on its standard input")));
    }
    let candidates = [from_hex(&output.stdout), Some(output.stdout.clone())];
    let good = candidates.into_iter().flatten().find(|bytes| public::verifies(key, message, bytes));
    if let Some(signature) = good {
        return Ok(signature);
    }
    let problem =
        Problem::new(format!("what the signing command `{program}` printed is no signature by its key"))
            .note(format!(
                "it printed {} bytes; the key is of the kind {}",
                output.stdout.len(),
                public::kind(key)
            ));
    let problem = match fed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => problem.note(error.to_string()),
        Err(_) => problem.note("it did not read its standard input to the end"),
        Ok(()) => problem,
    };
    Err(failed(
        problem
            .help("it must sign its standard input as it is, and print the signature, raw or in hexadecimal"),
    ))
}

/// Bytes in hexadecimal, with blanks around them.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let text = text.trim_ascii();
    let pairs = text.chunks_exact(2);
    if text.is_empty() || !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(digit(&pair[0])? << 4 | digit(&pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    fn shell(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).to_vec()
    }

    #[test]
    fn signatures_come_raw_or_in_hexadecimal() {
        let folder = tempfile::tempdir().unwrap();
        let pair = Ed25519KeyPair::generate().unwrap();
        let key = public::ed25519(pair.public_key().as_ref());
        let message = vec![b'x'; 1 << 20];
        let signature = pair.sign(&message).as_ref().to_vec();
        let hex: String = signature.iter().map(|byte| format!("{byte:02X}")).collect();
        let raw = folder.path().join("raw");
        std::fs::write(&raw, &signature).unwrap();
        let raw = format!("cat > /dev/null; cat '{}'", raw.display());
        assert_eq!(sign(&shell(&raw), &key, &message), Ok(signature.clone()));
        assert_eq!(
            sign(&shell(&format!("cat > /dev/null; echo {hex}")), &key, &message),
            Ok(signature.clone())
        );
        // A program that takes the digest of what it knows from elsewhere need not read.
        assert_eq!(sign(&shell(&format!("echo {hex}")), &key, &message), Ok(signature));
    }

    #[test]
    fn errors_name_the_program() {
        let pair = Ed25519KeyPair::generate().unwrap();
        let key = public::ed25519(pair.public_key().as_ref());
        let why = |command: &[String]| sign(command, &key, b"message").unwrap_err().problems.remove(0);
        let missing = why(&["./no-such-program".to_owned()]);
        assert_eq!(missing.title, "cannot run the signing command `./no-such-program`");
        let failed = why(&shell("echo the token is locked >&2; exit 3"));
        assert_eq!(failed.title, "the signing command `sh` failed: it ended with exit status: 3");
        assert_eq!(failed.notes, ["sh: the token is locked"]);
        let wrong = why(&shell("cat"));
        assert_eq!(wrong.title, "what the signing command `sh` printed is no signature by its key");
        assert_eq!(wrong.notes, ["it printed 7 bytes; the key is of the kind ed25519"]);
    }
}
