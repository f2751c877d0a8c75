// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Who answers for a package.

use std::fmt;

use serde::Serialize;

/// A name and a mail address, as Debian's `Maintainer` field and the change logs of both families
/// have them (Debian Policy 5.6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Maintainer {
    /// The name: `A. Packager`.
    pub name: String,
    /// The address: `packager@example.org`.
    pub mail: String,
}

impl Maintainer {
    /// Checks a name and an address.
    ///
    /// # Errors
    /// What neither field can hold, in words.
    pub fn new(name: &str, mail: &str) -> Result<Self, String> {
        let (name, mail) = (name.trim(), mail.trim());
        if name.is_empty() || name.chars().any(|c| c.is_control() || matches!(c, '<' | '>' | ',' | '"')) {
            return Err(format!("`{name}` is no name: it has a comma, a quote, `<`, `>` or nothing at all"));
        }
        let parts = mail.split_once('@');
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | ',' | '"' | '(' | ')');
        let is_mail = mail.chars().all(plain)
            && parts.is_some_and(|(user, host)| {
                !user.is_empty() && !host.contains('@') && host.split('.').all(|label| !label.is_empty())
            });
        if !is_mail {
            return Err(format!("`{mail}` is no mail address"));
        }
        Ok(Self { name: name.to_owned(), mail: mail.to_owned() })
    }

    /// Reads `Name <mail>`.
    ///
    /// # Errors
    /// It has another form, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = || format!("`{text}` is not of the form `Name <mail@example.org>`");
        let (name, mail) =
            text.trim().strip_suffix('>').and_then(|rest| rest.split_once('<')).ok_or_else(form)?;
        Self::new(name, mail)
    }
}

impl fmt::Display for Maintainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.name, self.mail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maintainer_is_a_name_and_an_address() {
        let good = Maintainer::parse("A. Packager <a.packager@example.org>").unwrap();
        assert_eq!(good.to_string(), "A. Packager <a.packager@example.org>");
        for bad in
            ["", "A. Packager", "<a@b>", "A <a>", "A <a@@b>", "A, B <a@b.c>", "A <a@b.c> x", "A <a@b..c>"]
        {
            assert!(Maintainer::parse(bad).is_err(), "{bad}");
        }
    }
}
