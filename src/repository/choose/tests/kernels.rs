// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a running kernel makes of the choice.

use super::*;

/// Two releases of Lustre with the kernels that their change logs list.
fn tables(catalog: &mut Catalog) -> KernelTables {
    let mut tables = KernelTables::default();
    let mut give = |catalog: &mut Catalog, base: &str, tested: &str, known: &str| {
        let log = format!(
            "2025-12-29 Example\n * version {base}\n * Client primary kernels built and tested during release \
             cycle:\n{tested} * Other clients known to build on these kernels at some point:\n{known} * \
             Server primary kernels built and tested during release cycle:\n   4.18.0-553.89.1.el8 (RHEL8.10)\n"
        );
        let key = tables.add(top_entry(&log).unwrap().into());
        for listed in catalog.releases.values_mut() {
            if listed.entry.version.base.to_string() == base {
                listed.entry.kernels = Some(key.clone());
            }
        }
    };
    give(
        catalog,
        "2.15.8",
        "   5.14.0-611.13.1.el9  (RHEL9.7)\n   5.15.0-100  (Ubuntu 22.04)\n",
        "   6.4.0-150600.23.73  (SLES15 SP6)\n",
    );
    give(
        catalog,
        "2.17.0",
        "   5.14.0-570.12.1.el9  (RHEL9.6)\n   6.8.0-35  (Ubuntu 24.04)\n",
        "   6.12.6 (vanilla)\n",
    );
    give(
        catalog,
        "2.18.0",
        "   6.8.0-35  (Ubuntu 24.04)\n",
        "   6.12.20 (vanilla kernel.org)\n   5.14.0-611.13.1.el9  (RHEL9.7)\n",
    );
    for listed in catalog.releases.values_mut().filter(|listed| listed.entry.line.is_some()) {
        listed.entry.supports = Some(">=4.18, <7.1".parse().unwrap());
    }
    tables
}

#[test]
fn a_kernel_gets_the_newest_that_was_tested_then_known_then_a_guess() {
    let mut catalog = catalog();
    let tables = tables(&mut catalog);
    let wishes = [
        // Tested by 2.15.8 comes before known to build by 2.18.0.
        on("latest", "5.14.0-611.55.1.el9_7.x86_64"),
        on("latest", "5.14.0-570.55.1.el9_6.x86_64"),
        on("latest", "6.8.0-101-generic"),
        on("latest", "6.4.0-150600.23.78-default"),
        // Of one base, the line of the kernel.
        on("latest", "6.12.60"),
        on("latest", "6.12.117+deb12-amd64"),
        on("2.18.0", "6.18.9-arch1-1"),
        on("~2.17", "6.12.60"),
        on("2.17.0", "6.8.0-101-generic"),
        on("latest", "7.0.3"),
        // Beyond the newest that RHEL has of that version: no guess.
        on("latest", "5.14.0-687.17.1.el9_8.x86_64"),
        on("latest", "2.6.32"),
        on("2.15.8", "6.12.60"),
        on("~2.15", "2.6.32"),
        Wish { side: Side::Server, ..on("latest", "4.18.0-553.155.1.el8_10.x86_64") },
        Wish { side: Side::Server, ..on("latest", "6.8.0-101-generic") },
    ];
    insta::assert_snapshot!(all(&catalog, Some(&tables), &wishes), @"
    latest on 5.14.0-611.55.1.el9_7.x86_64
      2.15.8+r2: the newest release tested on 5.14.0-611.55.1.el9_7.x86_64 as a client (same RHEL 9.7 line: 5.14.0-611.13.1.el9 (RHEL9.7))
    latest on 5.14.0-570.55.1.el9_6.x86_64
      2.17.0: the newest release tested on 5.14.0-570.55.1.el9_6.x86_64 as a client (same RHEL 9.6 line: 5.14.0-570.12.1.el9 (RHEL9.6))
    latest on 6.8.0-101-generic
      2.18.0+k6.18.1: the newest release tested on 6.8.0-101-generic as a client (later ABI of 6.8.0, Ubuntu 24.04: 6.8.0-35 (Ubuntu 24.04))
    latest on 6.4.0-150600.23.78-default
      2.15.8+r2: the newest release known to build on 6.4.0-150600.23.78-default as a client (same SLES 15 SP6 line: 6.4.0-150600.23.73 (SLES15 SP6))
    latest on 6.12.60
      2.18.0+k6.12.58: the newest release known to build on 6.12.60 as a client (same 6.12 series: 6.12.20 (vanilla kernel.org)); lts-6.12 is that kernel's own line
    latest on 6.12.117+deb12-amd64
      2.18.0+k6.12.58: the newest release known to build on 6.12.117+deb12-amd64 as a client (same 6.12 series: 6.12.20 (vanilla kernel.org)); lts-6.12 is that kernel's own line
    2.18.0 on 6.18.9-arch1-1
      2.18.0+k6.18.1: a guess: the newest release of 2.18.0, that may work on 6.18.9-arch1-1 as a client, since the manifest supports >=4.18, <7.1; lts-6.18 is that kernel's own line
    ~2.17 on 6.12.60
      2.17.0: the newest release that `~2.17` allows, known to build on 6.12.60 as a client (same 6.12 series: 6.12.6 (vanilla))
    2.17.0 on 6.8.0-101-generic
      2.17.0: the version that was asked for, tested on 6.8.0-101-generic as a client (later ABI of 6.8.0, Ubuntu 24.04: 6.8.0-35 (Ubuntu 24.04))
    latest on 7.0.3
      2.18.0+k6.18.1: a guess: the newest release that may work on 7.0.3 as a client, since the manifest supports >=4.18, <7.1; lustre-2.18.1-RC1+k6.18.2 is newer (--pre)
    latest on 5.14.0-687.17.1.el9_8.x86_64
      Usage
      error: the one release that fits `latest` and may work on 5.14.0-687.17.1.el9_8.x86_64 is passed over
       = note: lustre-2.18.1-RC1+k6.18.2 is a release candidate
       = help: to get it all the same, add `--pre`
      
    latest on 2.6.32
      NothingToDo
      error: none of the 12 releases is known to work on 2.6.32 as a client
       = help: lustre-2.18.1-RC1+k6.18.2 is for kernels >=4.18, <7.1; a release that nobody has listed it for may still build: fetch one by its version
      
    2.15.8 on 6.12.60
      NothingToDo
      error: lustre-2.15.8 is not known to work on 6.12.60 as a client
       = help: a release that nobody has listed it for may still build: fetch one by its version
      
    ~2.15 on 2.6.32
      NothingToDo
      error: none of the 3 releases that fit `~2.15` is known to work on 2.6.32 as a client
       = help: a release that nobody has listed it for may still build: fetch one by its version
      
    latest on 4.18.0-553.155.1.el8_10.x86_64
      2.18.0+k6.18.1: the newest release tested on 4.18.0-553.155.1.el8_10.x86_64 as a server (same RHEL 8.10 line: 4.18.0-553.89.1.el8 (RHEL8.10))
    latest on 6.8.0-101-generic
      2.18.0+k6.18.1: a guess: the newest release that may work on 6.8.0-101-generic as a server, since the manifest supports >=4.18, <7.1; lustre-2.18.1-RC1+k6.18.2 is newer (--pre)
    ");
    // Without the tables ranges are all there is.
    insta::assert_snapshot!(all(&catalog, None, &[on("latest", "6.8.0-101-generic")]), @"
    latest on 6.8.0-101-generic
      2.18.0+k6.18.1: a guess: the newest release that may work on 6.8.0-101-generic as a client, since the manifest supports >=4.18, <7.1; lustre-2.18.1-RC1+k6.18.2 is newer (--pre)
    ");
}

#[test]
fn a_choice_as_json() {
    let mut catalog = catalog();
    let tables = tables(&mut catalog);
    let choice = choose(&catalog, Some(&tables), &on("latest", "6.12.60"), TODAY).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&choice).unwrap(), @r#"
    {
      "title": "lustre-2.18.0+k6.12.58",
      "version": "2.18.0+k6.12.58",
      "line": "lts-6.12",
      "spec": "latest",
      "kernel": {
        "running": "6.12.60",
        "side": "client",
        "answer": "known",
        "closeness": "same_line",
        "distribution": "vanilla",
        "kernel": "6.12.20",
        "label": "vanilla kernel.org",
        "of_its_line": true
      },
      "fitting": 4,
      "in_spite_of": [],
      "passed_over": [],
      "why": "the newest release known to build on 6.12.60 as a client (same 6.12 series: 6.12.20 (vanilla kernel.org)); lts-6.12 is that kernel's own line"
    }
    "#);
    assert_eq!(choice.listed.entry.title(), choice.title);
    retract(&mut catalog, "lustre-2.17.0", "wrong");
    let choice = choose(&catalog, None, &wish("2"), TODAY).unwrap();
    assert_eq!(choice.kernel, None);
    insta::assert_snapshot!(serde_json::to_string(&choice.passed_over).unwrap(), @r#"[{"title":"lustre-2.18.1-RC1+k6.18.2","reasons":[{"reason":"candidate"}]}]"#);
}

#[test]
fn names_of_tables_that_are_not_there_are_no_tables() {
    let mut catalog = catalog();
    catalog.releases.get_mut("lustre-2.16.1").unwrap().entry.kernels = Some(KernelsKey("0".repeat(16)));
    let failure =
        choose(&catalog, Some(&KernelTables::default()), &on("2.16.1", "6.8.0"), TODAY).unwrap_err();
    assert_eq!(failure.class, crate::model::Class::NothingToDo);
}
