// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A long run as the user sees it: bars on a terminal, lines in a log, objects for a program.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::screen::{LogStyle, Screen, bytes, tell};
use crate::archive::{Sum, Watch};
use crate::assemble::Progress;
use crate::manifest::Format;
use crate::model::Problem;
use crate::plan::Plan;
use crate::publish;

/// Tells what several releases do that are made at once: a line for each that begins or ends, and on
/// a terminal one bar for each that is being made.
pub(super) struct Lot {
    style: Option<LogStyle>,
    bars: MultiProgress,
}

impl Lot {
    pub(super) fn new(screen: &Screen) -> Self {
        Self { style: (!screen.quiet).then_some(screen.log_style), bars: MultiProgress::new() }
    }

    /// The teller of one release.
    pub(super) fn teller(&self, name: &str) -> OfLot {
        let bar = (self.style == Some(LogStyle::Bars)).then(|| {
            let bar = self.bars.add(ProgressBar::no_length().with_prefix(name.to_owned()));
            bar.set_style(bar_style("  {prefix:<24} [{bar:32}] {pos}/{len}"));
            bar
        });
        OfLot { style: self.style, name: name.to_owned(), bar }
    }

    /// Tells that a release is there, was there before, or failed.
    pub(super) fn ended(&self, name: &str, was_there: Option<bool>) {
        let word = match was_there {
            Some(false) => "done",
            Some(true) => "was there",
            None => "failed",
        };
        tell_in(self.style, &format!("{name}: {word}"), &serde_json::json!({ "name": name, "ended": word }));
    }

    /// Takes the bars off the screen.
    pub(super) fn end(&self) {
        let _ = self.bars.clear();
    }
}

/// The teller of one release among several.
pub(super) struct OfLot {
    style: Option<LogStyle>,
    name: String,
    bar: Option<ProgressBar>,
}

impl Progress for OfLot {
    fn warn(&self, warnings: &[Problem]) {
        let name = &self.name;
        for Problem { title, notes, .. } in warnings {
            let text = std::iter::once(title).chain(notes).map(String::as_str).collect::<Vec<_>>().join("; ");
            let said = format!("{name}: warning: {text}");
            let style = self.style.map(|style| if style == LogStyle::Bars { LogStyle::Plain } else { style });
            tell_in(style, &said, &serde_json::json!({ "name": name, "warning": text }));
        }
    }

    fn planned(&self, plan: &Plan, _: &[Format]) {
        let total = plan.entries.len();
        let name = &self.name;
        tell_in(
            self.style,
            &format!("{name}: planned {}: {total} members, {} excluded", plan.title, plan.excluded.len()),
            &serde_json::json!({ "name": name, "planned": plan.title, "members": total, "excluded": plan.excluded.len() }),
        );
        if let Some(bar) = &self.bar {
            bar.set_length(total as u64);
        }
    }
}

impl Watch for OfLot {
    fn made(&self, members: usize, _: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(members as u64);
        }
    }

    fn encoded(&self, _: Format, _: u64) {}

    fn finished(&self, _: Format, _: Sum) {}
}

impl Drop for OfLot {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn tell_in(style: Option<LogStyle>, text: &str, value: &serde_json::Value) {
    match style {
        Some(LogStyle::Plain) => tell(text),
        Some(LogStyle::Json) => tell(value),
        _ => {}
    }
}

fn bar_style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

/// How often a log gets a line.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Tells what `assemble` does.
pub(super) struct Reporter<'s> {
    screen: &'s Screen,
    style: Option<LogStyle>,
    total: AtomicUsize,
    members: AtomicUsize,
    bytes: AtomicU64,
    started: Instant,
    last_line: Mutex<Instant>,
    bars: Mutex<Bars>,
}

#[derive(Default)]
struct Bars {
    all: MultiProgress,
    members: Option<ProgressBar>,
    formats: Vec<(Format, ProgressBar)>,
}

impl<'s> Reporter<'s> {
    pub(super) fn new(screen: &'s Screen) -> Self {
        let now = Instant::now();
        Self {
            screen,
            style: (!screen.quiet).then_some(screen.log_style),
            total: AtomicUsize::new(0),
            members: AtomicUsize::new(0),
            bytes: AtomicU64::new(0),
            started: now,
            last_line: Mutex::new(now),
            bars: Mutex::new(Bars::default()),
        }
    }

    /// Takes the bars off the screen.
    pub(super) fn end(&self) {
        // A thread that panicked while it drew is no reason not to clear the screen.
        let bars = self.bars.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = bars.all.clear();
    }

    fn line(&self, text: &str, value: &serde_json::Value) {
        tell_in(self.style, text, value);
    }

    fn rate(&self, count: u64) -> String {
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        format!("{}/s", bytes((count as f64 / seconds) as u64))
    }
}

/// A line on a terminal that says what is going on, for work that tells nothing itself.
pub(super) struct Spinner(Option<ProgressBar>);

impl Spinner {
    pub(super) fn start(screen: &Screen, doing: String) -> Self {
        let is_shown = !screen.quiet && screen.log_style == LogStyle::Bars;
        Self(is_shown.then(|| {
            let bar = ProgressBar::new_spinner().with_message(doing);
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        }))
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Reporter<'_> {
    fn warn(&self, warnings: &[Problem]) {
        self.screen.warnings(warnings);
    }

    fn planned(&self, plan: &Plan, formats: &[Format]) {
        let total = plan.entries.len();
        self.total.store(total, Ordering::Relaxed);
        self.line(
            &format!("planned {}: {total} members, {} excluded", plan.title, plan.excluded.len()),
            &serde_json::json!({ "planned": plan.title, "members": total, "excluded": plan.excluded.len() }),
        );
        if self.style != Some(LogStyle::Bars) {
            return;
        }
        let mut bars = self.bars.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let members = bars.all.add(ProgressBar::new(total as u64).with_prefix("members"));
        members.set_style(bar_style("  {prefix:<8} [{bar:32}] {pos}/{len}  {msg}"));
        for &format in formats {
            let bar = bars.all.add(ProgressBar::no_length().with_prefix(format.extension()));
            bar.set_style(bar_style(
                "  {prefix:<8} {spinner} {decimal_bytes} of the tar, {decimal_bytes_per_sec}",
            ));
            bar.enable_steady_tick(Duration::from_millis(120));
            bars.formats.push((format, bar));
        }
        bars.members = Some(members);
    }
}

impl Watch for Reporter<'_> {
    fn made(&self, members: usize, count: u64) {
        let members = self.members.fetch_add(members, Ordering::Relaxed) + members;
        let count = self.bytes.fetch_add(count, Ordering::Relaxed) + count;
        match self.style {
            Some(LogStyle::Bars) => {
                let bars = self.bars.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if let Some(bar) = &bars.members {
                    bar.set_position(members as u64);
                    bar.set_message(format!("{}, {}", bytes(count), self.rate(count)));
                }
            }
            Some(LogStyle::Plain | LogStyle::Json) => {
                let mut last = self.last_line.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if last.elapsed() >= LOG_EVERY {
                    *last = Instant::now();
                    let total = self.total.load(Ordering::Relaxed);
                    self.line(
                        &format!("{members}/{total} members, {}, {}", bytes(count), self.rate(count)),
                        &serde_json::json!({ "members": members, "of": total, "bytes": count }),
                    );
                }
            }
            _ => {}
        }
    }

    fn encoded(&self, format: Format, count: u64) {
        if self.style == Some(LogStyle::Bars) {
            let bars = self.bars.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some((_, bar)) = bars.formats.iter().find(|(other, _)| *other == format) {
                bar.inc(count);
            }
        }
    }

    fn finished(&self, format: Format, sum: Sum) {
        let extension = format.extension();
        self.line(
            &format!("wrote {extension}: {}, sha256 {}", bytes(sum.size), sum.sha256),
            &serde_json::json!({ "wrote": extension, "size": sum.size, "sha256": sum.sha256 }),
        );
        let bars = self.bars.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, bar)) = bars.formats.iter().find(|(other, _)| *other == format) {
            bar.finish_with_message("done");
        }
    }
}

/// Tells how far files are on their way to a repository and back.
pub(super) struct Transfers {
    style: Option<LogStyle>,
    now: Mutex<Option<Transfer>>,
}

/// One step that moves files.
struct Transfer {
    started: Instant,
    last_line: Instant,
    of: u64,
    moved: u64,
    bar: Option<ProgressBar>,
}

impl Transfers {
    pub(super) fn new(screen: &Screen) -> Self {
        Self { style: (!screen.quiet).then_some(screen.log_style), now: Mutex::default() }
    }

    fn now(&self) -> std::sync::MutexGuard<'_, Option<Transfer>> {
        self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Takes the bar off the screen.
    pub(super) fn end(&self) {
        if let Some(bar) = self.now().take().and_then(|transfer| transfer.bar) {
            bar.finish_and_clear();
        }
    }
}

impl publish::Progress for Transfers {
    fn begins(&self, step: publish::Step, files: usize, of: u64) {
        let bar = (self.style == Some(LogStyle::Bars)).then(|| {
            let bar = ProgressBar::new(of).with_prefix(step.word());
            bar.set_style(bar_style(
                "  {prefix:<8} [{bar:32}] {decimal_bytes}/{decimal_total_bytes}, {decimal_bytes_per_sec}",
            ));
            bar
        });
        let now = Instant::now();
        *self.now() = Some(Transfer { started: now, last_line: now, of, moved: 0, bar });
        let word = step.word();
        tell_in(
            self.style,
            &format!("{word}: {files} files, {}", bytes(of)),
            &serde_json::json!({ "step": word, "files": files, "bytes": of }),
        );
    }

    fn moved(&self, count: u64) {
        let mut now = self.now();
        let Some(transfer) = now.as_mut() else { return };
        transfer.moved += count;
        if let Some(bar) = &transfer.bar {
            bar.inc(count);
        } else if transfer.last_line.elapsed() >= LOG_EVERY {
            transfer.last_line = Instant::now();
            let Transfer { moved, of, .. } = *transfer;
            let rate = transfer.rate();
            tell_in(
                self.style,
                &format!("{} of {}, {}/s", bytes(moved), bytes(of), bytes(rate)),
                &serde_json::json!({ "bytes": moved, "of": of, "bytes_per_second": rate }),
            );
        }
    }

    fn done(&self, step: publish::Step) {
        let Some(transfer) = self.now().take() else { return };
        if let Some(bar) = &transfer.bar {
            bar.finish_and_clear();
        }
        let seconds = transfer.started.elapsed().as_secs_f64();
        let (word, rate) = (step.word(), transfer.rate());
        tell_in(
            self.style,
            &format!("{word}: done in {seconds:.2} s, {}/s", bytes(rate)),
            &serde_json::json!({ "step": word, "seconds": seconds, "bytes_per_second": rate }),
        );
    }
}

impl Transfer {
    fn rate(&self) -> u64 {
        (self.moved as f64 / self.started.elapsed().as_secs_f64().max(0.001)) as u64
    }
}
