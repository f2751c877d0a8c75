// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Records of pax headers (POSIX.1-2017, pax, "pax Extended Header"): `LENGTH KEY=VALUE\n`.

/// The records of one pax header by key, the last of a key standing, as POSIX has it.
#[derive(Debug, Default, Clone)]
pub(super) struct Records(Vec<(String, Vec<u8>)>);

impl Records {
    /// Splits a header's data. The `tar` crate splits at newlines, which a value may hold, so this
    /// goes by the lengths. `None` when the lengths do not fit.
    pub(super) fn read(mut data: &[u8]) -> Option<Self> {
        let mut records = Vec::new();
        while !data.is_empty() {
            let space = data.iter().take(20).position(|&byte| byte == b' ')?;
            let length: usize = std::str::from_utf8(&data[..space]).ok()?.parse().ok()?;
            let record = data.get(space + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|&byte| byte == b'=')?;
            let key = String::from_utf8_lossy(&record[..equals]).into_owned();
            records.push((key, record[equals + 1..].to_vec()));
            data = &data[length..];
        }
        Some(Self(records))
    }

    pub(super) fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value.as_slice())
    }

    /// The value as a number; what is behind a point does not count.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        let text = std::str::from_utf8(self.get(key)?).ok()?;
        text.split('.').next()?.parse().ok()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_go_by_their_lengths() {
        let records = Records::read(b"8 a=1\n2\n14 mtime=7.25\n6 a=3\n").unwrap();
        assert_eq!(records.get("a"), Some(&b"3"[..]));
        assert_eq!(records.iter().next(), Some(("a", &b"1\n2"[..])));
        assert_eq!(records.number("mtime"), Some(7));
        for broken in [&b"6 a=1"[..], b"x a=1\n", b"60 a=1\n", b"6 a-1\n", b"2 a=1\n", b"0 a=1\n", b"6a=1\n"]
        {
            assert!(Records::read(broken).is_none(), "{}", broken.escape_ascii());
        }
    }
}
