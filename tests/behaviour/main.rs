// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the program does, a module per behaviour. Repositories are made by code, in a temporary
//! folder, with fixed dates and identities.

#![allow(clippy::disallowed_methods, reason = "tests make files and run programs")]

mod archive;
mod assemble;
mod attack;
mod audit;
mod bundles;
mod changes;
mod commandline;
mod development;
mod diff;
mod directory;
mod dkms_trees;
mod due;
mod edit;
mod feed;
mod fetch;
mod fetch_trust;
mod fixture;
mod forge;
mod fuzz;
mod fuzz_reader;
mod history;
mod hostile;
mod hostile_release;
mod hostile_server;
mod hostile_tar;
mod kernels;
mod keymaker;
mod lines;
mod lock;
mod mirror;
mod origin;
mod package_branch;
mod package_control;
mod package_deb;
mod package_dkms;
mod package_fetched;
mod package_rpm;
mod package_signed;
mod plan;
mod plumbing;
mod preflight;
mod publish;
mod published;
mod rebuild;
mod records;
mod repo;
mod reproducible;
mod runner;
mod serve;
mod shipped;
mod sign;
mod signature;
mod signed;
mod since;
mod site;
mod sources;
mod strict_reader;
mod tags;
mod tamper;
mod tampered;
mod tarball;
mod unpack;
mod vendor;
mod verify;
mod verify_keys;
mod verify_records;
