// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which kernels a release of Lustre is known to work on.
//!
//! Ranges lie: distributions take changes of later kernels back into earlier ones. Lustre's own
//! `lustre/ChangeLog` lists, release by release, the server and client kernels that it was built
//! and tested on and those that it is known to build on. `changelog` reads it, [`Support`] holds
//! one release's lists, [`answer`](Support::answer) holds a running kernel against them.
//!
//! # Which kernels count as the same
//!
//! A listed kernel stands for the updates that its distribution makes of it without taking a new
//! base. The form of what `uname -r` prints says whose kernel it is; architectures and flavours
//! (`.x86_64`, `+debug`, `-default`) do not count. The table is data in `identity`, and the tests
//! hold it to these examples:
//!
//! | distribution | form | same line | example, listed | example, running |
//! | --- | --- | --- | --- | --- |
//! | RHEL and its rebuilds | `-BUILD.elN` | version, first number of the build, `elN` | `5.14.0-611.13.1.el9` | `5.14.0-611.55.1.el9_7.x86_64` |
//! | SLES | `-A.B-default` | series, first number | `6.4.0-150600.23.73` | `6.4.0-150600.23.78-default` |
//! | Ubuntu | `-ABI-generic` | version, ABI the same or later | `6.8.0-35` | `6.8.0-101-generic` |
//! | Debian | `+debN-ARCH`, `-N-ARCH` | series | `6.12.6` | `6.12.117+deb12-amd64` |
//! | Fedora | `-N.fcN` | series, `fcN` | `6.19.14-108.fc42` | `6.19.20-200.fc42.x86_64` |
//! | openEuler | `-N.oeN` | version, `oeN` | `5.10.0-60.94.0.118.oe2203` | `5.10.0-60.125.0.152.oe2203.x86_64` |
//! | kernel.org | none, `+`, `-archN-N`, `.elrepo` | series | `6.18.22` | `6.18.30` |
//!
//! Kernels of Debian and Fedora follow kernel.org's and count as of its series too, where nothing
//! nearer is listed. ABI numbers of Ubuntu's cloud kernels (`-aws`, `-azure`) are counted apart from
//! the generic one's, and Oracle's UEK is no RHEL kernel: for these, as for every form that is not
//! in the table, only the very same text counts as listed.

mod answer;
mod changelog;
mod entry_date;
mod identity;
mod listed;
mod read;
mod support;
mod terms;

pub use answer::{Answer, Answers, Closeness, Matched, Range};
pub use changelog::{Entry, top_entry};
pub use entry_date::EntryDate;
pub use identity::recognised;
pub use read::{Fault, Release, changelog_problem, entry_at, newest_of_each_branch, support_at, tagged};
pub use support::{Kernel, Kernels, Lists, Support, Unread};
pub use terms::{Class, Distribution, Side};
