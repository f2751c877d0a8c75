// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! The answer to one request (RFC 9110).

use std::fs::{File, Metadata};
use std::io::{Seek as _, SeekFrom};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::response::Builder;
use hyper::{Method, Request, Response, StatusCode};

use super::body::{Body, Content};
use super::path::{self, Asked};
use super::range::{self, Part};
use super::{Log, Served, content_type};
use crate::beneath::Beneath;
use crate::repository::layout::INDEX;

/// An answer before its content is counted.
type Plain = (Builder, Content);

/// Answers a request for something beneath the folder.
pub(super) fn answer(
    folder: &File,
    request: &Request<Incoming>,
    client: SocketAddr,
    log: &Arc<dyn Log>,
) -> Response<Body> {
    let path = request.uri().path();
    let (builder, content) = match *request.method() {
        Method::GET | Method::HEAD => find(folder, path, request.method(), request.headers()),
        _ => {
            let (builder, content) = text(StatusCode::METHOD_NOT_ALLOWED);
            (builder.header(header::ALLOW, "GET, HEAD"), content)
        }
    };
    let response = builder.body(()).unwrap_or_else(|_| {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    });
    let served = Served {
        client,
        method: request.method().to_string(),
        path: path.to_owned(),
        status: response.status().as_u16(),
        sent: 0,
        length: 0,
    };
    response.map(|()| Body::new(content, served, log))
}

fn find(folder: &File, path: &str, method: &Method, headers: &HeaderMap) -> Plain {
    let beneath = Beneath::new(folder);
    let wanted = match path::asked(path) {
        Asked::File(wanted) => wanted,
        Asked::Folder(folder) if folder.is_empty() => INDEX.to_owned(),
        Asked::Folder(folder) => format!("{folder}/{INDEX}"),
        Asked::Never => return text(StatusCode::NOT_FOUND),
        Asked::Malformed => return text(StatusCode::BAD_REQUEST),
    };
    let Ok(file) = beneath.look(&wanted) else { return text(StatusCode::NOT_FOUND) };
    match file.metadata() {
        Ok(stat) if stat.is_file() => send(file, &stat, content_type::of(&wanted), method, headers),
        // Only so do the links of its page lead into it.
        Ok(stat) if stat.is_dir() && !path.ends_with('/') => {
            let (builder, content) = text(StatusCode::MOVED_PERMANENTLY);
            (builder.header(header::LOCATION, format!("{path}/")), content)
        }
        _ => text(StatusCode::NOT_FOUND),
    }
}

fn send(mut file: File, stat: &Metadata, media_type: &str, method: &Method, headers: &HeaderMap) -> Plain {
    let size = stat.len();
    let tag = tag(stat);
    let is_named = |name: HeaderName, weak: bool| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
        tags.any(|one| one == "*" || one == tag || weak && one.strip_prefix("W/") == Some(&tag))
    };
    let builder = |status| {
        Response::builder()
            .status(status)
            .header(header::ETAG, &tag)
            .header(header::ACCEPT_RANGES, "bytes")
            // What is kept is asked for again: an answer without content costs nothing here.
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
    };
    if headers.contains_key(header::IF_MATCH) && !is_named(header::IF_MATCH, false) {
        return (builder(StatusCode::PRECONDITION_FAILED), Content::Nothing);
    }
    if headers.contains_key(header::IF_NONE_MATCH) && is_named(header::IF_NONE_MATCH, true) {
        return (builder(StatusCode::NOT_MODIFIED), Content::Nothing);
    }
    // A part of another file is of no use: only the very same tag will do, and no date.
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let is_same = headers.get(header::IF_RANGE).is_none_or(|value| value.as_bytes() == tag.as_bytes());
    let part = match range.filter(|_| is_same && *method == Method::GET) {
        Some(range) => range::part(range, size),
        None => Part::Whole,
    };
    let (builder, bytes) = match part {
        Part::Whole => (builder(StatusCode::OK), 0..size),
        Part::Bytes(bytes) => {
            let content_range = format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1);
            (builder(StatusCode::PARTIAL_CONTENT).header(header::CONTENT_RANGE, content_range), bytes)
        }
        Part::OutOfReach => {
            let builder = builder(StatusCode::RANGE_NOT_SATISFIABLE);
            return (builder.header(header::CONTENT_RANGE, format!("bytes */{size}")), Content::Nothing);
        }
    };
    let length = bytes.end - bytes.start;
    let builder = builder.header(header::CONTENT_TYPE, media_type).header(header::CONTENT_LENGTH, length);
    if *method == Method::HEAD {
        return (builder, Content::Nothing);
    }
    if bytes.start > 0 && file.seek(SeekFrom::Start(bytes.start)).is_err() {
        return text(StatusCode::INTERNAL_SERVER_ERROR);
    }
    (builder, Content::File(file, length))
}

/// A strong tag without reading the file: what a repository replaces it renames, which gives it another
/// inode, and what it does not replace it does not change.
fn tag(stat: &Metadata) -> String {
    let nanoseconds = stat.mtime_nsec();
    format!("\"{:x}-{:x}-{:x}.{nanoseconds:x}\"", stat.ino(), stat.len(), stat.mtime())
}

/// An answer that says what it is and no more.
fn text(status: StatusCode) -> Plain {
    let text = format!("{status}\n");
    let builder = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    (builder, Content::Text(Bytes::from(text)))
}
