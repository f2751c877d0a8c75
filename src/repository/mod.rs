// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A release repository: what signed metadata says of its releases, and where its files are.
//!
//! A [`Catalog`] is every release and line of a repository. It travels inside the signed `targets` role of
//! The Update Framework (<https://theupdateframework.github.io/specification/latest/>), one target per
//! release: its `release.json`, which pins every artifact; an [`Entry`] is the target's `custom` object. So a
//! reader who trusts the metadata can choose a release, and then check every byte of it.
//!
//! Nothing here does I/O. [`Layout`](layout) names every object of a repository, for those who write it
//! and those who read it.

mod catalog;
mod choose;
mod entry;
mod kernels;
pub mod layout;
mod spec;
mod targets;

pub use catalog::{Catalog, Listed};
pub use choose::{Choice, OnKernel, PassedOver, Reason, against, choose};
pub use entry::{Entry, KernelsKey, LineEntry, Retraction};
pub use kernels::KernelTables;
pub use spec::{Spec, SpecError, Wish};
pub use targets::{SPEC_VERSION, from_targets, to_targets};
