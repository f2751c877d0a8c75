// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Manifests, locks, tags and versions, patches, feeds and change logs: a reader answers or names what
//! is wrong at a place that is there, and what it took is the same when it is written and read again.

use std::path::{Path, PathBuf};

use lustre_dist::lock::Lock;
use lustre_dist::model::version::{
    Development, KernelRange, KernelRelease, KernelSeries, KernelVersion, LustreVersion, ReleaseVersion,
    TagPattern,
};
use lustre_dist::model::{PathGlob, Problem, SourceText, TarPath};
use lustre_dist::record::Sums;
use lustre_dist::{cli, kernel, line, manifest, patch};

use super::fuzz;

fn text_of(name: &str) -> String {
    let path = format!("{}/manifests/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).expect(&path)
}

fn source(bytes: &[u8]) -> SourceText {
    SourceText { name: "fuzzed".to_owned(), text: String::from_utf8_lossy(bytes).into_owned() }
}

/// Refusals have a reason, their places are in the text, and they can be drawn.
fn told(problems: &[Problem]) {
    assert!(!problems.is_empty(), "refused without a reason");
    for problem in problems {
        assert!(!problem.title.is_empty());
        if let Some(place) = &problem.place {
            let (text, span) = (&place.source.text, &place.span);
            assert!(text.get(span.clone()).is_some(), "{span:?} of {} bytes: {}", text.len(), problem.title);
        }
    }
    let drawn = cli::report::render(problems, cli::report::Style::Plain);
    assert!(!drawn.contains(|c: char| c.is_control() && c != '\n'), "{drawn:?}");
}

#[test]
fn manifests() {
    let corpus = ["demo.toml", "lustre-2.17.toml", "lts-6.12.toml", "lustre-split.toml"].map(text_of);
    let mut accepted = 0;
    fuzz(11, 3000, &corpus, |bytes| match manifest::read(source(bytes), PathBuf::from("m")) {
        Ok(_) => accepted += 1,
        Err(problems) => told(&problems),
    });
    assert!(accepted > 4, "{accepted}");
}

#[test]
fn tables_of_kernels() {
    fuzz(12, 3000, &[text_of("kernels.toml")], |bytes| {
        if let Err(problems) = manifest::read_kernels(source(bytes)) {
            told(&problems);
        }
    });
}

#[test]
fn locks() {
    let corpus = ["demo.lock", "lustre-2.17.lock", "lustre-split.lock"].map(text_of);
    let mut accepted = 0;
    fuzz(13, 6000, &corpus, |bytes| match Lock::parse(Path::new("m.lock"), bytes) {
        Ok(lock) => {
            accepted += 1;
            let again = Lock::from_text(Path::new("m.lock"), lock.to_text()).expect("what was written");
            assert_eq!(again, lock);
        }
        Err(failure) => told(&failure.problems),
    });
    assert!(accepted > 3, "{accepted}");
}

#[test]
fn tags_and_versions() {
    let corpus = [
        "2.17.57",
        "2.15.8-RC1",
        "2.17.0",
        "v2_17_57",
        "v2_15_0_RC4",
        "2.18.0-RC2+git12.gabcdef012345.k6.12.rc1.r2.acme.3",
        "v6.12.41",
        "v6.18-rc6",
        "6.12",
        "6.12.57",
        "v6.12.*",
        "2.15.*",
        "v2_17_*",
        ">=4.18, <7.1",
        ">=5.4, <6.13, <7",
        "5.14.0-611.55.1.el9_7.x86_64",
        "6.12.117+deb12-amd64",
        "6.8.0-101-generic",
        "git12.gabcdef012345",
        "v2_17_57-12-gabcdef012345",
        "lustre/kernel_patches/**",
        "a/b.c",
    ];
    let mut accepted = 0;
    fuzz(14, 60_000, &corpus, |bytes| {
        let text = &*String::from_utf8_lossy(bytes);
        macro_rules! same {
            ($type:ty) => {
                match <$type>::parse(text) {
                    Ok(version) => {
                        accepted += 1;
                        let shown = version.to_string();
                        assert_eq!(<$type>::parse(&shown).as_ref(), Ok(&version), "{text:?} {shown:?}");
                    }
                    Err(error) => {
                        assert!(text.is_char_boundary(error.position()), "{text:?}: {error}");
                        assert!(!error.to_string().contains(char::is_control), "{error:?}");
                    }
                }
            };
        }
        same!(LustreVersion);
        same!(ReleaseVersion);
        same!(KernelVersion);
        same!(KernelSeries);
        same!(KernelRelease);
        same!(KernelRange);
        same!(TagPattern);
        same!(Development);
        if let Some(version) = LustreVersion::from_tag(text) {
            assert_eq!(LustreVersion::from_tag(&version.tag()), Some(version), "{text:?}");
        }
        if let Some(version) = KernelVersion::from_tag(text) {
            assert_eq!(KernelVersion::from_tag(&format!("v{version}")), Some(version), "{text:?}");
        }
        if let Some(version) = ReleaseVersion::from_describe(text) {
            assert_eq!(ReleaseVersion::parse(&version.to_string()).as_ref(), Ok(&version), "{text:?}");
        }
        if let Ok(release) = KernelRelease::parse(text) {
            _ = kernel::recognised(&release);
        }
        if let Ok(path) = TarPath::new(text) {
            let odd = |part: &str| part.is_empty() || part == ".." || part == "." || part == ".git";
            assert!(!text.split('/').any(odd) && !text.contains(char::is_control), "{text:?}");
            assert_eq!(path.as_str(), text);
        }
        if let Ok(glob) = PathGlob::new(text) {
            assert_eq!(glob.to_string(), text);
        }
    });
    assert!(accepted > 500, "{accepted}");
}

#[test]
fn patches() {
    let mut corpus = ["compat-generic_fillattr.patch", "lnetnid-json.patch", "test-lnetnid-json.patch"]
        .map(|name| text_of(&format!("demo/patches/{name}")))
        .to_vec();
    corpus.push(
        "diff --git a/x b/y\nsimilarity index 90%\nrename from x\nrename to y\nindex 0123456..89abcde 100644\n\
         --- a/x\n+++ b/y\n@@ -1,2 +1,2 @@ f()\n one\n-two\n+three\n\\ No newline at end of file\n\
         diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+to\n\\ No newline at end of file\n"
            .to_owned(),
    );
    let mut accepted = 0;
    fuzz(15, 8000, &corpus, |bytes| {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
        match patch::parse("p.patch", bytes) {
            Ok(patch) => {
                accepted += 1;
                for change in &patch.files {
                    let odd =
                        |part: &[u8]| part.is_empty() || part == b".." || part.eq_ignore_ascii_case(b".git");
                    assert!(!change.path().split(|byte| *byte == b'/').any(odd), "{change:?}");
                }
            }
            Err(problems) => {
                assert!(!problems.is_empty());
                let beyond =
                    problems.iter().find(|problem| problem.line.is_some_and(|line| line > lines + 1));
                assert!(beyond.is_none(), "{beyond:?} of {lines} lines: {}", String::from_utf8_lossy(bytes));
            }
        }
        _ = patch::parse_series("series", bytes);
    });
    assert!(accepted > 100, "{accepted}");
}

#[test]
fn series() {
    let corpus =
        ["# first\na.patch\nb/c.patch -p0\n\nd.patch # why\n".to_owned(), text_of("demo/patches/series")];
    fuzz(16, 8000, &corpus, |bytes| {
        if let Err(problems) = patch::parse_series("series", bytes) {
            assert!(!problems.is_empty());
        }
    });
}

#[test]
fn feeds() {
    let today = jiff::civil::date(2026, 11, 23);
    let mut accepted = 0;
    fuzz(17, 2500, &[crate::feed::RELEASES], |bytes| match line::Feed::from_json(source(bytes), today) {
        Ok(_) => accepted += 1,
        Err(problems) => told(&problems),
    });
    assert!(accepted > 1, "{accepted}");
}

#[test]
fn change_logs() {
    let corpus = [crate::kernels::OF_2_15, crate::kernels::OF_2_18];
    fuzz(18, 20_000, &corpus, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Some(entry) = kernel::top_entry(&text) {
            assert!((entry.line as usize) <= text.lines().count());
            _ = entry.version();
        }
    });
}

#[test]
fn checksums() {
    let corpus = [format!("{}  a.tar\n{}  a.release.json\n", "0".repeat(64), "ab".repeat(32))];
    fuzz(19, 20_000, &corpus, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(sums) = Sums::parse(&text) {
            assert_eq!(Sums::parse(&sums.to_text()), Ok(sums.clone()));
            assert!(sums.0.keys().all(|name| !name.contains(|c: char| c == '/' || c.is_control())));
        }
    });
}
