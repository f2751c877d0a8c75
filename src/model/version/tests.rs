// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The order and the spellings, held against the programs that read them.

mod generator;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use super::ReleaseVersion;
use generator::{pairs, random_versions};

/// The rows of the table in the module's documentation.
fn table() -> Vec<[&'static str; 5]> {
    let rows = include_str!("mod.rs").lines().filter_map(|line| line.strip_prefix("//! | `"));
    let cells = |row: &'static str| -> Vec<&'static str> {
        row.trim_end_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect()
    };
    rows.map(|row| cells(row).try_into().expect("five cells")).collect()
}

fn table_versions() -> Vec<ReleaseVersion> {
    table().into_iter().map(|[text, ..]| version(text)).collect()
}

fn version(text: &str) -> ReleaseVersion {
    ReleaseVersion::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_table_is_true() {
    let table = table();
    assert!(table.len() >= 25);
    for [text, packages, version_file, fix, tag] in table {
        let version = version(text);
        assert_eq!(version.to_string(), text);
        assert_eq!(version.tar_name("lustre"), format!("lustre-{text}"));
        assert_eq!(version.debian_upstream(), packages, "{text}");
        assert_eq!(version.rpm_version(), packages, "{text}");
        assert_eq!(version.version_file(), version_file, "{text}");
        assert_eq!(version.c_macros().fix.to_string(), fix, "{text}");
        assert_eq!(version.git_tag(), tag, "{text}");
    }
}

#[test]
fn the_table_is_in_order() {
    let versions = table_versions();
    for (place, left) in versions.iter().enumerate() {
        for (other, right) in versions.iter().enumerate() {
            assert_eq!(left.cmp(right), place.cmp(&other), "{left} {right}");
        }
    }
}

#[test]
fn spellings_use_the_characters_that_are_allowed() {
    for version in random_versions(2000) {
        let debian = version.debian_upstream();
        assert!(debian.chars().all(|c| c.is_ascii_alphanumeric() || ".+~".contains(c)), "{debian}");
        let rpm = version.rpm_version();
        assert!(rpm.chars().all(|c| c.is_ascii_alphanumeric() || "._+~^".contains(c)), "{rpm}");
        // Lustre's own spec file takes its version from there.
        let file = version.version_file();
        assert!(file.chars().all(|c| c.is_ascii_alphanumeric() || "._+~^".contains(c)), "{file}");
        assert_eq!(self::version(&version.to_string()), version);
    }
}

#[test]
fn the_order_is_total_and_spellings_are_unique() {
    let mut versions = random_versions(300);
    versions.sort();
    versions.dedup();
    for (place, left) in versions.iter().enumerate() {
        for (other, right) in versions.iter().enumerate() {
            assert_eq!(left.cmp(right), place.cmp(&other), "{left} {right}");
        }
    }
    let spelled: BTreeSet<String> = versions.iter().map(ReleaseVersion::debian_upstream).collect();
    assert_eq!(spelled.len(), versions.len());
}

#[test]
fn dpkg_agrees_with_the_order() {
    for (left, right) in pairs(&table_versions(), 300) {
        let relation = match left.cmp(&right) {
            Ordering::Less => "lt",
            Ordering::Equal => "eq",
            Ordering::Greater => "gt",
        };
        let (left, right) = (left.debian_upstream(), right.debian_upstream());
        let arguments = ["--compare-versions", &left, relation, &right];
        let Some((success, _)) = run("dpkg", &arguments, "") else { return };
        assert!(success, "dpkg denies that {left} {relation} {right}");
    }
}

#[test]
fn rpm_agrees_with_the_order() {
    let pairs = pairs(&table_versions(), 2000);
    // A macro's argument may not be long: a few hundred pairs to a call.
    for pairs in pairs.chunks(250) {
        let call = |(left, right): &(ReleaseVersion, ReleaseVersion)| {
            format!("print(rpm.vercmp('{}', '{}'), '')\n", left.rpm_version(), right.rpm_version())
        };
        let script = format!("%{{lua: {}}}", pairs.iter().map(call).collect::<String>());
        let Some((success, output)) = run("rpm", &["--eval", &script], "") else { return };
        assert!(success, "{output}");
        let orders: Vec<&str> = output.split_whitespace().collect();
        assert_eq!(orders.len(), pairs.len());
        for ((left, right), order) in pairs.iter().zip(orders) {
            let expected = (left.cmp(right) as i8).to_string();
            assert_eq!(order, expected, "rpm on {} {}", left.rpm_version(), right.rpm_version());
        }
    }
}

/// The commands of Lustre's config/lustre-version.m4, as of 2.17 and, for the last, of 2.15.
#[test]
fn configure_finds_the_numbers() {
    let dotted = r"s/([0-9]+)\.([0-9]+)\.([0-9]+)(\.([0-9]+))?.*/\1.\2.\3/";
    let fix = r"s/([0-9]+)\.([0-9]+)\.([0-9]+)([-\._][a-z]*([0-9]+))?.*/\5/";
    let fix_until_2_15 = r"s/([0-9]+)\.([0-9]+)\.([0-9]+)(\.([0-9]+))?.*/\5/";
    let mut versions = random_versions(500);
    versions.extend(table_versions());
    let input: String = versions.iter().map(|version| version.version_file() + "\n").collect();
    let numbers = |script: &str| -> Option<Vec<String>> {
        let (_, output) = run("sed", &["-re", script], &input)?;
        // As configure does: no number is 0.
        Some(output.lines().map(|line| if line.is_empty() { "0" } else { line }.to_owned()).collect())
    };
    let (Some(dotted), Some(fix), Some(old_fix)) = (numbers(dotted), numbers(fix), numbers(fix_until_2_15))
    else {
        return;
    };
    assert_eq!(dotted.len(), versions.len());
    for (place, version) in versions.iter().enumerate() {
        let macros = version.c_macros();
        assert_eq!(dotted[place], format!("{}.{}.{}", macros.major, macros.minor, macros.patch));
        assert_eq!(fix[place], macros.fix.to_string(), "{version}");
        assert_eq!(old_fix[place], version.base.fix().unwrap_or(0).to_string(), "{version}");
    }
}

#[test]
fn versions_are_strings_in_json() {
    // The crate that owns the format is not needed to see that: serde's own string form will do.
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};
    let from: StrDeserializer<'_, Error> = "2.18.0+k6.12.58".into_deserializer();
    let read: ReleaseVersion = serde::Deserialize::deserialize(from).unwrap();
    assert_eq!(read, version("2.18.0+k6.12.58"));
    let from: StrDeserializer<'_, Error> = "2.18".into_deserializer();
    let error = <ReleaseVersion as serde::Deserialize>::deserialize(from).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`2.18` is not a release version: expected `.` and the patch number at its end"
    );
}

/// Runs a program in the C locale. None, said by name, where it is not installed and need not be.
#[allow(clippy::disallowed_methods, reason = "other people's programs judge our versions")]
fn run(program: &str, arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = match command.spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let required = std::env::var_os("LUSTRE_DIST_REQUIRE_TOOLS").is_some_and(|value| value == "1");
            assert!(!required, "{program} is not installed");
            println!("skipped: {program} is not installed");
            return None;
        }
        child => child.expect("the program starts"),
    };
    let mut stdin = child.stdin.take().expect("it is piped");
    // Beside the reading: a filter that may not write stops reading.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input.as_bytes()).expect("the program reads"));
        child.wait_with_output().expect("the program ends")
    });
    Some((output.status.success(), String::from_utf8(output.stdout).expect("the program writes UTF-8")))
}
