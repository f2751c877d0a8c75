// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a server says of the bytes that it is about to send, judged before any of them is read.
//!
//! Status, `Content-Range` and validators are those of RFC 9110.

use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap};

use super::fault::{Fault, Kind};

/// What is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ask<'a> {
    /// The first byte that is wanted.
    pub(super) from: u64,
    /// The validator of the bytes before it, where they came from the same address.
    pub(super) same_as: Option<&'a str>,
    /// How many bytes the whole object has, where that is known.
    pub(super) length: Option<u64>,
    /// How many it may have.
    pub(super) most: u64,
}

/// What will come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Coming {
    /// The first byte that will come: the one that was asked for, or 0 from a server that does not know
    /// ranges, or whose object is another one now.
    pub(super) from: u64,
    /// The object's strong validator.
    pub(super) tag: Option<String>,
}

/// Judges a reply.
pub(super) fn judge(status: StatusCode, headers: &HeaderMap, ask: &Ask<'_>) -> Result<Coming, Fault> {
    let from = match status {
        StatusCode::OK => 0,
        StatusCode::PARTIAL_CONTENT if ask.from > 0 => ask.from,
        StatusCode::PARTIAL_CONTENT => {
            return Err(Fault::refused("it gives a part, and the whole was asked for"));
        }
        _ => return Err(refusal(status)),
    };
    // Nothing but the bytes themselves was asked for. A body that unpacks to something else could not be
    // resumed, and its length would say nothing.
    for value in headers.get_all(header::CONTENT_ENCODING) {
        if !value.as_bytes().eq_ignore_ascii_case(b"identity") {
            let value = String::from_utf8_lossy(value.as_bytes());
            let value = value.escape_debug();
            return Err(Fault::refused(format!(
                "it gives the bytes in the content encoding `{value}`, which was not asked for"
            )));
        }
    }
    if status == StatusCode::PARTIAL_CONTENT {
        range(headers, ask)?;
    }
    if let Some(announced) = announced(headers)? {
        let whole = announced.saturating_add(from);
        match ask.length {
            Some(length) if whole != length => {
                return Err(Fault::new(
                    Kind::Wrong,
                    format!("its object has {whole} bytes, and {length} are vouched for"),
                ));
            }
            None if whole > ask.most => return Err(too_long(ask.most)),
            _ => {}
        }
    }
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    // A weak one does not promise the same bytes.
    let tag = tag.filter(|tag| tag.starts_with('"')).map(str::to_owned);
    Ok(Coming { from, tag })
}

/// More than an object may have.
pub(super) fn too_long(most: u64) -> Fault {
    Fault::new(Kind::Wrong, format!("its object has more than {most} bytes"))
}

fn refusal(status: StatusCode) -> Fault {
    let why = if status == StatusCode::NOT_MODIFIED {
        format!("it says {status}, though it was not asked whether anything changed")
    } else if status.is_redirection() {
        format!("it says {status}, without an address of the web to go on to")
    } else {
        format!("it says {status}")
    };
    let kind = match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Kind::Missing,
        StatusCode::FORBIDDEN => Kind::Forbidden,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::TOO_EARLY => Kind::Passing,
        _ if status.is_server_error() => Kind::Passing,
        _ => Kind::Refused,
    };
    Fault::new(kind, why)
}

fn announced(headers: &HeaderMap) -> Result<Option<u64>, Fault> {
    let Some(value) = headers.get(header::CONTENT_LENGTH) else { return Ok(None) };
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    length.map(Some).ok_or_else(|| Fault::refused("its Content-Length is no number"))
}

/// `bytes FIRST-LAST/WHOLE`, which must be all from the byte that was asked for.
fn range(headers: &HeaderMap, ask: &Ask<'_>) -> Result<(), Fault> {
    let text = headers.get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or("nothing");
    let read = || {
        let (range, whole) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let whole: Option<u64> = if whole == "*" { None } else { Some(whole.parse().ok()?) };
        Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?, whole))
    };
    let expected = ask.length.map(|length| length.saturating_sub(1));
    let fits = read().is_some_and(|(first, last, whole)| {
        first == ask.from
            && expected.is_none_or(|expected| last == expected)
            && whole.is_none_or(|whole| whole.checked_sub(1) == Some(last))
    });
    if fits {
        return Ok(());
    }
    let wanted = expected.map_or_else(String::new, |last| last.to_string());
    Err(Fault::refused(format!(
        "it gives the range `{text}`, and `bytes {}-{wanted}` was asked for",
        ask.from
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &[(&str, &str)], from: u64) -> Result<Coming, Kind> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: header::HeaderName = name.parse().unwrap();
            map.append(name, value.parse().unwrap());
        }
        let ask = Ask { from, same_as: None, length: Some(100), most: 100 };
        judge(StatusCode::from_u16(status).unwrap(), &map, &ask).map_err(|fault| fault.kind)
    }

    #[test]
    fn replies_are_judged_before_their_bytes() {
        assert_eq!(judged(200, &[], 0), Ok(Coming { from: 0, tag: None }));
        let whole = [("content-length", "100"), ("etag", "\"a\""), ("content-encoding", "identity")];
        assert_eq!(judged(200, &whole, 0), Ok(Coming { from: 0, tag: Some("\"a\"".into()) }));
        assert_eq!(judged(200, &[("etag", "W/\"a\"")], 40), Ok(Coming { from: 0, tag: None }));
        assert_eq!(judged(200, &[("content-length", "101")], 0), Err(Kind::Wrong));
        assert_eq!(judged(200, &[("content-length", "1e3")], 0), Err(Kind::Refused));
        assert_eq!(judged(200, &[("content-encoding", "gzip")], 0), Err(Kind::Refused));
        assert_eq!(judged(206, &[("content-range", "bytes 0-99/100")], 0), Err(Kind::Refused));
        let part = [("content-range", "bytes 40-99/100"), ("content-length", "60")];
        assert_eq!(judged(206, &part, 40).map(|coming| coming.from), Ok(40));
        assert_eq!(judged(206, &[("content-range", "bytes 40-99/*")], 40).map(|coming| coming.from), Ok(40));
        for wrong in ["bytes 41-99/100", "bytes 40-98/100", "bytes 40-99/101", "lines 40-99/100", "x"] {
            assert_eq!(judged(206, &[("content-range", wrong)], 40), Err(Kind::Refused), "{wrong}");
        }
        assert_eq!(judged(206, &[], 40), Err(Kind::Refused));
        for (status, kind) in [
            (404, Kind::Missing),
            (410, Kind::Missing),
            (403, Kind::Forbidden),
            (429, Kind::Passing),
            (500, Kind::Passing),
            (416, Kind::Refused),
            (304, Kind::Refused),
            (204, Kind::Refused),
        ] {
            assert_eq!(judged(status, &[], 0), Err(kind), "{status}");
        }
    }
}
