// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The manual pages and completions under the programs that read them.

use std::process::Command;

use crate::runner::Sandbox;
use crate::{Case, Release, run};

pub const CASES: &[Case] = &[
    ("mandoc_finds_no_error_in_the_manual_pages", &["mandoc"], mandoc),
    ("bash_reads_its_completions", &["bash"], |_| completions("bash", "-n")),
    ("fish_reads_its_completions", &["fish"], |_| completions("fish", "--no-execute")),
    ("zsh_reads_its_completions", &["zsh"], |_| completions("zsh", "-n")),
];

fn mandoc(_: &Release) {
    let sandbox = Sandbox::new();
    sandbox.run(&["man", "pages"]).success();
    for page in sandbox.list("pages") {
        let path = sandbox.path("pages").join(page);
        run(Command::new("mandoc").args(["-T", "lint", "-W", "error"]).arg(&path));
        let shown = run(Command::new("mandoc").args(["-T", "utf8"]).arg(&path));
        assert!(String::from_utf8_lossy(&shown).contains("lustre-dist"));
    }
}

fn completions(shell: &str, option: &str) {
    let sandbox = Sandbox::new();
    sandbox.write("script", sandbox.run(&["completions", shell]).success());
    run(Command::new(shell).arg(option).arg(sandbox.path("script")));
}
