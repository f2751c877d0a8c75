// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The SPDX project's validator on the bill of materials, in-toto's on the statement. Each takes what the
//! tool wrote, and refuses copies that somebody changed.

use std::process::Command;

use serde_json::{Value, json};

use crate::{Case, Release, python, run};

pub const CASES: &[Case] = &[
    ("pyspdxtools_validates_the_sbom", &["python:spdx_tools"], sbom),
    ("pyspdxtools_refuses_a_tampered_sbom", &["python:spdx_tools"], tampered_sbom),
    ("spdx_tools_computes_the_same_verification_code", &["python:spdx_tools"], verification_code),
    ("in_toto_validates_the_statement", &["python:in_toto_attestation"], statement),
    ("in_toto_refuses_a_tampered_statement", &["python:in_toto_attestation"], tampered_statement),
];

/// A change to a document, with its name.
type Change = (&'static str, fn(&mut Value));

fn json_of(release: &Release, ending: &str) -> Value {
    serde_json::from_slice(&std::fs::read(release.file(ending)).expect("a record")).expect("JSON")
}

/// Runs a script of the environment's Python on a file.
fn script(text: &str, path: &std::path::Path) -> Command {
    let mut command = Command::new(python());
    command.args(["-I", "-c", text]).arg(path);
    command
}

fn pyspdxtools(path: &std::path::Path) -> Command {
    let mut command = Command::new(python());
    command.args(["-I", "-m", "spdx_tools.spdx.clitools.pyspdxtools", "--infile"]).arg(path);
    command
}

/// The program takes a copy as it is, and every changed one makes it fail.
#[track_caller]
fn refuses(release: &Release, ending: &str, changes: &[Change], command: fn(&std::path::Path) -> Command) {
    let original = json_of(release, ending);
    // Trials run at once: each has a copy of its own.
    let copy = tempfile::Builder::new().suffix(&format!(".{ending}")).tempfile_in(release.sandbox().path(""));
    let path = copy.expect("a file").into_temp_path();
    std::fs::write(&path, original.to_string()).expect("a file");
    run(&mut command(&path));
    for (name, change) in changes {
        let mut copy = original.clone();
        change(&mut copy);
        assert_ne!(copy, original, "{name} changes nothing");
        std::fs::write(&path, copy.to_string()).expect("a file");
        let output = command(&path).output().expect("Python runs");
        assert!(!output.status.success(), "{name} is accepted");
    }
}

fn sbom(release: &Release) {
    let printed = run(&mut pyspdxtools(&release.file("spdx.json")));
    // It prints what it finds wrong, and nothing otherwise.
    assert_eq!(String::from_utf8_lossy(&printed).trim(), "");
}

fn tampered_sbom(release: &Release) {
    let changes: [Change; 9] = [
        ("a licence on no list", |sbom| sbom["files"][0]["licenseInfoInFiles"] = json!(["GPL-9.9"])),
        ("a file without SHA-1", |sbom| {
            sbom["files"][0]["checksums"].as_array_mut().expect("a list").remove(0);
        }),
        ("a digest cut short", |sbom| sbom["files"][0]["checksums"][0]["checksumValue"] = json!("da39")),
        ("an id that stands twice", |sbom| sbom["files"][1]["SPDXID"] = sbom["files"][0]["SPDXID"].clone()),
        ("a file that is not there", |sbom| {
            sbom["files"].as_array_mut().expect("a list").pop();
        }),
        ("a verification code that is none", |sbom| {
            sbom["packages"][0]["packageVerificationCode"]["packageVerificationCodeValue"] = json!("x");
        }),
        ("files in a package that was not analysed", |sbom| {
            sbom["packages"][0]["filesAnalyzed"] = json!(false);
        }),
        ("a gitoid that is none", |sbom| {
            let refs = sbom["packages"][1]["externalRefs"].as_array_mut().expect("a list");
            for one in refs.iter_mut().filter(|one| one["referenceType"] == "gitoid") {
                one["referenceLocator"] = json!("gitoid:commit:sha1:0");
            }
        }),
        ("no date", |sbom| {
            sbom["creationInfo"].as_object_mut().expect("an object").remove("created");
        }),
    ];
    refuses(release, "spdx.json", &changes, pyspdxtools);
}

/// Reads the document and computes the code of its files anew.
const CODE: &str = r#"
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.spdx_element_utils import calculate_package_verification_code
document = parse_file(sys.argv[1])
found = calculate_package_verification_code(document.files).value
sys.exit(0 if document.packages[0].verification_code.value == found else "another verification code")
"#;

fn verification_code(release: &Release) {
    run(&mut script(CODE, &release.file("spdx.json")));
    let changes: [Change; 1] = [("another digest", |sbom| {
        sbom["files"][0]["checksums"][0]["checksumValue"] = json!("da39a3ee5e6b4b0d3255bfef95601890afd80709");
    })];
    refuses(release, "spdx.json", &changes, |path| script(CODE, path));
}

/// The statement through in-toto's own types: unknown members are errors, both in the statement and in
/// the predicate, and `validate` looks at the rest. The subjects are held against the files beside it.
const STATEMENT: &str = r#"
import hashlib, json, os, sys
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
with open(sys.argv[1]) as file:
    text = file.read()
message = json_format.Parse(text, statement_pb2.Statement())
Statement.copy_from_pb(message).validate()
assert message.predicate_type == "https://slsa.dev/provenance/v1"
predicate = json_format.ParseDict(json.loads(text)["predicate"], provenance_pb2.Provenance())
for dependency in predicate.build_definition.resolved_dependencies:
    ResourceDescriptor.copy_from_pb(dependency).validate()
assert predicate.build_definition.build_type and predicate.run_details.builder.id
assert not predicate.run_details.HasField("metadata")
folder = os.environ["RELEASE"]
checked = 0
for subject in message.subject:
    path = os.path.join(folder, subject.name)
    with open(path, "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == subject.digest["sha256"], subject.name
    checked += 1
for byproduct in predicate.run_details.byproducts:
    path = os.path.join(folder, byproduct.name)
    with open(path, "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == byproduct.digest["sha256"], byproduct.name
print(checked)
"#;

fn check_statement(path: &std::path::Path) -> Command {
    let mut command = script(STATEMENT, path);
    // A changed copy stands in the sandbox, the release two folders below.
    let folder = match path.parent().expect("a folder") {
        folder if folder.join("dist").is_dir() => folder.join("dist").join(crate::fixture::TITLE),
        folder => folder.to_owned(),
    };
    command.env("RELEASE", folder);
    command
}

fn statement(release: &Release) {
    let printed = run(&mut check_statement(&release.file("intoto.json")));
    assert_eq!(String::from_utf8_lossy(&printed).trim(), "4", "every tarball is a subject");
}

fn tampered_statement(release: &Release) {
    let changes: [Change; 9] = [
        ("another type", |statement| statement["_type"] = json!("https://in-toto.io/Statement/v0.1")),
        ("no subject", |statement| statement["subject"] = json!([])),
        ("a subject without digest", |statement| statement["subject"][0]["digest"] = json!({})),
        ("another digest", |statement| statement["subject"][0]["digest"]["sha256"] = json!("00")),
        ("no predicate type", |statement| statement["predicateType"] = json!("")),
        ("no predicate", |statement| statement["predicate"] = json!({})),
        ("a member that nobody knows", |statement| statement["predicates"] = json!({})),
        ("a predicate's member that nobody knows", |statement| {
            statement["predicate"]["buildDefinition"]["resolvedDependency"] = json!([]);
        }),
        ("a dependency without a name", |statement| {
            statement["predicate"]["buildDefinition"]["resolvedDependencies"][0] =
                json!({ "mediaType": "x" });
        }),
    ];
    refuses(release, "intoto.json", &changes, check_statement);
}
