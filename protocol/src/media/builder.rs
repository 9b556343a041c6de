//! Putting a media data file together: what the authoring tool does last.
//!
//! The builder draws the content keys, seals what is to be sealed while it writes, and signs at the end. It returns the
//! keys: whoever holds them (the author, later the content manager) decides who may open the file.

use std::io::{self, Write};

use ring::digest::{Context, SHA256};

use super::author::AuthorBlock;
use super::image::ImageParameters;
use super::item::{AudioKind, GraphicKind, ItemKind, TextKind};
use super::toc::{TableOfContents, TocEntry};
use super::{HEADER, MAGIC, MAX_ITEMS, VERSION, item_context};
use crate::cert::CertificateChain;
use crate::crypto::chunked::{Sealer, sealed_len};
use crate::crypto::sign::SigningKey;
use crate::crypto::wrap::{KeyBundle, MAX_KEYS};
use crate::id::{KeyId, MediaId};
use crate::secret::ContentKey;
use crate::time::UnixTime;
use crate::wire::Writer;

/// Whether an item is for everyone or for buyers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Anyone reads it.
    Clear,
    /// Encrypted; buyers read it.
    Buyers,
}

impl Protection {
    fn key(self) -> Option<KeyId> {
        (self == Protection::Buyers).then_some(KeyId::DESCRIPTIVE)
    }
}

/// Collects items in the order in which they will stand in the file.
#[derive(Debug)]
pub struct MediaBuilder {
    media_id: MediaId,
    items: Vec<(TocEntry, Vec<u8>)>,
    keys: Vec<(KeyId, ContentKey)>,
}

impl MediaBuilder {
    /// An empty file of this name. The descriptive key always exists, used or not.
    pub fn new(media_id: MediaId) -> Self {
        Self { media_id, items: Vec::new(), keys: vec![(KeyId::DESCRIPTIVE, ContentKey::random())] }
    }

    /// Adds a text, in a language (BCP 47 tag, or empty).
    pub fn text(&mut self, kind: TextKind, language: &str, text: &str, protection: Protection) -> &mut Self {
        self.push(
            ItemKind::Text(kind),
            protection.key(),
            "text/plain;charset=utf-8",
            text.as_bytes().to_vec(),
        );
        if let Some((entry, _)) = self.items.last_mut() {
            entry.language = language.to_owned();
        }
        self
    }

    /// Adds a picture.
    pub fn graphic(
        &mut self,
        kind: GraphicKind,
        media_type: &str,
        bytes: Vec<u8>,
        protection: Protection,
    ) -> &mut Self {
        self.push(ItemKind::Graphic(kind), protection.key(), media_type, bytes);
        self
    }

    /// Adds promotional art for a region and for interests (comma-separated); either may be empty.
    pub fn promotional(
        &mut self,
        media_type: &str,
        region: &str,
        interests: &str,
        bytes: Vec<u8>,
    ) -> &mut Self {
        self.graphic(GraphicKind::Promotional, media_type, bytes, Protection::Clear);
        if let Some((entry, _)) = self.items.last_mut() {
            entry.region = region.to_owned();
            entry.interests = interests.to_owned();
        }
        self
    }

    /// Adds an audio image: its parameters and its encoded bytes, a whole FLAC or Ogg file. What is for sale gets a key of its own.
    ///
    /// # Panics
    /// More than six images for sale; a bundle of keys holds seven.
    pub fn image(&mut self, parameters: &ImageParameters, encoded: Vec<u8>) -> &mut Self {
        let key = parameters.for_sale.then(|| {
            assert!(self.keys.len() < MAX_KEYS, "a file holds at most six images for sale");
            let id = KeyId(u16::try_from(self.keys.len()).expect("at most seven"));
            self.keys.push((id, ContentKey::random()));
            id
        });
        let bytes = parameters.to_bytes();
        self.push(ItemKind::Audio(AudioKind::Parameters), None, "application/octet-stream", bytes);
        self.push(ItemKind::Audio(AudioKind::Image), key, parameters.codec.media_type(), encoded);
        self
    }

    /// Writes the file, signed by `key` whose certificate is `chain`'s leaf, and gives the keys that open it.
    pub fn finish<W: Write>(
        self,
        mut out: W,
        key: &SigningKey,
        chain: &CertificateChain,
        signed_at: UnixTime,
    ) -> io::Result<KeyBundle> {
        let keys = KeyBundle::new(self.keys).map_err(io::Error::other)?;
        let mut offset = HEADER as u64;
        let mut entries: Vec<(TocEntry, Vec<u8>)> = Vec::with_capacity(self.items.len());
        for (mut entry, bytes) in self.items {
            let plain = bytes.len() as u64;
            entry.offset = offset;
            entry.length = if entry.key.is_some() { sealed_len(plain) } else { plain };
            if entry.length > entry.kind.bound() {
                let why = format!("the {} is longer than {} bytes", entry.words(), entry.kind.bound());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
            if entries.iter().any(|(earlier, _)| entry.repeats(earlier)) {
                let why = format!("there are two texts for {} in one language", entry.words());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
            offset += entry.length;
            entries.push((entry, bytes));
        }
        // The table's length does not depend on the hashes in it, so the header can go first.
        let mut toc = TableOfContents::new(entries.iter().map(|(e, _)| e.clone()).collect());
        let header = header(&self.media_id, offset, toc.to_bytes().len());
        out.write_all(&header)?;
        for (entry, bytes) in &mut entries {
            entry.sha256 = write_item(&mut out, &self.media_id, entry, bytes, &keys)?;
        }
        toc = TableOfContents::new(entries.into_iter().map(|(e, _)| e).collect());
        let toc = toc.to_bytes();
        out.write_all(&toc)?;
        out.write_all(&AuthorBlock::sign(key, chain.clone(), signed_at, &header, &toc).to_bytes())?;
        out.flush()?;
        Ok(keys)
    }

    fn push(&mut self, kind: ItemKind, key: Option<KeyId>, media_type: &str, bytes: Vec<u8>) {
        let number = u32::try_from(self.items.len()).expect("items are few");
        assert!(number < MAX_ITEMS, "a file holds at most {MAX_ITEMS} items");
        let (language, region, interests) = Default::default();
        let media_type = media_type.to_owned();
        let (offset, length, sha256) = (0, 0, [0; 32]);
        let entry =
            TocEntry { number, kind, key, media_type, language, region, interests, offset, length, sha256 };
        self.items.push((entry, bytes));
    }
}

fn header(media_id: &MediaId, toc_offset: u64, toc_length: usize) -> [u8; HEADER] {
    let mut w = Writer::new();
    w.raw(&MAGIC).u16(VERSION.0).u16(VERSION.1).u32(0).raw(media_id.as_bytes());
    w.u64(toc_offset).count(toc_length).u32(0);
    w.into_bytes().try_into().expect("the header's fields are 48 bytes")
}

fn write_item<W: Write>(
    out: &mut W,
    media_id: &MediaId,
    entry: &TocEntry,
    bytes: &[u8],
    keys: &KeyBundle,
) -> io::Result<[u8; 32]> {
    let mut hashing = Hashing { out, context: Context::new(&SHA256) };
    match entry.key.and_then(|id| keys.get(id)) {
        Some(key) => {
            let mut sealer = Sealer::new(key, &item_context(media_id, entry.number), &mut hashing)?;
            sealer.write_all(bytes)?;
            sealer.finish()?;
        }
        None => hashing.write_all(bytes)?,
    }
    Ok(hashing.context.finish().as_ref().try_into().expect("SHA-256 gives 32 bytes"))
}

/// Hashes what passes through.
struct Hashing<'w, W> {
    out: &'w mut W,
    context: Context,
}

impl<W: Write> Write for Hashing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.context.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
