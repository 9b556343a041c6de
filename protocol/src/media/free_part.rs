//! The free part of a media file (requirement V9): everything but the encrypted items, to be passed on. Header, table of contents and every
//! signature stay as they are, so it proves itself like the whole; a list at the very end names what is absent.
//!
//! ```text
//! number of each absent item, ascending (4 each) | bytes absent in all (8) | how many items (4) | magic "CDZFREE1" (8)
//! ```
//! Offsets count as if everything were there. Only encrypted items can be absent, so whoever cuts out something else is noticed.

use std::io::{Read, Seek, SeekFrom, Write};

use super::parts::read_range;
use super::toc::{TableOfContents, TocEntry};
use super::{HEADER, MAX_ITEMS, MediaError};
use crate::wire::{Reader, WireError, Writer};

const MAGIC: &[u8; 8] = b"CDZFREE1";
/// What stands behind the numbers.
const TAIL: u64 = 8 + 4 + 8;
const FIELD: &str = "list of what is absent";

/// What is not in a file.
#[derive(Debug, Default)]
pub(super) struct Absent {
    numbers: Vec<u32>,
    bytes: u64,
}

impl Absent {
    /// The list at the end of a file, and where it begins. Nothing is absent from a file that ends otherwise.
    pub fn read<R: Read + Seek>(source: &mut R, file_length: u64) -> Result<(Self, u64), MediaError> {
        let whole = Ok((Self::default(), file_length));
        let Some(tail_at) = file_length.checked_sub(TAIL) else { return whole };
        let tail = read_range(source, tail_at, TAIL, FIELD)?;
        if !tail.ends_with(MAGIC) {
            return whole;
        }
        let mut r = Reader::new(&tail);
        let invalid = || WireError::Invalid { field: FIELD };
        let mut places = || -> Result<_, WireError> {
            let bytes = r.u64(FIELD)?;
            let count = r.count(MAX_ITEMS, FIELD)?;
            let begin = tail_at.checked_sub(4 * count as u64).ok_or_else(invalid)?;
            Ok((bytes, count, begin))
        };
        let (bytes, count, begin) = places().map_err(MediaError::malformed(FIELD))?;
        let list = read_range(source, begin, 4 * count as u64, FIELD)?;
        let mut r = Reader::new(&list);
        let numbers = (0..count).map(|_| r.u32(FIELD)).collect::<Result<Vec<_>, _>>();
        let numbers = numbers.map_err(MediaError::malformed(FIELD))?;
        Ok((Self { numbers, bytes }, begin))
    }

    /// Everything encrypted in a table, as it is absent from the free part.
    pub fn encrypted(toc: &TableOfContents) -> Self {
        let encrypted = || toc.iter().filter(|entry| entry.key.is_some());
        Self {
            numbers: encrypted().map(|entry| entry.number).collect(),
            bytes: encrypted().map(|entry| entry.length).sum(),
        }
    }

    /// Where something lies that would lie at `offset`, behind all items, if everything were there.
    pub fn behind_items(&self, offset: u64) -> Result<u64, MediaError> {
        let place = offset.checked_sub(self.bytes).filter(|place| *place >= HEADER as u64);
        place.ok_or_else(|| MediaError::malformed(FIELD)(WireError::Invalid { field: FIELD }))
    }

    /// Holds the list against the signed table: what is absent is there, encrypted, named once, and so long as is said.
    pub fn check(&self, toc: &TableOfContents) -> Result<(), MediaError> {
        let entries: Option<Vec<&TocEntry>> =
            self.numbers.iter().map(|n| toc.entry(*n).filter(|entry| entry.key.is_some())).collect();
        let bytes = entries.map(|entries| entries.iter().map(|entry| entry.length).sum());
        let ascending = self.numbers.is_sorted_by(|one, next| one < next);
        if ascending && bytes == Some(self.bytes) {
            Ok(())
        } else {
            Err(MediaError::malformed(FIELD)(WireError::Invalid { field: FIELD }))
        }
    }

    /// Where an item lies; `None` if it is absent.
    pub fn place(&self, toc: &TableOfContents, entry: &TocEntry) -> Option<u64> {
        if self.numbers.binary_search(&entry.number).is_ok() {
            return None;
        }
        let before = self.numbers.iter().take_while(|number| **number < entry.number);
        let gap: u64 = before.filter_map(|number| toc.entry(*number)).map(|absent| absent.length).sum();
        Some(entry.offset - gap)
    }

    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        for number in &self.numbers {
            w.u32(*number);
        }
        w.u64(self.bytes).count(self.numbers.len()).raw(MAGIC);
        w.into_bytes()
    }
}

/// Writes the free part of a file: `absent` says what its source lacks already, `behind` where table, signatures and blocks lie in it.
pub(super) fn write<R: Read + Seek, W: Write>(
    source: &mut R,
    toc: &TableOfContents,
    absent: &Absent,
    behind: std::ops::Range<u64>,
    out: &mut W,
) -> Result<(), MediaError> {
    copy(source, 0..HEADER as u64, out)?;
    for entry in toc.iter().filter(|entry| entry.key.is_none()) {
        let at = absent.place(toc, entry).expect("only what is encrypted can be absent");
        copy(source, at..at + entry.length, out)?;
    }
    copy(source, behind, out)?;
    let left_out = Absent::encrypted(toc);
    if !left_out.numbers.is_empty() {
        out.write_all(&left_out.to_bytes())?;
    }
    Ok(out.flush()?)
}

fn copy<R: Read + Seek, W: Write>(
    source: &mut R,
    range: std::ops::Range<u64>,
    out: &mut W,
) -> Result<(), MediaError> {
    source.seek(SeekFrom::Start(range.start))?;
    let length = range.end - range.start;
    let copied = std::io::copy(&mut source.by_ref().take(length), out)?;
    if copied == length {
        Ok(())
    } else {
        Err(MediaError::malformed("media file")(WireError::Truncated { field: "media file" }))
    }
}
