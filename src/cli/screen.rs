// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the user sees: answers on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use serde::Serialize;

use super::report;
use crate::model::{Class, Failure, Problem};
use crate::release;

/// How the screen is used; the same for every command.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Say nothing but the answer and errors
    #[arg(long, short, global = true)]
    quiet: bool,
    /// How to tell what is being done
    #[arg(long, global = true, value_enum, default_value_t = LogStyle::Auto, value_name = "STYLE")]
    log_style: LogStyle,
    /// When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    color: Colour,
}

/// How a long run tells what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogStyle {
    /// Bars on a terminal, plain lines elsewhere.
    Auto,
    /// Bars.
    Bars,
    /// Lines, for logs.
    Plain,
    /// One JSON object a line; errors too.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

/// The screen of one run.
#[derive(Debug)]
pub(super) struct Screen {
    /// No progress, no remarks.
    pub(super) quiet: bool,
    /// Never [`LogStyle::Auto`].
    pub(super) log_style: LogStyle,
    colour: bool,
    /// Whether the answer has colours too.
    colour_answer: bool,
}

impl Screen {
    pub(super) fn new(args: &Args) -> Self {
        let log_style = match args.log_style {
            LogStyle::Auto if io::stderr().is_terminal() => LogStyle::Bars,
            LogStyle::Auto => LogStyle::Plain,
            style => style,
        };
        let has_colour = |usual| match args.color {
            Colour::Auto => usual != anstream::ColorChoice::Never,
            Colour::Always => true,
            Colour::Never => false,
        };
        let colour = has_colour(anstream::AutoStream::choice(&io::stderr()));
        let colour_answer = has_colour(anstream::AutoStream::choice(&io::stdout()));
        Self { quiet: args.quiet, log_style, colour, colour_answer }
    }

    /// A part of the answer that is to catch the eye.
    pub(super) fn warning(&self, text: &str) -> String {
        if self.colour_answer { format!("\x1b[31m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Prints a part of the answer.
    pub(super) fn answer(&self, text: impl Display) {
        let mut out = io::stdout().lock();
        end_on_closed_pipe(write!(out, "{text}"));
    }

    /// Prints the answer as JSON.
    pub(super) fn json(&self, value: &impl Serialize) {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let written = serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from);
        end_on_closed_pipe(written.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()));
    }

    /// A remark on what happens, for people.
    pub(super) fn remark(&self, text: impl Display) {
        if self.quiet {
            return;
        }
        match self.log_style {
            LogStyle::Json => tell(serde_json::json!({ "remark": text.to_string() })),
            _ => tell(text),
        }
    }

    /// Prints what the work goes on in spite of.
    pub(super) fn warnings(&self, problems: &[Problem]) {
        if self.quiet || problems.is_empty() {
            return;
        }
        if self.log_style == LogStyle::Json {
            for problem in problems {
                tell(serde_json::json!({ "warning": as_json(problem) }));
            }
            return;
        }
        let style = if self.colour { report::Style::Colour } else { report::Style::Plain };
        let _ = io::stderr().lock().write_all(report::render_warnings(problems, style).as_bytes());
    }

    /// Prints why the command did not succeed.
    pub(super) fn failure(&self, failure: &Failure) {
        if failure.class == Class::NothingToDo {
            // An answer to who asked, no error.
            for problem in &failure.problems {
                self.remark(&problem.title);
                problem.help.iter().for_each(|help| self.remark(help));
            }
            return;
        }
        if self.log_style == LogStyle::Json {
            let problems: Vec<_> = failure.problems.iter().map(as_json).collect();
            let code = failure.class.exit_code();
            tell(serde_json::json!({ "error": { "exit_code": code, "problems": problems } }));
            return;
        }
        let style = if self.colour { report::Style::Colour } else { report::Style::Plain };
        let mut err = io::stderr().lock();
        // There is no other place to complain to.
        let _ = err.write_all(report::render(&failure.problems, style).as_bytes());
        if failure.problems.len() > 1 {
            let _ = writeln!(err, "\n{} problems", failure.problems.len());
        }
    }
}

fn as_json(problem: &Problem) -> serde_json::Value {
    let place = problem.place.as_ref().map(|place| {
        let (line, column) = place.line_column();
        serde_json::json!({ "file": place.source.name, "line": line, "column": column })
    });
    serde_json::json!({
        "title": problem.title, "place": place, "label": problem.label,
        "notes": problem.notes, "help": problem.help,
    })
}

/// `lustre-dist plan M | head` is not an error.
fn end_on_closed_pipe(written: io::Result<()>) {
    if let Err(error) = written {
        if error.kind() != io::ErrorKind::BrokenPipe {
            tell(format_args!("error: cannot write the answer: {error}"));
            std::process::exit(8);
        }
        std::process::exit(0);
    }
}

/// Set where a signal is how the user ends the command.
static IS_WAITED_FOR: AtomicBool = AtomicBool::new(false);

/// From now on a signal ends the process as it should end, and without a word.
pub(super) fn wait_for_a_signal() {
    IS_WAITED_FOR.store(true, Ordering::Relaxed);
}

/// On a signal that asks the process to end, removes what is half-done and ends at once, in the
/// middle of whatever the other threads do: an encoder may be busy for seconds.
pub(super) fn end_on_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    // A file that grows over the user's limit is an error of its write, not the end of the process.
    let _ = signal_hook::flag::register(SIGXFSZ, std::sync::Arc::default());
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            release::remove_all();
            if IS_WAITED_FOR.load(Ordering::Relaxed) {
                std::process::exit(0);
            }
            tell("\ninterrupted; nothing half-done was left");
            std::process::exit(130);
        }
    });
}

/// Waits for the signal that is ending the process, where one is: the failure of a run whose files
/// were taken away says nothing to anybody.
pub(super) fn wait_for_the_end() {
    while release::is_ending() {
        std::thread::park();
    }
}

/// A line on standard error. A reader that went away is no reason to stop: there may be files to
/// finish or to clean up.
pub(super) fn tell(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A number of bytes for people: three digits and a unit, in powers of 1000 as disks count.
pub(super) fn bytes(count: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{count} B")
    } else if value < 99.95 {
        format!("{value:.1} {}", units[unit])
    } else {
        format!("{value:.0} {}", units[unit])
    }
}
