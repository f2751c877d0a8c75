// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The table of kernels: one row a kernel, with what is said of it for servers and for clients.

use std::cmp::Reverse;

use serde::Serialize;

use crate::kernel::{Class, Distribution, Kernel, Lists, Side, Support};

/// The kernels of one distribution.
#[derive(Serialize)]
pub(super) struct Group {
    name: &'static str,
    rows: Vec<Row>,
}

/// One kernel.
#[derive(Serialize)]
struct Row {
    kernel: String,
    label: String,
    server: Option<&'static str>,
    client: Option<&'static str>,
}

/// The table of a release, distribution by distribution; empty where nothing is known.
pub(super) fn table(support: Option<&Support>) -> Vec<Group> {
    let Some(support) = support else { return Vec::new() };
    let mut groups: Vec<(Distribution, Vec<&Kernel>)> = Vec::new();
    for (_, distribution, kernel) in Side::ALL.into_iter().flat_map(|side| support.of(side).all()) {
        let group = match groups.iter_mut().find(|(known, _)| *known == distribution) {
            Some((_, group)) => group,
            None => {
                groups.push((distribution, Vec::new()));
                &mut groups.last_mut().expect("one was pushed").1
            }
        };
        if !group.contains(&kernel) {
            group.push(kernel);
        }
    }
    groups.sort_by_key(|(distribution, _)| *distribution);
    let rows = |kernels: Vec<&Kernel>| {
        let rows = kernels.into_iter().map(|kernel| Row {
            kernel: kernel.release.to_string(),
            label: kernel.label.clone(),
            server: said(&support.server, kernel),
            client: said(&support.client, kernel),
        });
        rows.collect()
    };
    groups
        .into_iter()
        .map(|(distribution, mut kernels)| {
            // The newest first: that is what a visitor runs.
            kernels.sort_by_key(|kernel| Reverse(kernel.release.version()));
            Group { name: distribution.name(), rows: rows(kernels) }
        })
        .collect()
}

fn said(lists: &Lists, kernel: &Kernel) -> Option<&'static str> {
    let class = lists.all().find(|(_, _, listed)| *listed == kernel).map(|(class, ..)| class)?;
    Some(match class {
        Class::Tested => "tested",
        Class::Known => "known to build",
    })
}
