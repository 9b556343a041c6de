//! The bounded reader and writer under every binary format.
//!
//! All integers are big-endian. A variable field is a length followed by that many bytes, and every length has
//! a bound stated where it is read. A reader that has bytes left over at its end is an error: two files that differ in
//! one byte never mean the same thing.

use thiserror::Error;

/// Why some bytes could not be read as what they should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WireError {
    /// The bytes end inside a field.
    #[error("{field} ends early")]
    Truncated {
        /// The field that was being read.
        field: &'static str,
    },
    /// A length field is over its stated bound.
    #[error("{field} says it is {length} long; at most {bound} is allowed")]
    TooLong {
        /// The field that was being read.
        field: &'static str,
        /// What it claims.
        length: u64,
        /// What is allowed.
        bound: u64,
    },
    /// A field holds a value that the format does not know.
    #[error("{field} holds a value that this format does not have")]
    Invalid {
        /// The field that was being read.
        field: &'static str,
    },
    /// Bytes are left over at the end.
    #[error("{count} bytes follow the end of {field}")]
    Trailing {
        /// What was complete already.
        field: &'static str,
        /// How many bytes follow it.
        count: usize,
    },
}

/// Takes fields off the front of a byte slice.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the first byte on.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], WireError> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or(WireError::Truncated { field })?;
        self.rest = rest;
        Ok(head)
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], WireError> {
        let bytes = self.take(N, field)?;
        Ok(bytes.try_into().expect("take gives the length it was asked for"))
    }

    /// One byte.
    pub fn u8(&mut self, field: &'static str) -> Result<u8, WireError> {
        Ok(self.array::<1>(field)?[0])
    }

    /// Two bytes.
    pub fn u16(&mut self, field: &'static str) -> Result<u16, WireError> {
        Ok(u16::from_be_bytes(self.array(field)?))
    }

    /// Four bytes.
    pub fn u32(&mut self, field: &'static str) -> Result<u32, WireError> {
        Ok(u32::from_be_bytes(self.array(field)?))
    }

    /// Eight bytes.
    pub fn u64(&mut self, field: &'static str) -> Result<u64, WireError> {
        Ok(u64::from_be_bytes(self.array(field)?))
    }

    /// Eight bytes, signed.
    pub fn i64(&mut self, field: &'static str) -> Result<i64, WireError> {
        Ok(i64::from_be_bytes(self.array(field)?))
    }

    /// Four bytes, signed.
    pub fn i32(&mut self, field: &'static str) -> Result<i32, WireError> {
        Ok(i32::from_be_bytes(self.array(field)?))
    }

    /// A boolean: 0 or 1, nothing else.
    pub fn bool(&mut self, field: &'static str) -> Result<bool, WireError> {
        match self.u8(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::Invalid { field }),
        }
    }

    /// A 32-bit count of things, at most `bound`.
    pub fn count(&mut self, bound: u32, field: &'static str) -> Result<usize, WireError> {
        let count = self.u32(field)?;
        if count > bound {
            return Err(WireError::TooLong { field, length: count.into(), bound: bound.into() });
        }
        Ok(usize::try_from(count).expect("32 bits fit"))
    }

    /// A 32-bit length, at most `bound`, and that many bytes.
    pub fn bytes(&mut self, bound: u32, field: &'static str) -> Result<&'a [u8], WireError> {
        let length = self.count(bound, field)?;
        self.take(length, field)
    }

    /// The same as UTF-8 text.
    pub fn text(&mut self, bound: u32, field: &'static str) -> Result<&'a str, WireError> {
        std::str::from_utf8(self.bytes(bound, field)?).map_err(|_| WireError::Invalid { field })
    }

    /// How many bytes are left.
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The end: nothing may be left.
    pub fn finish(self, field: &'static str) -> Result<(), WireError> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(WireError::Trailing { field, count }),
        }
    }
}

/// Builds a byte string field by field; the mirror of [`Reader`].
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty one.
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Bytes as they are, without a length.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// One byte.
    pub fn u8(&mut self, v: u8) -> &mut Self {
        self.raw(&[v])
    }

    /// Two bytes.
    pub fn u16(&mut self, v: u16) -> &mut Self {
        self.raw(&v.to_be_bytes())
    }

    /// Four bytes.
    pub fn u32(&mut self, v: u32) -> &mut Self {
        self.raw(&v.to_be_bytes())
    }

    /// Eight bytes.
    pub fn u64(&mut self, v: u64) -> &mut Self {
        self.raw(&v.to_be_bytes())
    }

    /// Eight bytes, signed.
    pub fn i64(&mut self, v: i64) -> &mut Self {
        self.raw(&v.to_be_bytes())
    }

    /// Four bytes, signed.
    pub fn i32(&mut self, v: i32) -> &mut Self {
        self.raw(&v.to_be_bytes())
    }

    /// 0 or 1.
    pub fn bool(&mut self, v: bool) -> &mut Self {
        self.u8(v.into())
    }

    /// A 32-bit count of things that follow.
    ///
    /// # Panics
    /// Over 2^32 things; every caller's bound is far below.
    pub fn count(&mut self, n: usize) -> &mut Self {
        self.u32(u32::try_from(n).expect("counts are bounded far below 2^32"))
    }

    /// A 32-bit length and the bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.count(bytes.len()).raw(bytes)
    }

    /// The same for text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// How long it is so far.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written yet.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// `#[serde(with = "base64_bytes")]`: bytes in JSON as standard base64 with padding (RFC 4648, section 4).
pub mod base64_bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the bytes.
    pub fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&STANDARD.encode(bytes))
    }

    /// Reads the bytes; the document's own bound limits them.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(d)?;
        STANDARD.decode(text).map_err(|_| serde::de::Error::custom("not base64"))
    }
}

/// `#[serde(with = "base64_array")]`: the same for a fixed number of bytes.
pub mod base64_array {
    use serde::{Deserializer, Serializer};

    /// Writes the bytes.
    pub fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], s: S) -> Result<S::Ok, S::Error> {
        super::base64_bytes::serialize(bytes, s)
    }

    /// Reads exactly `N` bytes.
    pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(d: D) -> Result<[u8; N], D::Error> {
        let bytes = super::base64_bytes::deserialize(d)?;
        bytes.try_into().map_err(|_| serde::de::Error::custom(format!("not {N} bytes")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_nothing_may_follow() {
        let mut w = Writer::new();
        w.u8(7).u16(300).u32(70_000).u64(1 << 40).i64(-5).bool(true).text("Añoranza");
        let bytes = w.into_bytes();
        let mut r = Reader::new(&bytes);
        assert_eq!(r.u8("a").unwrap(), 7);
        assert_eq!(r.u16("b").unwrap(), 300);
        assert_eq!(r.u32("c").unwrap(), 70_000);
        assert_eq!(r.u64("d").unwrap(), 1 << 40);
        assert_eq!(r.i64("e").unwrap(), -5);
        assert!(r.bool("f").unwrap());
        assert_eq!(r.text(100, "g").unwrap(), "Añoranza");
        r.finish("all").unwrap();

        let mut longer = bytes.clone();
        longer.push(0);
        let mut r = Reader::new(&longer);
        r.take(bytes.len(), "body").unwrap();
        assert_eq!(r.finish("all"), Err(WireError::Trailing { field: "all", count: 1 }));
    }

    #[test]
    fn a_length_over_its_bound_allocates_nothing() {
        let bytes = u32::MAX.to_be_bytes();
        let error = Reader::new(&bytes).bytes(16, "title").unwrap_err();
        assert_eq!(error, WireError::TooLong { field: "title", length: u32::MAX.into(), bound: 16 });
    }
}
