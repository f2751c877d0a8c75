// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The content of an answer on its way to the client.

use std::fs::File;
use std::io::{self, Read as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use super::{Log, Served};

/// How much is read at a time: two of them fit into a core's cache.
const PIECE: u64 = 256 << 10;

/// Content that tells the log, when it is dropped, how much of it was sent.
pub(super) struct Body {
    content: Content,
    served: Served,
    log: Arc<dyn Log>,
}

pub(super) enum Content {
    Nothing,
    Text(Bytes),
    /// The next so many bytes of a file.
    File(File, u64),
}

impl Content {
    fn left(&self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Text(text) => text.len() as u64,
            Self::File(_, left) => *left,
        }
    }
}

impl Body {
    pub(super) fn new(content: Content, served: Served, log: &Arc<dyn Log>) -> Self {
        let served = Served { length: content.left(), ..served };
        Self { content, served, log: Arc::clone(log) }
    }

    fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.content.left() == 0 {
            return Ok(None);
        }
        match &mut self.content {
            Content::File(file, left) => {
                let wanted = PIECE.min(*left);
                let mut piece = Vec::with_capacity(usize::try_from(wanted).expect("a piece fits"));
                let read = file.take(wanted).read_to_end(&mut piece)? as u64;
                if read < wanted {
                    // Somebody cut it off. The client learns it from a connection that ends early.
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                *left -= read;
                Ok(Some(piece.into()))
            }
            Content::Text(text) => Ok(Some(std::mem::take(text))),
            Content::Nothing => Ok(None),
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        // The thread has this one connection to serve: it may wait for the disk.
        let piece = self.next().transpose();
        if let Some(Ok(piece)) = &piece {
            self.served.sent += piece.len() as u64;
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.content.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.left())
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.log.served(&self.served);
    }
}
