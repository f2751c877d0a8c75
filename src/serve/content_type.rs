// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a file is, by the end of its name.

/// The longer ends first. A compressed tarball is a file of its own kind and never a `Content-Encoding`:
/// a client would unpack it, and its digest would be wrong.
const TYPES: [(&str, &str); 19] = [
    (".html", "text/html; charset=utf-8"),
    (".json", "application/json"),
    (".jsonl", "application/jsonl"),
    (".md", "text/markdown; charset=utf-8"),
    (".txt", "text/plain; charset=utf-8"),
    (".css", "text/css; charset=utf-8"),
    (".js", "text/javascript; charset=utf-8"),
    (".svg", "image/svg+xml"),
    (".png", "image/png"),
    (".ico", "image/vnd.microsoft.icon"),
    (".tar", "application/x-tar"),
    (".gz", "application/gzip"),
    (".xz", "application/x-xz"),
    (".zst", "application/zstd"),
    (".asc", "application/pgp-signature"),
    (".sign", "application/pgp-signature"),
    (".sig", "text/plain; charset=utf-8"),
    (".pem", "application/x-pem-file"),
    ("SHA256SUMS", "text/plain; charset=utf-8"),
];

/// The media type of a file.
pub(super) fn of(path: &str) -> &'static str {
    let known = TYPES.iter().find(|(end, _)| path.ends_with(end));
    known.map_or("application/octet-stream", |(_, media_type)| media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_repository_have_their_types() {
        for (path, media_type) in [
            ("index.html", "text/html; charset=utf-8"),
            ("metadata/timestamp.json", "application/json"),
            ("lts-6.12/a.origins.jsonl", "application/jsonl"),
            ("lts-6.12/a.tar.xz", "application/x-xz"),
            ("lts-6.12/a.tar.xz.asc", "application/pgp-signature"),
            ("lts-6.12/a.tar.sign", "application/pgp-signature"),
            ("lts-6.12/SHA256SUMS", "text/plain; charset=utf-8"),
            ("lts-6.12/a.SHA256SUMS", "text/plain; charset=utf-8"),
            ("what", "application/octet-stream"),
        ] {
            assert_eq!(of(path), media_type, "{path}");
        }
    }
}
