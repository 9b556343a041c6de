//! The table of contents: location, type and subtype of every item, with the hash that the author's signature covers.
//!
//! ```text
//! count (4), then per item:
//! type (1) subtype (1) encryption (1: 0 clear, 1 Cobblestone-256) key id (2)
//! media type (text) language (text) region (text) interests (text)
//! offset (8) length (8) SHA-256 of the stored bytes (32)
//! ```

use super::item::{ItemKind, TextKind};
use super::{HEADER, MAX_ITEMS, MediaError};
use crate::id::KeyId;
use crate::wire::{Reader, WireError, Writer};

/// One row of the table of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TocEntry {
    /// Its place in the table, from 0; part of its encryption's context.
    pub number: u32,
    /// Type and subtype.
    pub kind: ItemKind,
    /// The key that opens it; `None` when it is clear.
    pub key: Option<KeyId>,
    /// Media type, e.g. `text/plain`, `image/png`, `audio/flac`; at most 64 bytes.
    pub media_type: String,
    /// Language tag (BCP 47) or empty; at most 35 bytes.
    pub language: String,
    /// Region that a promotional picture is for, or empty; at most 64 bytes.
    pub region: String,
    /// Interests that it is for, comma-separated, or empty; at most 256 bytes.
    pub interests: String,
    /// First byte, from the start of the file.
    pub offset: u64,
    /// Stored bytes.
    pub length: u64,
    /// SHA-256 of the stored bytes.
    pub sha256: [u8; 32],
}

impl TocEntry {
    /// The item in words, with its number where there can be several.
    pub fn words(&self) -> String {
        match self.kind {
            ItemKind::Text(_) => self.kind.words().to_owned(),
            ItemKind::Graphic(_) | ItemKind::Audio(_) => {
                format!("{} (item {})", self.kind.words(), self.number)
            }
        }
    }

    /// Whether this is a second text of the other's kind and language. Only `Other` may repeat.
    pub(super) fn repeats(&self, other: &TocEntry) -> bool {
        let is_single = matches!(self.kind, ItemKind::Text(kind) if kind != TextKind::Other);
        is_single && other.kind == self.kind && other.language == self.language
    }
}

/// All rows, in file order and without gaps between the items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableOfContents {
    entries: Vec<TocEntry>,
}

impl TableOfContents {
    pub(super) const fn new(entries: Vec<TocEntry>) -> Self {
        Self { entries }
    }

    /// Reads the table; `end` is where it starts itself, which is where the last item must end.
    pub fn from_bytes(bytes: &[u8], end: u64) -> Result<Self, MediaError> {
        Self::parse(bytes, end).map_err(MediaError::malformed("table of contents"))
    }

    fn parse(bytes: &[u8], end: u64) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let count = r.count(MAX_ITEMS, "number of items")?;
        let mut expected = HEADER as u64;
        let mut entries = Vec::with_capacity(count);
        for number in 0..count {
            let entry = read_entry(&mut r, u32::try_from(number).expect("bounded by MAX_ITEMS"))?;
            if entries.iter().any(|earlier| entry.repeats(earlier)) {
                return Err(WireError::Invalid { field: "second text of one kind and language" });
            }
            if entry.offset != expected {
                return Err(WireError::Invalid { field: "item offset" });
            }
            expected += entry.length;
            entries.push(entry);
        }
        r.finish("table of contents")?;
        if expected == end { Ok(Self { entries }) } else { Err(WireError::Invalid { field: "item length" }) }
    }

    /// The table's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.count(self.entries.len());
        for e in &self.entries {
            w.raw(&e.kind.codes()).bool(e.key.is_some()).u16(e.key.map_or(0, |k| k.0));
            w.text(&e.media_type).text(&e.language).text(&e.region).text(&e.interests);
            w.u64(e.offset).u64(e.length).raw(&e.sha256);
        }
        w.into_bytes()
    }

    /// Rows in file order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &TocEntry> {
        self.entries.iter()
    }

    /// The first item of a kind.
    pub fn first(&self, kind: ItemKind) -> Option<&TocEntry> {
        self.entries.iter().find(|e| e.kind == kind)
    }

    /// The row with this number.
    pub fn entry(&self, number: u32) -> Option<&TocEntry> {
        self.entries.get(usize::try_from(number).ok()?)
    }
}

fn read_entry(r: &mut Reader<'_>, number: u32) -> Result<TocEntry, WireError> {
    let kind = ItemKind::from_codes(r.array("item type")?)?;
    let encrypted = r.bool("encryption")?;
    let key = KeyId(r.u16("key id")?);
    if !encrypted && key.0 != 0 {
        return Err(WireError::Invalid { field: "key id" });
    }
    let media_type = r.text(64, "media type")?.to_owned();
    let language = r.text(35, "language")?.to_owned();
    let region = r.text(64, "region")?.to_owned();
    let interests = r.text(256, "interests")?.to_owned();
    let (offset, length) = (r.u64("item offset")?, r.u64("item length")?);
    if length > kind.bound() {
        return Err(WireError::TooLong { field: kind.words(), length, bound: kind.bound() });
    }
    let sha256 = r.array("item hash")?;
    let key = encrypted.then_some(key);
    Ok(TocEntry { number, kind, key, media_type, language, region, interests, offset, length, sha256 })
}
