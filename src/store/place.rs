// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Addresses of stores, and paths of objects in them.

use std::path::PathBuf;

use crate::model::{Class, Failure, Problem};

/// Where a store is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket, and the folder in it, which may be empty.
    Bucket { bucket: String, prefix: String },
}

pub(super) fn parse(at: &str) -> Result<Place, Failure> {
    let Some((scheme, rest)) = at.split_once("://") else {
        return if at.is_empty() { Err(wrong(at, "it is empty")) } else { Ok(Place::Folder(at.into())) };
    };
    match scheme {
        "file" => {
            let url = url::Url::parse(at).map_err(|error| wrong(at, &error.to_string()))?;
            let folder = url.to_file_path().map_err(|()| wrong(at, "it names another machine"))?;
            Ok(Place::Folder(folder))
        }
        "s3" => {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let prefix = prefix.trim_end_matches('/');
            let good =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
            if bucket.is_empty() || !bucket.to_ascii_lowercase().bytes().all(good) {
                return Err(wrong(at, &format!("`{bucket}` is not the name of a bucket")));
            }
            if !prefix.is_empty() {
                check(prefix).map_err(|_| wrong(at, &format!("`{prefix}` is not a folder in a bucket")))?;
            }
            Ok(Place::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
        }
        "http" | "https" => Err(wrong(at, "a web server is for reading alone")),
        _ => Err(wrong(at, &format!("`{scheme}` is not known"))),
    }
}

fn wrong(at: &str, why: &str) -> Failure {
    let problem = Problem::new(format!("`{at}` is not a place that a repository can be kept in"))
        .note(why)
        .help("give a folder, `file:///folder` or `s3://bucket/folder`");
    Failure::new(Class::Usage, problem)
}

/// Refuses a path that could leave the store, or that no object of a repository has. Names that begin
/// with a dot are our own: what is under way.
pub(super) fn check(path: &str) -> Result<(), Failure> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+~@=".contains(&byte);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(good);
    if path.split('/').all(part) {
        return Ok(());
    }
    let problem = Problem::new(format!("`{}` cannot be the path of an object", path.escape_debug()))
        .help("its parts have letters, digits and `.-_+~@=`, and do not begin with a dot");
    Err(Failure::new(Class::Verification, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        assert_eq!(parse("repo").unwrap(), Place::Folder("repo".into()));
        assert_eq!(parse("file:///srv/a%20b").unwrap(), Place::Folder("/srv/a b".into()));
        let bucket =
            |bucket: &str, prefix: &str| Place::Bucket { bucket: bucket.into(), prefix: prefix.into() };
        assert_eq!(parse("s3://releases").unwrap(), bucket("releases", ""));
        assert_eq!(parse("s3://releases/lustre/main/").unwrap(), bucket("releases", "lustre/main"));
        for bad in
            ["", "s3://", "s3:///x", "s3://a b", "s3://a/../b", "file://host/x", "https://a/b", "ftp://a"]
        {
            assert_eq!(parse(bad).unwrap_err().class, Class::Usage, "{bad}");
        }
    }

    #[test]
    fn no_path_leaves_the_store() {
        for good in ["root.json", "lts-6.12/lustre-2.18.0+k6.12.58.tar.xz", "targets/ab.kernels.json"] {
            check(good).unwrap();
        }
        for bad in ["", "/etc/passwd", "a//b", "a/../b", ".lock", "a/.b", "a\\b", "a\nb", "a/", "ä"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
