// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Release tarballs of the Lustre file system in which every byte can be traced to its origin.
//!
//! A release flows through these rooms, each stage a type that the next one takes:
//!
//! ```text
//! manifest.toml -> Manifest -> Locked -> Plan -> tar stream -> encodings -> release directory
//!                  manifest    lock      plan    archive                    record, release
//! ```
//!
//! | room | holds |
//! | --- | --- |
//! | [`assemble`] | the whole story, a stage at a time |
//! | [`assemble_all`] | several of them at once |
//! | [`model`] | versions, digests, paths, dates, problems; no I/O |
//! | [`manifest`] | the TOML as written, and the checked manifest |
//! | [`source`] | git repositories, bundles and mirrors: trees and blobs, re-hashed |
//! | [`signature`] | OpenPGP and SSH signatures held against pinned keys |
//! | [`patch`] | unified diffs and quilt series, applied strictly |
//! | [`kernel`] | the kernels that a release is known to work on |
//! | [`mod@line`] | release lines, the kernel feed, and what is due |
//! | [`lock`] | refs to object ids, and the lock file |
//! | [`plan`] | every entry of a tarball and where it comes from |
//! | [`preflight`] | a tag checked before it is released |
//! | [`changes`] | the commits and files between two releases, layer by layer |
//! | [`compare`] | two releases, tarballs or plans side by side |
//! | [`archive`] | the tar dialect and its encodings, written and strictly read |
//! | [`record`] | what stands beside the tarballs |
//! | [`release`] | the release directory, all or nothing |
//! | [`fetch`] | releases read from a repository that nobody has to trust |
//! | [`repository`] | what signed metadata says of published releases, and where their files are |
//! | [`pages`] | the web pages of a repository |
//! | [`serve`] | a local repository over HTTP, for a try |
//! | [`beneath`] | files read and made beneath a directory's descriptor |
//! | [`unpack`] | a tarball made a folder again, beneath a descriptor |
//! | [`publish`] | releases brought into a repository, and retracted |
//! | [`roles`] | a repository's metadata made, signed, read back and checked, and its keys |
//! | [`store`] | the objects of a repository, in a directory or an S3 bucket |
//! | [`package`] | source packages for Debian, RPM and DKMS from a release |
//! | [`edit`] | manifests edited in place |
//! | [`audit`] | tarballs that others made, held against git |
//! | [`sign`] | signatures over a release: made, attached and checked |
//! | [`rebuild`] | a release made again from what its tarball carries |
//! | [`verify`] | every byte of a release accounted for, or a list of problems |
//! | [`cli`] | one file per command; the only room that prints |

pub mod archive;
pub mod assemble;
pub mod assemble_all;
pub mod audit;
pub mod beneath;
pub mod changes;
pub mod cli;
pub mod compare;
pub mod edit;
pub mod fetch;
pub mod kernel;
pub mod line;
pub mod lock;
pub mod manifest;
pub mod model;
pub mod package;
pub mod pages;
pub mod patch;
pub mod plan;
pub mod preflight;
pub mod publish;
pub mod rebuild;
pub mod record;
pub mod release;
pub mod repository;
pub mod roles;
pub mod serve;
pub mod sign;
pub mod signature;
pub mod source;
pub mod store;
pub mod unpack;
pub mod verify;
