// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Commands to copy. What they take is passed over by `fetch` unless a flag says that it will do, so they
//! have the flags that the release needs on the day of the page.

use super::files::Files;
use super::shown::Line;
use super::{Release, Site};
use crate::manifest::Format;
use crate::record::Names;
use crate::repository::{Entry, Wish, against, layout};

/// Fetches a release by what names it: its title, or its line.
pub(super) fn fetch(site: &Site, spec: &str, entry: Option<&Entry>) -> String {
    let reasons = entry.map(|entry| against(site.catalog, entry, site.today)).unwrap_or_default();
    let mut flags: Vec<&str> = reasons.iter().map(|reason| reason.flag()).collect();
    flags.dedup();
    let mut words = vec!["lustre-dist", "fetch", spec, "--from"];
    let base = quoted(base(site));
    words.push(&base);
    words.push("--unpack");
    words.extend(flags);
    words.join(" ")
}

/// Fetches the newest release of a line, by the line's id where it is one that goes on.
pub(super) fn fetch_newest(site: &Site, line: &Line, newest: &Entry) -> String {
    let title = newest.title();
    let goes_on = line.kernel.is_some() || line.eol.is_some();
    fetch(site, if goes_on { &line.id } else { &title }, Some(newest))
}

/// The flag that a release will need one day that does not need it yet.
pub(super) fn later(site: &Site, entry: &Entry) -> Option<&'static str> {
    let line = entry.line.as_ref().and_then(|id| site.catalog.lines.get(id))?;
    (line.eol.is_some() && !line.is_over(site.today)).then_some(Wish::PAST_END)
}

/// Fetches the smallest tarball and checks it with what every system has.
pub(super) fn plain(site: &Site, release: &Release, files: &Files) -> Option<String> {
    let line = release.listed.entry.line.as_deref();
    let download = |name: &str| {
        let url = format!("{}/{}", base(site), layout::escaped(&layout::file(line, name)));
        format!("curl -f -o {} {}", quoted(name), quoted(&url))
    };
    let sums = &files.sums;
    let mut lines = vec![download(files.smallest.as_ref()?), download(sums)];
    if let Some(signature) = &files.signed_sums {
        lines.push(download(signature));
        lines.push(format!("gpgv --keyring ./KEYS.gpg {} {}", quoted(signature), quoted(sums)));
    }
    lines.push(format!("sha256sum --check --ignore-missing {}", quoted(sums)));
    Some(lines.join("\n"))
}

/// Proves the tarball that `fetch` brings, by clones of its sources.
pub(super) fn prove(release: &Release) -> Option<String> {
    let names = Names::new(&release.listed.entry.title());
    let formats = [Format::Zstd, Format::Xz, Format::Gzip, Format::Tar].map(|format| names.artifact(format));
    let tarball = formats.iter().find(|name| release.files.iter().any(|file| file.name == **name))?;
    let sources = release.description.sources.keys().map(|name| format!(" --source {name}=CLONE"));
    Some(format!("lustre-dist verify {}{} --require-proof", quoted(tarball), sources.collect::<String>()))
}

/// Where nobody said where readers find the repository, whoever copies a command fills it in.
pub(super) fn base<'a>(site: &Site<'a>) -> &'a str {
    site.catalog.public_url.as_deref().unwrap_or("BASE")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,~".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_each_word_as_it_is() {
        assert_eq!(quoted("lustre-2.18.0+k6.12.58.tar.xz"), "lustre-2.18.0+k6.12.58.tar.xz");
        assert_eq!(quoted("file:///srv/it's here;"), r"'file:///srv/it'\''s here;'");
    }
}
