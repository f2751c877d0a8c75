// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A local repository over HTTP, for a try: what any web server would do with the folder, and no more.
//!
//! Each connection has a thread of its own. So a read from a cold disk holds up nobody else, and files are
//! sent with plain reads. Files are opened beneath the folder's descriptor: no link is followed, no
//! file whose name begins with a dot is there.

mod answer;
mod body;
mod content_type;
mod path;
mod range;

use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::fs::{Mode, OFlags};

use crate::model::{Class, Failure, Problem};

/// How long a client may take for the head of a request, and how long a connection may be idle.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many connections may be open; more are closed at once.
const CONNECTIONS: usize = 256;

/// A folder that is about to be served.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    folder: Arc<File>,
}

/// One request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The client.
    pub client: SocketAddr,
    /// `GET`.
    pub method: String,
    /// The path as it was asked for.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// How many bytes of content were sent.
    pub sent: u64,
    /// How many were to be sent.
    pub length: u64,
}

/// Somebody who is told of every request when it is over.
pub trait Log: Send + Sync {
    /// A request was answered, or the client went away in the middle.
    fn served(&self, served: &Served);
}

impl Server {
    /// Opens the folder and the port. Port 0 is any that is free.
    ///
    /// # Errors
    /// There is no such folder, or the address is not free or not of this machine.
    pub fn bind(folder: &Path, address: SocketAddr) -> Result<Self, Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(folder, flags, Mode::empty())
            .map_err(|error| Failure::io("serve the folder", folder, &error.into()))?;
        let bound = TcpListener::bind(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(|error| cannot_listen(address, &error))?;
        Ok(Self { listener, address, folder: Arc::new(opened.into()) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the process ends.
    pub fn run(self, log: Arc<dyn Log>) -> ! {
        let open = Arc::new(AtomicUsize::new(0));
        loop {
            let Ok((stream, client)) = self.listener.accept() else {
                // No descriptor is left, say: those that are open close some day.
                std::thread::sleep(Duration::from_millis(50));
                continue;
            };
            if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
                open.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let (folder, log) = (Arc::clone(&self.folder), Arc::clone(&log));
            let counted = Counted(Arc::clone(&open));
            // Where no thread can be made the connection is closed; the client may come back.
            let _ = std::thread::Builder::new().name(format!("serve {client}")).spawn(move || {
                let _counted = counted;
                // A client that goes away in the middle is its own affair.
                let _ = converse(stream, client, &folder, &log);
            });
        }
    }
}

/// A connection that counts until it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn converse(stream: TcpStream, client: SocketAddr, folder: &Arc<File>, log: &Arc<dyn Log>) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        let stream = TokioIo::new(tokio::net::TcpStream::from_std(stream)?);
        let service = service_fn(|request| {
            let response = answer::answer(folder, &request, client, log);
            async move { Ok::<_, Infallible>(response) }
        });
        let mut connection = http1::Builder::new();
        connection.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        connection.serve_connection(stream, service).await.map_err(io::Error::other)
    })
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Failure {
    let problem = Problem::new(format!("cannot listen on {address}")).note(error.to_string());
    let problem = match error.kind() {
        io::ErrorKind::AddrInUse => {
            problem.help("another program does; `--port 0` takes a port that is free")
        }
        io::ErrorKind::PermissionDenied => problem.help("take a port from 1024 on"),
        io::ErrorKind::AddrNotAvailable => {
            problem.help("`--address` must be an address of this machine, such as 127.0.0.1")
        }
        _ => problem,
    };
    Failure::new(Class::Environment, problem)
}
