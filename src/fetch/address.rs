// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where a repository or a mirror of it is.

use std::fmt;
use std::path::Path;

use url::Url;

use crate::model::{Class, Failure, Problem};
use crate::repository::layout;
use crate::source::without_password;

/// The address of a repository's base: `https`, `http` or `file`. It ends in a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads an address, or the path of a folder on this machine.
    ///
    /// # Errors
    /// It is neither, or has a query or a fragment, to which no name can be added.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = |why: String| {
            let problem = Problem::new(format!("`{}` is no address of a repository", without_password(text)));
            let help = "expected an address such as `https://releases.example.org/lustre`, or a folder";
            Failure::new(Class::Usage, problem.note(why).help(help))
        };
        if !text.contains("://") {
            let path = std::path::absolute(text).map_err(|error| wrong(error.to_string()))?;
            return Self::folder(&path).ok_or_else(|| wrong("it is no path".to_owned()));
        }
        let mut url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https" | "file") {
            return Err(wrong(format!("`{}` is not one of https, http and file", url.scheme())));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a part after `?` or `#`".to_owned()));
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self(url))
    }

    /// The address of an absolute path.
    fn folder(path: &Path) -> Option<Self> {
        Url::from_directory_path(path).ok().map(Self)
    }

    /// The address of an object of the repository; none where its name leads out of it, or means more
    /// than a path.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<Url> {
        let url = self.0.join(&layout::escaped(path)).ok()?;
        let is_below =
            url.as_str().len() > self.0.as_str().len() && url.as_str().starts_with(self.0.as_str());
        (is_below && url.query().is_none() && url.fragment().is_none()).then_some(url)
    }

    /// The address with its password, for what only its user reads.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it has a password in it.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.0.password().is_some()
    }

    /// Whether reading it takes the network.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.0.scheme() != "file"
    }
}

/// Without a password, and without the slash at its end.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(without_password(self.0.as_str()).trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_the_base() {
        let base = Address::parse("https://user:secret@example.org/lustre").unwrap();
        assert!(!base.to_string().contains("secret"), "{base}");
        let file = base.of("lts-6.12/lustre-2.18.0+k6.12.58.tar.xz").unwrap();
        assert_eq!(file.path(), "/lustre/lts-6.12/lustre-2.18.0%2Bk6.12.58.tar.xz");
        for path in
            ["../other/x", "/x", "a/../../x", "//example.com/x", "http://example.com/", "x?y", "x#y", ""]
        {
            assert_eq!(base.of(path), None, "{path}");
        }
    }

    #[test]
    fn a_folder_is_an_address() {
        let base = Address::parse("/srv/a repo").unwrap();
        assert_eq!(base.to_string(), "file:///srv/a%20repo");
        assert!(!base.is_remote());
        let path = base.of("other/x+y").unwrap().to_file_path().unwrap();
        assert_eq!(path, Path::new("/srv/a repo/other/x+y"));
        for text in ["ftp://example.org/", "https://example.org/?a=b", "http://", "s3://bucket/x"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}
