// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the program does, a module per behaviour. Repositories are made by code, in a temporary
//! folder, with fixed dates and identities.

#![allow(clippy::disallowed_methods, reason = "tests make files and run programs")]

mod archive;
mod assemble;
mod bundles;
mod commandline;
mod development;
mod directory;
mod due;
mod edit;
mod feed;
mod fixture;
mod hostile;
mod kernels;
mod lines;
mod lock;
mod mirror;
mod plan;
mod plumbing;
mod preflight;
mod reproducible;
mod runner;
mod shipped;
mod sources;
mod tags;
mod tarball;
