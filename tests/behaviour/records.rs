// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The bill of materials and the provenance: what they say, that the lock alone decides it, and that
//! the builder is the one thing that differs.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;
use serde_json::Value;
use sha2::Digest as _;

use crate::archive::{files, same};
use crate::fixture::{self, TITLE};
use crate::runner::{Sandbox, manifest};

/// The tag, in two parts so that nobody takes this file's own lines for it.
const TAG: &str = concat!("SPDX-License-", "Identifier:");

fn small() -> Sandbox {
    let sandbox = Sandbox::new();
    let text = |text: &str| text.replace("TAG", TAG);
    sandbox.write("lustre/COPYING", "GPL\n");
    symlink("COPYING", sandbox.path("lustre/LICENCE")).expect("a link");
    let tool = text("// TAG (GPL-2.0 WITH Linux-syscall-note) OR GPL-v2.0+\none\ntwo\n");
    sandbox.repository("lustre", &[("lustre/utils/lfs.c", &tool)], "v2_17_57");
    sandbox.write(
        "patches/two.patch",
        "LU-2 lfs: more\n\n--- a/lustre/utils/lfs.c\n+++ b/lustre/utils/lfs.c\n@@ -2,2 +2,3 @@\n one\n two\n+three\n",
    );
    sandbox.write("META.j2", text("{# TAG MIT #}\nVersion: {{ release.version }}\n"));
    let more = "[[layer.patch]]\nfile = \"patches/two.patch\"\nreason = \"for the tests\"\n\n\
                [[template]]\nfile = \"META.j2\"\nto = \"META\"\n";
    // An address that is read from the clone beside it.
    let text = manifest(more)
        .replace("git = \"lustre\"", "git = \"https://user:secret@git.example.org/fs/lustre.git\"")
        .replace("GPL-2.0-only", "GPL-2.0-only AND LicenseRef-acme");
    sandbox.write("m.toml", text);
    sandbox
}

const SMALL: [&str; 4] = ["assemble", "m.toml", "--source", "lustre=lustre"];

fn read(sandbox: &Sandbox, ending: &str) -> String {
    sandbox.read(&format!("dist/{TITLE}/{TITLE}.{ending}"))
}

fn json(sandbox: &Sandbox, ending: &str) -> Value {
    serde_json::from_str(&read(sandbox, ending)).expect("JSON")
}

/// Digests and ids as words: that they are right is for other tests, and they move with every record.
fn without_digests(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let tail = &rest[start..];
        let length = tail.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(tail.len());
        out.push_str(&rest[..start]);
        out.push_str(match length {
            40 => "[SHA1]",
            64 => "[SHA256]",
            _ => &tail[..length],
        });
        rest = &tail[length..];
    }
    out + rest
}

// REUSE-IgnoreStart
#[test]
fn a_small_bill_of_materials() {
    let sandbox = small();
    sandbox.run(&SMALL).success();
    assert_snapshot!(without_digests(&read(&sandbox, "spdx.json")), @r#"
    {
    "spdxVersion": "SPDX-2.3",
    "dataLicense": "CC0-1.0",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "lustre-2.17.57",
    "documentNamespace": "https://spdx.org/spdxdocs/lustre-2.17.57-[SHA256]-lustre-dist-0.1.0",
    "creationInfo": {"created":"2026-01-02T03:04:05Z","creators":["Tool: lustre-dist-0.1.0"],"licenseListVersion":"3.29"},
    "comment": "About the uncompressed tar. File names are relative to its top directory lustre-2.17.57/. A file's comment has its gitoid, its layer and its origin. Licences are those of the SPDX-License-Identifier in a file's first lines; nothing was concluded from other text.",
    "packages": [
    {"SPDXID":"SPDXRef-Release","name":"lustre","versionInfo":"2.17.57","packageFileName":"lustre-2.17.57.tar","downloadLocation":"NOASSERTION","filesAnalyzed":true,"packageVerificationCode":{"packageVerificationCodeValue":"[SHA1]"},"checksums":[{"algorithm":"SHA256","checksumValue":"[SHA256]"}],"licenseDeclared":"GPL-2.0-only AND LicenseRef-acme","licenseInfoFromFiles":["GPL-2.0 WITH Linux-syscall-note","LicenseRef-unlisted-GPL-v2.0--df88ad09","MIT","NOASSERTION"],"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:generic/lustre@2.17.57?checksum=sha256:[SHA256]"}],"primaryPackagePurpose":"SOURCE","comment":"files: 8\nsymbolic links: 1\nlink: ./LICENCE -> COPYING"},
    {"SPDXID":"SPDXRef-Source-lustre","name":"lustre","versionInfo":"v2_17_57","downloadLocation":"git+https://git.example.org/fs/lustre.git@[SHA1]","filesAnalyzed":false,"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:generic/lustre@v2_17_57?vcs_url=git%2Bhttps://git.example.org/fs/lustre.git%40385df2cb71d1097e1930f17ce35a9176b56d2191"},{"referenceCategory":"PERSISTENT-ID","referenceType":"gitoid","referenceLocator":"gitoid:commit:sha1:[SHA1]"},{"referenceCategory":"PERSISTENT-ID","referenceType":"gitoid","referenceLocator":"gitoid:tag:sha1:[SHA1]"},{"referenceCategory":"PERSISTENT-ID","referenceType":"swh","referenceLocator":"swh:1:rev:[SHA1]"}],"primaryPackagePurpose":"SOURCE","sourceInfo":"tag v2_17_57, commit [SHA1], tree [SHA1]"}
    ],
    "files": [
    {"SPDXID":"SPDXRef-File-1","fileName":"./.lustre-dist/META.j2","checksums":[{"algorithm":"SHA1","checksumValue":"[SHA1]"},{"algorithm":"SHA256","checksumValue":"[SHA256]"}],"licenseInfoInFiles":["MIT"],"comment":"gitoid:blob:sha1:[SHA1]\norigin: record\nrecord: input"},
    {"SPDXID":"SPDXRef-File-2","fileName":"./.lustre-dist/manifest.lock","checksums":[{"algorithm":"SHA1","checksumValue":"[SHA1]"},{"algorithm":"SHA256","checksumValue":"[SHA256]"}],"licenseInfoInFiles":["NOASSERTION"],"comment":"gitoid:blob:sha1:[SHA1]\norigin: record\nrecord: lock"},
    {"SPDXID":"SPDXRef-File-3","fileName":"./.lustre-dist/manifest.toml","checksums":[{"algorithm":"SHA1","checksumValue":"[SHA1]"},{"algorithm":"SHA256","checksumValue":"[SHA256]"}],"licenseInfoInFiles":["NOASSERTION"],"comment":"gitoid:blob:sha1:[SHA1]\norigin: record\nrecord: manifest"},
    {"SPDXID":"SPDXRef-File-4","fileName":"./.lustre-dist/origins.jsonl","checksums":[{"algorithm":"SHA1","checksumValue":"[SHA1]"},{"algorithm":"SHA256","checksumValue":"[SHA256]"}],"licenseInfoInFiles":["NOASSERTION"],"comment":"gitoid:blob:sha1:[SHA1]\norigin: record\nrecord: origins"},
    {"SPDXID":"SPDXRef-File-5","fileName":"./.lustre-dist/patches/two.patch","checksums":[{"algorithm":"SHA1","checksumValue":"[SHA1]"},{"algorithm":"SHA256","checksumValue":"[SHA256]"}],"licenseInfoInFiles":["NOASSERTION"],"comment":"gitoid:blob:sha1:[SHA1]\norigin: record\nrecord: input"},
    {"SPDXID":"SPDXRef-File-6","fileName":"./COPYING","checksums":[{"algorithm":"SHA1","checksumValue":"[SHA1]"},{"algorithm":"SHA256","checksumValue":"[SHA256]"}],"licenseInfoInFiles":["NOASSERTION"],"comment":"gitoid:blob:sha1:[SHA1]\norigin: blob\nlayer: userspace\nsource: lustre"},
    {"SPDXID":"SPDXRef-File-7","fileName":"./META","checksums":[{"algorithm":"SHA1","checksumValue":"[SHA1]"},{"algorithm":"SHA256","checksumValue":"[SHA256]"}],"licenseInfoInFiles":["NOASSERTION"],"comment":"gitoid:blob:sha1:[SHA1]\norigin: template\ntemplate: META.j2"},
    {"SPDXID":"SPDXRef-File-8","fileName":"./lustre/utils/lfs.c","checksums":[{"algorithm":"SHA1","checksumValue":"[SHA1]"},{"algorithm":"SHA256","checksumValue":"[SHA256]"}],"licenseInfoInFiles":["GPL-2.0 WITH Linux-syscall-note","LicenseRef-unlisted-GPL-v2.0--df88ad09"],"licenseComments":"SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR GPL-v2.0+","comment":"gitoid:blob:sha1:[SHA1]\norigin: patched\nlayer: userspace\nsource: lustre\npatch: patches/two.patch"}
    ],
    "hasExtractedLicensingInfos": [
    {"licenseId":"LicenseRef-acme","extractedText":"SPDX-License-Identifier: LicenseRef-acme","name":"LicenseRef-acme","comment":"files that name it: 0; the licence's text was not looked for"},
    {"licenseId":"LicenseRef-unlisted-GPL-v2.0--df88ad09","extractedText":"SPDX-License-Identifier: GPL-v2.0+","name":"GPL-v2.0+","comment":"not on the SPDX License List 3.29.0; files that name it: 1; the licence's text was not looked for"}
    ],
    "relationships": [
    {"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-Release"},
    {"spdxElementId":"SPDXRef-Release","relationshipType":"GENERATED_FROM","relatedSpdxElement":"SPDXRef-Source-lustre"},
    {"spdxElementId":"SPDXRef-Release","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-File-1"},
    {"spdxElementId":"SPDXRef-Release","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-File-2"},
    {"spdxElementId":"SPDXRef-Release","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-File-3"},
    {"spdxElementId":"SPDXRef-Release","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-File-4"},
    {"spdxElementId":"SPDXRef-Release","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-File-5"},
    {"spdxElementId":"SPDXRef-Release","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-File-6"},
    {"spdxElementId":"SPDXRef-Release","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-File-7"},
    {"spdxElementId":"SPDXRef-File-7","relationshipType":"GENERATED_FROM","relatedSpdxElement":"SPDXRef-File-1"},
    {"spdxElementId":"SPDXRef-Release","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-File-8"},
    {"spdxElementId":"SPDXRef-File-5","relationshipType":"PATCH_APPLIED","relatedSpdxElement":"SPDXRef-File-8"}
    ]
    }
    "#);
}

// REUSE-IgnoreEnd

#[test]
fn a_small_statement() {
    let sandbox = small();
    let builder = "https://builds.example.org/lustre";
    let flags = ["--builder-id", builder, "--leave-out", "COPYING", "--leave-out", "LICENCE"];
    sandbox.run(&[&SMALL[..], &flags].concat()).success();
    assert_snapshot!(without_digests(&read(&sandbox, "intoto.json")), @r#"
    {
      "_type": "https://in-toto.io/Statement/v1",
      "subject": [
        {
          "name": "lustre-2.17.57.tar",
          "digest": {
            "sha256": "[SHA256]"
          }
        },
        {
          "name": "lustre-2.17.57.tar.gz",
          "digest": {
            "sha256": "[SHA256]"
          }
        }
      ],
      "predicateType": "https://slsa.dev/provenance/v1",
      "predicate": {
        "buildDefinition": {
          "buildType": "urn:lustre-dist:assemble:v1",
          "externalParameters": {
            "manifest": {
              "digest": {
                "sha256": "[SHA256]"
              }
            },
            "lock": {
              "digest": {
                "sha256": "[SHA256]"
              }
            },
            "release": {
              "name": "lustre",
              "version": "2.17.57",
              "primary": "lustre",
              "development": false,
              "date": "2026-01-02T03:04:05Z"
            },
            "formats": [
              "tar.gz"
            ],
            "encoding": {
              "gzip": 9,
              "zstd": 19,
              "xz": 6
            },
            "overrides": [
              {
                "flag": "leave-out",
                "values": [
                  "COPYING",
                  "LICENCE"
                ]
              }
            ]
          },
          "internalParameters": {
            "tool": {
              "name": "lustre-dist",
              "version": "0.1.0"
            }
          },
          "resolvedDependencies": [
            {
              "name": "lustre",
              "uri": "git+https://git.example.org/fs/lustre.git@refs/tags/v2_17_57",
              "digest": {
                "gitCommit": "[SHA1]"
              },
              "annotations": {
                "kind": "source",
                "wanted": "tag v2_17_57",
                "tag": "[SHA1]",
                "tree": "[SHA1]",
                "signature": "not-asked"
              }
            },
            {
              "name": "META.j2",
              "digest": {
                "sha256": "[SHA256]"
              },
              "annotations": {
                "kind": "template"
              }
            },
            {
              "name": "patches/two.patch",
              "digest": {
                "sha256": "[SHA256]"
              },
              "annotations": {
                "kind": "patch"
              }
            },
            {
              "name": "lustre-dist",
              "uri": "pkg:generic/lustre-dist@0.1.0",
              "annotations": {
                "kind": "tool"
              }
            }
          ]
        },
        "runDetails": {
          "builder": {
            "id": "https://builds.example.org/lustre",
            "version": {
              "lustre-dist": "0.1.0"
            }
          },
          "byproducts": [
            {
              "name": "lustre-2.17.57.origins.jsonl",
              "digest": {
                "sha256": "[SHA256]"
              }
            },
            {
              "name": "lustre-2.17.57.release.json",
              "digest": {
                "sha256": "[SHA256]"
              }
            },
            {
              "name": "lustre-2.17.57.spdx.json",
              "digest": {
                "sha256": "[SHA256]"
              }
            }
          ]
        }
      }
    }
    "#);
}

#[test]
fn every_file_is_listed_with_its_digests() {
    let sandbox = Sandbox::new();
    fixture::make(&sandbox);
    sandbox.run(&["assemble", "m.toml"]).success();
    let tar = std::fs::read(sandbox.path(&format!("dist/{TITLE}/{TITLE}.tar"))).expect("the tar");
    let archive = crate::tarball::read(&tar);
    let mut expected = BTreeMap::new();
    for member in &archive.members {
        if let crate::tarball::Kind::File(bytes) = &member.kind {
            let path = member.path.strip_prefix(TITLE).expect("below the top directory");
            let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            let sha1 = hex(&<sha1::Sha1 as sha1::Digest>::digest(bytes));
            let git = [format!("blob {}\0", bytes.len()).as_bytes(), bytes].concat();
            let gitoid = format!("gitoid:blob:sha1:{}", hex(&<sha1::Sha1 as sha1::Digest>::digest(git)));
            expected.insert(format!(".{path}"), (sha1, hex(&sha2::Sha256::digest(bytes)), gitoid));
        }
    }
    let sbom = json(&sandbox, "spdx.json");
    let found: BTreeMap<_, _> = sbom["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| {
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            let sum = |nth: usize| text(&file["checksums"][nth]["checksumValue"]);
            let gitoid = text(&file["comment"]).lines().next().expect("a line").to_owned();
            (text(&file["fileName"]), (sum(0), sum(1), gitoid))
        })
        .collect();
    assert_eq!(found, expected);

    // Clause 7.9.4, in other words than the program's.
    let mut digests: Vec<&str> = expected.values().map(|(sha1, ..)| sha1.as_str()).collect();
    digests.sort_unstable();
    let code: String = <sha1::Sha1 as sha1::Digest>::digest(digests.concat())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let package = &sbom["packages"][0];
    assert_eq!(package["packageVerificationCode"]["packageVerificationCodeValue"], code);
    let identity: String = sha2::Sha256::digest(&tar).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(package["checksums"][0]["checksumValue"], identity);

    // Every element that a relationship names is there, and no id stands twice.
    let mut ids: Vec<&Value> = ["packages", "files"]
        .iter()
        .flat_map(|list| sbom[list].as_array().expect("a list"))
        .map(|element| &element["SPDXID"])
        .chain([&sbom["SPDXID"]])
        .collect();
    let count = ids.len();
    ids.sort_by_key(|id| id.as_str());
    ids.dedup();
    assert_eq!(ids.len(), count);
    for relationship in sbom["relationships"].as_array().expect("relationships") {
        assert!(ids.contains(&&relationship["spdxElementId"]), "{relationship}");
        assert!(ids.contains(&&relationship["relatedSpdxElement"]), "{relationship}");
    }
}

#[test]
fn the_machine_does_not_reach_the_records() {
    let sandbox = small();
    sandbox.run(&SMALL).success();
    let first = files(&sandbox, "dist");
    std::fs::rename(sandbox.path("lustre"), sandbox.path("elsewhere")).expect("moved");
    for (nth, variables) in [
        [("TZ", "Pacific/Kiritimati"), ("LC_ALL", "tr_TR.UTF-8"), ("USER", "somebody")],
        [("TZ", "America/St_Johns"), ("LC_ALL", "C"), ("HOSTNAME", "builder7")],
    ]
    .into_iter()
    .enumerate()
    {
        let (jobs, out) = ((nth * 3 + 1).to_string(), format!("out{nth}"));
        let args = ["assemble", "m.toml", "--source", "lustre=elsewhere", "-j", &jobs, "--out", &out];
        sandbox.finish(sandbox.command(&args).envs(variables)).success();
        same(&files(&sandbox, &out), &first, &out);
    }
    for (name, bytes) in &first {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(&*sandbox.path("").to_string_lossy()), "{name}");
        if name.ends_with(".json") {
            assert!(!text.contains("secret"), "{name}");
        }
    }
}

#[test]
fn the_builder_reaches_the_statement_alone() {
    let sandbox = small();
    sandbox.run(&SMALL).success();
    let args = [&SMALL[..], &["--out", "other"]].concat();
    let mut command = sandbox.command(&args);
    sandbox.finish(command.env("LUSTRE_DIST_BUILDER_ID", "https://builds.example.org/1")).success();
    let (one, other) = (files(&sandbox, "dist"), files(&sandbox, "other"));
    let differing: Vec<_> =
        one.iter().filter(|(name, bytes)| other[*name] != **bytes).map(|(name, _)| name).collect();
    assert_eq!(differing, [&format!("{TITLE}.SHA256SUMS"), &format!("{TITLE}.intoto.json")]);
    let name = format!("{TITLE}.intoto.json");
    let replaced = String::from_utf8_lossy(&one[&name])
        .replace("urn:lustre-dist:builder:unspecified-local-build", "https://builds.example.org/1");
    assert_eq!(replaced, String::from_utf8_lossy(&other[&name]));
}

#[test]
fn another_builder_finds_the_release_and_leaves_its_provenance() {
    let sandbox = small();
    sandbox.run(&[&SMALL[..], &["--builder-id", "https://builds.example.org/1"]].concat()).success();
    let before = files(&sandbox, "dist");
    let again = sandbox.run(&[&SMALL[..], &["--builder-id", "https://builds.example.org/2"]].concat());
    assert_snapshot!(again.stderr, @"its provenance stays: it names the builder https://builds.example.org/1");
    assert!(again.success().contains("was there; every file of it has its digest"));
    // Who names nobody has nothing to be told.
    assert_eq!(sandbox.run(&SMALL).stderr, "");
    let answer = sandbox.run(&[&SMALL[..], &["--json"]].concat()).success();
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["builder"], "https://builds.example.org/1");
    same(&files(&sandbox, "dist"), &before, "a rerun");
}

#[test]
fn a_builder_is_a_uri() {
    let sandbox = small();
    for (text, snapshot) in [("me", "expected a URI"), ("https://a b", "percent-encoded")] {
        let error = sandbox.run(&[&SMALL[..], &["--builder-id", text]].concat()).failure(2);
        assert!(error.contains(snapshot), "{error}");
    }
}

#[test]
fn an_override_leaves_its_mark_in_every_record() {
    let sandbox = small();
    let args = [&SMALL[..], &["--leave-out", "COPYING", "--leave-out", "LICENCE"]].concat();
    sandbox.run(&args).success();
    let expected = serde_json::json!([{ "flag": "leave-out", "values": ["COPYING", "LICENCE"] }]);
    assert_eq!(json(&sandbox, "release.json")["overrides"], expected);
    let statement = json(&sandbox, "intoto.json");
    assert_eq!(statement["predicate"]["buildDefinition"]["externalParameters"]["overrides"], expected);
    let comment = json(&sandbox, "spdx.json")["packages"][0]["comment"].as_str().expect("text").to_owned();
    assert!(comment.contains("override: --leave-out COPYING, LICENCE\n"), "{comment}");
    let error = sandbox.run(&SMALL).failure(6);
    assert!(error.contains("overrides  there --leave-out COPYING, LICENCE  wanted none"), "{error}");
}
