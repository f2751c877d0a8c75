// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

mod kernels;

use jiff::civil::date;

use super::*;
use crate::cli::report::{Style, render};
use crate::kernel::top_entry;
use crate::model::{Moniker, Sha256, SourceDate};
use crate::repository::{KernelsKey, LineEntry, Retraction};

const TODAY: Date = date(2026, 11, 23);

fn entry(name: &str, version: &str, line: Option<&str>) -> Entry {
    Entry {
        name: name.into(),
        version: version.parse().unwrap(),
        line: line.map(str::to_owned),
        date: SourceDate(1_785_662_047),
        identity: Sha256::of(version.as_bytes()),
        supports: None,
        kernels: None,
        sums: None,
        retracted: None,
    }
}

fn add(catalog: &mut Catalog, entry: Entry) {
    let listed = Listed { length: 1, sha256: entry.identity, entry };
    catalog.releases.insert(listed.entry.title(), listed);
}

fn retract(catalog: &mut Catalog, title: &str, reason: &str) {
    let retraction = Retraction { on: date(2026, 11, 20), reason: reason.into() };
    catalog.releases.get_mut(title).unwrap().entry.retracted = Some(retraction);
}

fn line(catalog: &mut Catalog, id: &str, kernel: &str, eol: Date) {
    let kernel = kernel.parse().ok();
    catalog.lines.insert(id.into(), LineEntry { kernel, moniker: Some(Moniker::Longterm), eol: Some(eol) });
}

/// The branches of Lustre as they are, and 2.18 on three lines, of which one is over.
fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    for version in ["2.15.7", "2.15.8", "2.15.8+r2", "2.16.1", "2.17.0-RC4", "2.17.0", "2.17.57"] {
        add(&mut catalog, entry("lustre", version, None));
    }
    for (version, id) in [
        ("2.18.0+k6.12.57", "lts-6.12"),
        ("2.18.0+k6.12.58", "lts-6.12"),
        ("2.18.0+k6.16.12", "lts-6.16"),
        ("2.18.0+k6.18.1", "lts-6.18"),
        ("2.18.1-RC1+k6.18.2", "lts-6.18"),
    ] {
        add(&mut catalog, entry("lustre", version, Some(id)));
    }
    line(&mut catalog, "lts-6.12", "6.12", date(2028, 12, 31));
    line(&mut catalog, "lts-6.16", "6.16", date(2026, 10, 1));
    line(&mut catalog, "lts-6.18", "6.18", date(2027, 12, 31));
    catalog
}

fn wish(spec: &str) -> Wish {
    Wish { spec: spec.parse().unwrap(), ..Wish::default() }
}

fn on(spec: &str, kernel: &str) -> Wish {
    Wish { kernel: Some(kernel.parse().unwrap()), ..wish(spec) }
}

fn told(catalog: &Catalog, tables: Option<&KernelTables>, wish: &Wish) -> String {
    match choose(catalog, tables, wish, TODAY) {
        Ok(choice) => format!("{}: {}", choice.version, choice.why),
        Err(failure) => format!("{:?}\n{}", failure.class, render(&failure.problems, Style::Plain)),
    }
}

/// What was chosen and why, or the error, one under the other.
fn all(catalog: &Catalog, tables: Option<&KernelTables>, wishes: &[Wish]) -> String {
    let mut text = String::new();
    for wish in wishes {
        let kernel = wish.kernel.as_ref().map(|kernel| format!(" on {kernel}")).unwrap_or_default();
        text.push_str(&format!(
            "{}{kernel}\n  {}\n",
            wish.spec,
            told(catalog, tables, wish).replace('\n', "\n  ")
        ));
    }
    text
}

#[test]
fn what_replaced_a_retracted_release_is_named() {
    let mut catalog = catalog();
    retract(&mut catalog, "lustre-2.15.8", "wrong signature");
    insta::assert_snapshot!(all(&catalog, None, &["2.15.8", "lustre-2.15.8", "~2.15.8"].map(wish)), @"
    2.15.8
      Usage
      error: lustre-2.15.8 is passed over
       = note: lustre-2.15.8 is retracted since 2026-11-20 (wrong signature)
       = help: fetch lustre-2.15.8+r2, which nothing speaks against; to get lustre-2.15.8 all the same, add `--fetch-retracted`
      
    lustre-2.15.8
      Usage
      error: lustre-2.15.8 is passed over
       = note: lustre-2.15.8 is retracted since 2026-11-20 (wrong signature)
       = help: fetch lustre-2.15.8+r2, which nothing speaks against; to get lustre-2.15.8 all the same, add `--fetch-retracted`
      
    ~2.15.8
      2.15.8+r2: the only release that `~2.15.8` allows
    ");
}

#[test]
fn the_newest_that_fits_is_chosen_and_why() {
    let specs = [
        "2.15.8",
        "2.15.8+r2",
        "lustre-2.16.1",
        "v2_17_0",
        "~2.15",
        "~2.15.8",
        "2.15",
        ">=2.15, <2.17",
        "^2.17",
        "lts-6.12",
        "lts-6.18",
        "latest",
    ];
    insta::assert_snapshot!(all(&catalog(), None, &specs.map(wish)), @"
    2.15.8
      2.15.8: the version that was asked for
    2.15.8+r2
      2.15.8+r2: the version that was asked for
    lustre-2.16.1
      2.16.1: the release that was asked for
    2.17.0
      2.17.0: the version that was asked for
    ~2.15
      2.15.8+r2: the newest of 3 releases that `~2.15` allows
    ~2.15.8
      2.15.8+r2: the newest of 2 releases that `~2.15.8` allows
    2.15
      2.15.8+r2: the newest of 3 releases that `2.15` allows
    >=2.15, <2.17
      2.16.1: the newest of 4 releases that `>=2.15, <2.17` allows
    ^2.17
      2.18.0+k6.18.1: the newest of 4 releases that `^2.17` allows; lustre-2.18.1-RC1+k6.18.2 is newer (--pre)
    lts-6.12
      2.18.0+k6.12.58: the newest of 2 releases of the line lts-6.12
    lts-6.18
      2.18.0+k6.18.1: the only release of the line lts-6.18; lustre-2.18.1-RC1+k6.18.2 is newer (--pre)
    latest
      2.18.0+k6.18.1: the newest of all 8 releases; lustre-2.18.1-RC1+k6.18.2 is newer (--pre)
    ");
}

#[test]
fn what_nobody_gets_unasked_is_passed_over() {
    let mut catalog = catalog();
    retract(&mut catalog, "lustre-2.18.0+k6.12.58", "mkfs.lustre\nloses\u{1b}[2J data");
    retract(&mut catalog, "lustre-2.15.8+r2", "wrong signature");
    retract(&mut catalog, "lustre-2.17.57", "does not build");
    let specs = [
        "lts-6.12",
        "2.18.0+k6.12.58",
        "2.17.57",
        "2.18.1-RC1",
        "2.17.0-RC4",
        "lts-6.16",
        "~2.15",
        "~2.17.50",
    ];
    insta::assert_snapshot!(all(&catalog, None, &specs.map(wish)), @"
    lts-6.12
      2.18.0+k6.12.57: the only release of the line lts-6.12; passed over: lustre-2.18.0+k6.12.58, retracted since 2026-11-20 (mkfs.lustre loses [2J data)
    2.18.0+k6.12.58
      Usage
      error: lustre-2.18.0+k6.12.58 is passed over
       = note: lustre-2.18.0+k6.12.58 is retracted since 2026-11-20 (mkfs.lustre loses [2J data)
       = help: fetch lustre-2.18.0+k6.12.57, which nothing speaks against; to get lustre-2.18.0+k6.12.58 all the same, add `--fetch-retracted`
      
    2.17.57
      Usage
      error: lustre-2.17.57 is passed over
       = note: lustre-2.17.57 is a development snapshot, and is retracted since 2026-11-20 (does not build)
       = help: to get it all the same, add `--fetch-retracted` and `--pre`
      
    2.18.1-RC1
      Usage
      error: lustre-2.18.1-RC1+k6.18.2 is passed over
       = note: lustre-2.18.1-RC1+k6.18.2 is a release candidate
       = help: to get it all the same, add `--pre`
      
    2.17.0-RC4
      Usage
      error: lustre-2.17.0-RC4 is passed over
       = note: lustre-2.17.0-RC4 is a release candidate
       = help: to get it all the same, add `--pre`
      
    lts-6.16
      Usage
      error: lustre-2.18.0+k6.16.12 is passed over
       = note: lustre-2.18.0+k6.16.12 is of the line lts-6.16, which was maintained until 2026-10-01
       = help: to get it all the same, add `--fetch-past-end-of-life`
      
    ~2.15
      2.15.8: the newest of 2 releases that `~2.15` allows; passed over: lustre-2.15.8+r2, retracted since 2026-11-20 (wrong signature)
    ~2.17.50
      Usage
      error: lustre-2.17.57 is passed over
       = note: lustre-2.17.57 is a development snapshot, and is retracted since 2026-11-20 (does not build)
       = help: to get it all the same, add `--fetch-retracted` and `--pre`
    ");
    // Each flag lets in what it says and nothing else.
    let with = |spec: &str, preview, retracted, past_end| Wish { preview, retracted, past_end, ..wish(spec) };
    let wishes = [
        with("latest", true, false, false),
        with("2.17.57", true, false, false),
        with("2.17.57", true, true, false),
        with("lts-6.16", true, true, false),
        with("lts-6.16", false, false, true),
        with("lts-6.12", false, true, false),
        with("2.17", true, false, true),
    ];
    insta::assert_snapshot!(all(&catalog, None, &wishes), @"
    latest
      2.18.1-RC1+k6.18.2: the newest of all 8 releases; it is a release candidate
    2.17.57
      Usage
      error: lustre-2.17.57 is passed over
       = note: lustre-2.17.57 is retracted since 2026-11-20 (does not build)
       = help: to get it all the same, add `--fetch-retracted`
      
    2.17.57
      2.17.57: the version that was asked for; it is a development snapshot; it is retracted since 2026-11-20 (does not build)
    lts-6.16
      Usage
      error: lustre-2.18.0+k6.16.12 is passed over
       = note: lustre-2.18.0+k6.16.12 is of the line lts-6.16, which was maintained until 2026-10-01
       = help: to get it all the same, add `--fetch-past-end-of-life`
      
    lts-6.16
      2.18.0+k6.16.12: the only release of the line lts-6.16; it is of the line lts-6.16, which was maintained until 2026-10-01
    lts-6.12
      2.18.0+k6.12.58: the newest of 2 releases of the line lts-6.12; it is retracted since 2026-11-20 (mkfs.lustre loses [2J data)
    2.17
      2.17.0: the newest of 2 releases that `2.17` allows; lustre-2.17.57 is newer (--pre)
    ");
}

#[test]
fn errors_say_what_there_is() {
    let mut catalog = catalog();
    let specs = [
        "2.15.9",
        "2.19.0",
        "^3",
        "2.18.0+k6.12.5",
        "6.12",
        "lts6.12",
        "mainlin",
        "lts-5.15",
        "lustre-2.17.1",
        "lustr-2.17.0",
        "2.18.0",
    ];
    insta::assert_snapshot!(all(&catalog, None, &specs.map(wish)), @"
    2.15.9
      Usage
      error: the repository has no release that fits `2.15.9`
       = note: of 2.15 it has 2.15.8+r2, 2.15.8, 2.15.7
       = help: `lustre-dist ls` shows what there is
      
    2.19.0
      Usage
      error: the repository has no release that fits `2.19.0`
       = note: it has 2.18.1-RC1+k6.18.2, 2.18.0+k6.18.1, 2.18.0+k6.16.12, 2.18.0+k6.12.58, 2.18.0+k6.12.57 and 7 more
       = help: `lustre-dist ls` shows what there is
      
    ^3
      Usage
      error: the repository has no release that fits `^3`
       = note: it has 2.18.1-RC1+k6.18.2, 2.18.0+k6.18.1, 2.18.0+k6.16.12, 2.18.0+k6.12.58, 2.18.0+k6.12.57 and 7 more
       = help: `lustre-dist ls` shows what there is
      
    2.18.0+k6.12.5
      Usage
      error: the repository has no release that fits `2.18.0+k6.12.5`
       = note: of 2.18.0 it has 2.18.0+k6.18.1, 2.18.0+k6.16.12, 2.18.0+k6.12.58, 2.18.0+k6.12.57
       = help: `lustre-dist ls` shows what there is
      
    6.12
      Usage
      error: the repository has no release that fits `6.12`
       = note: it has 2.18.1-RC1+k6.18.2, 2.18.0+k6.18.1, 2.18.0+k6.16.12, 2.18.0+k6.12.58, 2.18.0+k6.12.57 and 7 more
       = help: did you mean `lts-6.12`?
      
    lts6.12
      Usage
      error: the repository has no release of a line `lts6.12`
       = note: its lines are lts-6.12, lts-6.16, lts-6.18
       = help: did you mean `lts-6.12`?
      
    mainlin
      Usage
      error: the repository has no release of a line `mainlin`
       = note: its lines are lts-6.12, lts-6.16, lts-6.18
       = help: `lustre-dist ls` shows what there is
      
    lts-5.15
      Usage
      error: the repository has no release of a line `lts-5.15`
       = note: its lines are lts-6.12, lts-6.16, lts-6.18
       = help: `lustre-dist ls` shows what there is
      
    lustre-2.17.1
      Usage
      error: the repository has no release `lustre-2.17.1`
       = note: it has 2.18.1-RC1+k6.18.2, 2.18.0+k6.18.1, 2.18.0+k6.16.12, 2.18.0+k6.12.58, 2.18.0+k6.12.57 and 7 more
       = help: `lustre-dist ls` shows what there is
      
    lustr-2.17.0
      Usage
      error: the repository has no release `lustr-2.17.0`
       = note: it has 2.18.1-RC1+k6.18.2, 2.18.0+k6.18.1, 2.18.0+k6.16.12, 2.18.0+k6.12.58, 2.18.0+k6.12.57 and 7 more
       = help: did you mean `lustre-2.17.0`?
      
    2.18.0
      Usage
      error: 2.18.0 was released on 2 lines
       = note: 2.18.0+k6.12.58  lts-6.12
       = note: 2.18.0+k6.18.1  lts-6.18
       = help: they carry the code of different kernels: give one of these versions, or the kernel with `--kernel`
    ");
    // What speaks against all lines but one leaves nothing to ask.
    retract(&mut catalog, "lustre-2.18.0+k6.18.1", "wrong");
    assert!(told(&catalog, None, &wish("2.18.0")).starts_with("2.18.0+k6.12.58: "));
    add(&mut catalog, entry("lustre-demo", "2.17.0", None));
    let named = |name: &str| Wish { name: Some(name.into()), ..wish("2.17.0") };
    insta::assert_snapshot!(
        all(&catalog, None, &[wish("2.17.0"), named("lustre-demo"), named("lustre-dmo")]),
        @"
    2.17.0
      Usage
      error: `2.17.0` fits releases of several names
       = note: the newest of each: lustre-2.17.0, lustre-demo-2.17.0
       = help: say which with `--name`, such as `--name lustre`, or give a whole title
      
    2.17.0
      2.17.0: the version that was asked for
    2.17.0
      Usage
      error: the repository has nothing of the name `lustre-dmo`
       = help: it has lustre, lustre-demo
    "
    );
    insta::assert_snapshot!(told(&Catalog::default(), None, &wish("latest")), @"
    Usage
    error: the repository has no release yet
     = help: ask its keeper, or name another one with `--from`
    ");
}

/// Whatever is asked for: what is chosen fits, nothing speaks against it, and nothing better was free.
#[test]
fn every_choice_among_many_is_right() {
    use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let mut below = move |most: u32| random.next_u32() % most;
    for _ in 0..300 {
        let mut catalog = catalog();
        for _ in 0..below(40) {
            let kernel = below(4);
            let series = ["", "+k6.12.", "+k6.16.", "+k6.18."][kernel as usize];
            let build = if kernel == 0 { String::new() } else { format!("{series}{}", 1 + below(30)) };
            let candidate = if below(5) == 0 { format!("-RC{}", 1 + below(12)) } else { String::new() };
            let version =
                format!("2.{}.{}{candidate}{build}", 15 + below(4), [0, 1, 2, 9, 50, 57][below(6) as usize]);
            let line = ["", "lts-6.12", "lts-6.16", "lts-6.18"][kernel as usize];
            let mut entry = entry("lustre", &version, (kernel > 0).then_some(line));
            if below(4) == 0 {
                entry.retracted = Some(Retraction { on: TODAY, reason: "wrong".into() });
            }
            add(&mut catalog, entry);
        }
        let specs = [
            "latest",
            "^2.16",
            "~2.17",
            "2.18",
            "lts-6.12",
            "lts-6.16",
            ">=2.15.8, <2.18",
            "mainline",
            "2.17.0",
        ];
        let wish = Wish {
            preview: below(2) == 0,
            retracted: below(2) == 0,
            past_end: below(2) == 0,
            ..wish(specs[below(9) as usize])
        };
        let fits = |entry: &Entry| {
            wish.spec.fits(entry)
                && (wish.preview || entry.version.is_stable())
                && (wish.retracted || entry.retracted.is_none())
                && (wish.past_end || entry.line.as_deref() != Some("lts-6.16"))
        };
        let newest = catalog.all().into_iter().rfind(|listed| fits(&listed.entry));
        let chosen = choose(&catalog, None, &wish, TODAY);
        if wish.spec.is_base() {
            // Exact, or asked back; the other tests have it.
            assert!(chosen.is_err() || fits(&chosen.unwrap().listed.entry));
        } else {
            assert_eq!(chosen.as_ref().ok().map(|choice| &choice.listed), newest, "{wish:?}");
        }
    }
}
