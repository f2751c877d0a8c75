// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! A source's address in the forms that other people's programs read: SPDX download locations (SPDX
//! 2.3, clause 7.7) and package URLs (<https://github.com/package-url/purl-spec>).

use crate::manifest::{Location, Source};
use crate::model::CommitId;
use crate::source::is_url;

/// `git+https://...`, for a repository that others can reach too. `None` for a path or a bundle: where
/// those stand is nobody else's business. Passwords stay behind, and of web addresses the user too,
/// which may be a token.
pub(super) fn git_uri(url: &str) -> Option<String> {
    if !is_url(url) {
        return None;
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        // `user@host:path`, as scp has it.
        let (host, path) = url.split_once(':')?;
        return Some(format!("git+ssh://{host}/{}", path.trim_start_matches('/')));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) if scheme.contains("ssh") => {
            format!("{}@{host}", user.split_once(':').map_or(user, |(name, _)| name))
        }
        Some((_, host)) => host.to_owned(),
        None => authority.to_owned(),
    };
    match scheme {
        "file" => None,
        _ => Some(format!("git+{}://{authority}/{path}", scheme.strip_prefix("git+").unwrap_or(scheme))),
    }
}

/// The address of a source's own repository.
pub(crate) fn source_uri(source: &Source) -> Option<String> {
    match &source.location {
        Location::Git { url, .. } => git_uri(url),
        Location::Bundle { .. } => None,
    }
}

/// The package URLs of a source at a commit, its own first and then those of its mirrors at the forges
/// that the purl specification has types for, where databases know it.
pub(super) fn purls(source: &Source, name: &str, version: &str, commit: CommitId) -> Vec<String> {
    let (own, mirrors) = match &source.location {
        Location::Git { url, mirrors } => (git_uri(url), mirrors.as_slice()),
        Location::Bundle { .. } => (None, [].as_slice()),
    };
    let first = match own {
        None => format!("pkg:generic/{}@{commit}", encoded(name)),
        Some(uri) => forge(&uri, commit).unwrap_or_else(|| {
            let path = uri.trim_end_matches('/');
            let path = path.strip_suffix(".git").unwrap_or(path);
            let name = path.rsplit_once('/').map_or(name, |(_, last)| last);
            format!(
                "pkg:generic/{}@{}?vcs_url={}",
                encoded(name),
                encoded(version),
                encoded(&format!("{uri}@{commit}"))
            )
        }),
    };
    let mut purls = vec![first];
    for mirror in mirrors {
        let purl = git_uri(mirror).and_then(|uri| forge(&uri, commit));
        purls.extend(purl.filter(|purl| !purls.contains(purl)));
    }
    purls
}

/// `pkg:github/OWNER/NAME@COMMIT` and its sisters.
fn forge(uri: &str, commit: CommitId) -> Option<String> {
    let (authority, path) = uri.split_once("://")?.1.split_once('/')?;
    let kind = match authority.rsplit_once('@').map_or(authority, |(_, host)| host) {
        "github.com" => "github",
        "bitbucket.org" => "bitbucket",
        _ => return None,
    };
    let path = path.trim_end_matches('/');
    let (owner, name) = path.strip_suffix(".git").unwrap_or(path).split_once('/')?;
    let plain = !owner.is_empty() && !name.is_empty() && !name.contains('/');
    // Both forges take names in any case, and the specification wants them small.
    plain.then(|| {
        let (owner, name) = (owner.to_ascii_lowercase(), name.to_ascii_lowercase());
        format!("pkg:{kind}/{}/{}@{commit}", encoded(&owner), encoded(&name))
    })
}

/// Percent-encoding as package URLs have it: a colon and, in what is no name, a slash stay.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn addresses_lose_what_is_secret_or_local() {
        for (url, expected) in [
            ("https://git.example.org/fs/a.git", Some("git+https://git.example.org/fs/a.git")),
            ("https://user:secret@git.example.org/a.git", Some("git+https://git.example.org/a.git")),
            ("https://token@git.example.org/a", Some("git+https://git.example.org/a")),
            ("git://git.example.org/a.git", Some("git+git://git.example.org/a.git")),
            ("ssh://git:secret@git.example.org:29418/a", Some("git+ssh://git@git.example.org:29418/a")),
            ("git@github.com:fs/a.git", Some("git+ssh://git@github.com/fs/a.git")),
            ("host:/srv/a.git", Some("git+ssh://host/srv/a.git")),
            ("file:///srv/a.git", None),
            ("../a.git", None),
            ("/srv/a.git", None),
        ] {
            assert_eq!(git_uri(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn forges_have_types_of_their_own() {
        let commit: CommitId = COMMIT.parse().unwrap();
        for (url, expected) in [
            ("https://github.com/Lustre/lustre-release.git", Some("pkg:github/lustre/lustre-release")),
            ("git@github.com:lustre/lustre-release", Some("pkg:github/lustre/lustre-release")),
            ("https://bitbucket.org/a/b/", Some("pkg:bitbucket/a/b")),
            ("https://github.com/lustre", None),
            ("https://github.com.example.org/a/b", None),
        ] {
            let found = forge(&git_uri(url).unwrap(), commit);
            assert_eq!(found, expected.map(|start| format!("{start}@{COMMIT}")), "{url}");
        }
    }

    #[test]
    fn qualifiers_are_encoded_as_the_specification_shows() {
        assert_eq!(encoded("git+https://a.example/b@c"), "git%2Bhttps://a.example/b%40c");
        assert_eq!(encoded("2.17.0+k6.12 ü"), "2.17.0%2Bk6.12%20%C3%BC");
    }
}
