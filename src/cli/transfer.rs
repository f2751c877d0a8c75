// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A fetch as the user sees it: a bar with the rate on a terminal, lines in a log.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::screen::{LogStyle, Screen, bytes, tell};
use crate::fetch::{Address, Watch};

/// How often a log gets a line.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Files that are small are not worth a line.
const WORTH_A_BAR: u64 = 1 << 20;

/// Tells what is fetched.
pub(super) struct Transfer<'s> {
    screen: &'s Screen,
    file: Mutex<Option<Now>>,
}

/// The file that is being fetched.
struct Now {
    name: String,
    length: Option<u64>,
    /// How many bytes were there when this run began with it.
    had: u64,
    have: u64,
    began: Instant,
    told: Instant,
    bar: Option<ProgressBar>,
}

impl<'s> Transfer<'s> {
    pub(super) fn new(screen: &'s Screen) -> Self {
        Self { screen, file: Mutex::new(None) }
    }

    fn now(&self) -> MutexGuard<'_, Option<Now>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, text: &str, value: serde_json::Value) {
        match self.screen.log_style {
            _ if self.screen.quiet => {}
            LogStyle::Json => tell(value),
            _ => tell(text),
        }
    }
}

impl Now {
    fn rate(&self) -> u64 {
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        ((self.have - self.had) as f64 / seconds) as u64
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Watch for Transfer<'_> {
    fn passed_over(&self, address: &Address, what: &str, why: &str) {
        if let Some(now) = &mut *self.now() {
            now.end();
        }
        let value = serde_json::json!({ "passed_over": address.to_string(), "what": what, "why": why });
        self.line(&format!("{address} does not give {what}: {why}; asking the next"), value);
    }

    fn waits(&self, file: &str) {
        let value = serde_json::json!({ "waits_for": file });
        self.line(&format!("waiting for another run that fetches {file}"), value);
    }

    fn begins(&self, file: &str, length: Option<u64>, have: u64) {
        let is_large = length.is_none_or(|length| length >= WORTH_A_BAR);
        if have > 0 {
            let value = serde_json::json!({ "resumes": file, "at": have, "of": length });
            self.line(&format!("resuming {file} at {}", bytes(have)), value);
        }
        let bar = (is_large && !self.screen.quiet && self.screen.log_style == LogStyle::Bars).then(|| {
            let template =
                "  {prefix} [{bar:24}] {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta}";
            let style =
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = length.map_or_else(ProgressBar::no_length, ProgressBar::new);
            bar.set_style(style.progress_chars("=> "));
            bar.set_prefix(file.to_owned());
            bar.set_position(have);
            bar.reset_eta();
            bar
        });
        let (began, name) = (Instant::now(), file.to_owned());
        if let Some(mut before) =
            self.now().replace(Now { name, length, had: have, have, began, told: began, bar })
        {
            before.end();
        }
    }

    fn moved(&self, count: u64) {
        let mut now = self.now();
        let Some(now) = &mut *now else { return };
        now.have += count;
        if let Some(bar) = &now.bar {
            bar.inc(count);
        } else if now.told.elapsed() >= LOG_EVERY && self.screen.log_style != LogStyle::Bars {
            now.told = Instant::now();
            let of = now.length.map_or_else(String::new, |length| format!(" of {}", bytes(length)));
            let value = serde_json::json!({ "fetching": now.name, "have": now.have, "of": now.length, "rate": now.rate() });
            self.line(&format!("{}: {}{of}, {}/s", now.name, bytes(now.have), bytes(now.rate())), value);
        }
    }

    fn ends(&self, _: &str) {
        if let Some(mut now) = self.now().take() {
            now.end();
        }
    }
}

impl Drop for Transfer<'_> {
    fn drop(&mut self) {
        if let Some(mut now) = self.now().take() {
            now.end();
        }
    }
}
