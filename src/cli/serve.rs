// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `lustre-dist serve`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Done;
use super::args::usage;
use super::screen::{LogStyle, Screen, bytes, tell};
use crate::model::version::KernelSeries;
use crate::model::{Failure, Problem};
use crate::repository::layout;
use crate::serve::{Log, Served, Server};

/// Serve a repository in a folder over HTTP, for demos and tests
///
/// It prints its address and how to fetch from it, then a line for each request on standard error, until
/// Ctrl-C ends it. There is no TLS and no access control: for others to fetch from, put the folder behind
/// a web server. Files whose names begin with a dot are not served, and links are not followed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  lustre-dist serve repo")]
pub(super) struct Args {
    /// The folder of the repository
    folder: PathBuf,
    /// The port; 0 takes one that is free
    #[arg(long, value_name = "N", default_value_t = 8417)]
    port: u16,
    /// The address to listen on; any but a loopback one lets others in
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// Print the address as JSON
    #[arg(long)]
    json: bool,
}

#[derive(serde::Serialize)]
struct Answer {
    address: String,
    commands: [String; 3],
}

pub(super) fn run(args: &Args, screen: &Screen) -> Done {
    let folder = &args.folder;
    if !folder.join(layout::TIMESTAMP).is_file() {
        return Err(no_repository(folder));
    }
    let server = Server::bind(folder, SocketAddr::new(args.address, args.port))?;
    let address = format!("http://{}", reachable(server.address()));
    let commands = commands(&address, folder);
    if !args.address.is_loopback() {
        screen.remark(format_args!("everybody who reaches {} can read the repository", server.address()));
    }
    super::screen::wait_for_a_signal();
    if args.json {
        screen.json(&Answer { address, commands });
    } else {
        // In one piece: whoever reads no further than the address must not end the server.
        let commands: String = commands.iter().map(|command| format!("  {command}\n")).collect();
        screen.answer(format!("{address}/\n\n{commands}\n"));
    }
    server.run(Arc::new(Told { style: (!screen.quiet).then_some(screen.log_style) }))
}

/// Nobody connects to `0.0.0.0`.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        });
    }
    address
}

/// How a user sees what there is and gets it.
fn commands(address: &str, folder: &Path) -> [String; 3] {
    let root = quoted(&folder.join(layout::ROOT).display().to_string());
    let from = format!("--from {address} --root {root}");
    let line = newest_line(folder).unwrap_or_else(|| "latest".to_owned());
    [
        format!("lustre-dist ls {from}"),
        format!("lustre-dist fetch latest {from}"),
        format!("lustre-dist fetch {line} {from} --unpack"),
    ]
}

/// A line that the repository has a folder for, so that the example works.
fn newest_line(folder: &Path) -> Option<String> {
    let entries = std::fs::read_dir(folder).ok()?;
    let names = entries.flatten().filter(|entry| entry.path().is_dir());
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let is_line = |name: &String| !name.starts_with('.') && !layout::RESERVED.contains(&name.as_str());
    // Behind `mainline`, in the order of their kernels: lts-6.12 is newer than lts-6.6.
    let series = |name: &String| name.strip_prefix("lts-").and_then(|text| KernelSeries::parse(text).ok());
    names.filter(is_line).max_by_key(series)
}

/// A path that a shell takes for one word.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
    if path.chars().all(is_plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

fn no_repository(folder: &Path) -> Failure {
    usage(
        Problem::new(format!("`{}` is not the folder of a repository", folder.display()))
            .note(format!("it has no `{}`", layout::TIMESTAMP))
            .help("`lustre-dist publish RELEASE --to FOLDER --init` makes one"),
    )
}

/// The log of requests.
struct Told {
    style: Option<LogStyle>,
}

impl Log for Told {
    fn served(&self, served: &Served) {
        let Served { client, method, path, status, sent, length } = served;
        let is_cut = sent < length && method != "HEAD";
        match self.style {
            None => {}
            Some(LogStyle::Json) => tell(serde_json::json!({
                "client": client, "method": method, "path": path, "status": status, "sent": sent, "is_cut": is_cut,
            })),
            Some(_) => {
                let cut = if is_cut { format!(" (cut, of {})", bytes(*length)) } else { String::new() };
                let path: String = path.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
                tell(format_args!("{status} {:>8}  {method} {path}{cut}", bytes(*sent)));
            }
        }
    }
}
