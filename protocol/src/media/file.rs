//! Opening a media data file: check who signed it, list what is in it, read any item.
//!
//! [`MediaFile::open`] reads header, table of contents and author's block only, so it costs the same for a song of any
//! length. Every later read is checked: items against the signed hash, encrypted images chunk by chunk as they play.

use std::io::{self, Read, Seek, SeekFrom, Write};

use zeroize::Zeroizing;

use super::agency::AgencyBlock;
use super::author::AuthorBlock;
use super::behind::{Behind, OTHER_FILE};
use super::free_part::{self, Absent};
use super::image::{AudioImage, ImageParameters};
use super::item::{AudioKind, GraphicKind, ItemKind, TextKind};
use super::parts::{Header, hash_range, read_range, read_up_to};
use super::publication::PublicationBlock;
use super::section::Section;
use super::standing;
use super::toc::{TableOfContents, TocEntry};
use super::transaction::TransactionBlock;
use super::{HEADER, MAGIC, MediaError, item_context};
use crate::cert::{Certificate, CertificateChain, RevocationLists};
use crate::crypto::chunked::{self, ChunkedError, DecryptingReader};
use crate::crypto::wrap::KeyBundle;
use crate::id::MediaId;
use crate::wire::WireError;

/// A media data file whose author's signature holds.
#[derive(Debug)]
pub struct MediaFile<R> {
    source: R,
    media_id: MediaId,
    toc: TableOfContents,
    toc_at: u64,
    author_at: u64,
    absent: Absent,
    author: AuthorBlock,
    images: Vec<AudioImage>,
    running_hash: [u8; 32],
    agencies: Vec<AgencyBlock>,
    publication: Option<PublicationBlock>,
    published_length: u64,
    transaction: Option<TransactionBlock>,
}

/// A picture as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graphic {
    /// Media type, e.g. `image/png`.
    pub media_type: String,
    /// The picture's bytes.
    pub bytes: Vec<u8>,
}

impl<R: Read + Seek> MediaFile<R> {
    /// Reads and checks everything but the items' contents. `root` is the licensing center's certificate.
    pub fn open(mut source: R, root: &Certificate) -> Result<Self, MediaError> {
        let file_length = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        let mut header = [0; HEADER];
        let got = read_up_to(&mut source, &mut header)?;
        if !header[..got].starts_with(&MAGIC) {
            return Err(MediaError::NotMedia);
        }
        let Header { media_id, toc_offset, toc_length } = Header::parse(&header[..got])?;

        let (absent, file_length) = Absent::read(&mut source, file_length)?;
        let toc_at = absent.behind_items(toc_offset)?;
        let toc_bytes = read_range(&mut source, toc_at, toc_length, "table of contents")?;
        let toc = TableOfContents::from_bytes(&toc_bytes, toc_offset)?;
        absent.check(&toc)?;
        let author_at = toc_at + toc_length;
        let (author, running_hash, end) = AuthorBlock::read(&mut source, author_at)?;
        author.verify(root, &header, &toc_bytes)?;
        let mut behind = Behind { root, media_id, running_hash, end, file_length };
        let agencies = behind.agencies(&mut source)?;
        let publication = behind.publication(&mut source)?;
        if let Some(PublicationBlock { word, stamp }) = &publication {
            standing::check(&author, &agencies, word, root, stamp.at, &RevocationLists::none())?;
        }
        let transaction = behind.transaction(&mut source, publication.is_some())?;
        let Behind { running_hash, end: published_length, .. } = behind;
        let images = Vec::new();
        let mut file = Self {
            source,
            media_id,
            toc,
            toc_at,
            author_at,
            absent,
            author,
            images,
            running_hash,
            agencies,
            publication,
            published_length,
            transaction,
        };
        file.images = file.read_images()?;
        Ok(file)
    }

    /// Names this song.
    pub const fn media_id(&self) -> &MediaId {
        &self.media_id
    }

    /// The author's certificate chain.
    pub const fn author(&self) -> &CertificateChain {
        &self.author.chain
    }

    /// Who signed and when.
    pub const fn author_block(&self) -> &AuthorBlock {
        &self.author
    }

    /// Numbers of the items that were left out of a free part (requirement V9), all encrypted; none in a whole file. Everything else is
    /// there, and is checked as in a whole file.
    pub fn absent(&self) -> &[u32] {
        self.absent.numbers()
    }

    /// Writes the free part: what anyone may read, with every signature, without what only buyers open and without a record of purchase.
    pub fn write_free_part<W: Write>(&mut self, mut out: W) -> Result<(), MediaError> {
        let behind = self.toc_at..self.published_length;
        free_part::write(&mut self.source, &self.toc, &self.absent, behind, &mut out)
    }

    /// Everything that is in the file, or would be if it were whole.
    pub const fn toc(&self) -> &TableOfContents {
        &self.toc
    }

    /// The audio images, in file order.
    pub fn images(&self) -> &[AudioImage] {
        &self.images
    }

    /// The image with this quality name.
    pub fn image(&self, quality: &str) -> Result<&AudioImage, MediaError> {
        let found = self.images.iter().find(|i| i.quality == quality);
        found.ok_or_else(|| MediaError::NoSuchImage { quality: quality.to_owned() })
    }

    /// The record of purchase, in a file that was delivered.
    pub const fn transaction(&self) -> Option<&TransactionBlock> {
        self.transaction.as_ref()
    }

    /// The codes that distribution hubs added, in file order.
    pub fn agencies(&self) -> &[AgencyBlock] {
        &self.agencies
    }

    /// What a content manager says of the whole, in a file that is or was for sale.
    pub const fn publication(&self) -> Option<&PublicationBlock> {
        self.publication.as_ref()
    }

    /// What the next agency block, or the publication block, is bound to: the SHA-256 of the author's block, its length field not counted;
    /// with each agency block the SHA-256 of the hash so far and the block.
    pub const fn running_hash(&self) -> &[u8; 32] {
        &self.running_hash
    }

    /// Author's block and agency blocks as they stand in a file that is not published yet: what [`super::StampRequest`] shows.
    pub fn blocks(&mut self) -> Result<Vec<u8>, MediaError> {
        let length = self.published_length - self.author_at;
        read_range(&mut self.source, self.author_at, length, "author's signature")
    }

    /// Bytes as they were published: what the author signed, agency blocks, publication block. What follows is the transaction block, or
    /// the list of what is absent.
    pub const fn published_length(&self) -> u64 {
        self.published_length
    }

    /// A clear text, `None` if the file has none of this kind; [`MediaError::Locked`] if it is for buyers.
    pub fn text(&mut self, kind: TextKind) -> Result<Option<String>, MediaError> {
        self.read_text(kind, None)
    }

    /// A text, with the buyer's keys.
    pub fn text_with_keys(&mut self, kind: TextKind, keys: &KeyBundle) -> Result<Option<String>, MediaError> {
        self.read_text(kind, Some(keys))
    }

    /// The first picture of a kind; [`MediaError::Locked`] if it is for buyers.
    pub fn graphic(&mut self, kind: GraphicKind) -> Result<Option<Graphic>, MediaError> {
        self.read_graphic(kind, None)
    }

    /// The same, with the buyer's keys.
    pub fn graphic_with_keys(
        &mut self,
        kind: GraphicKind,
        keys: &KeyBundle,
    ) -> Result<Option<Graphic>, MediaError> {
        self.read_graphic(kind, Some(keys))
    }

    fn read_graphic(
        &mut self,
        kind: GraphicKind,
        keys: Option<&KeyBundle>,
    ) -> Result<Option<Graphic>, MediaError> {
        let Some(entry) = self.toc.first(ItemKind::Graphic(kind)).cloned() else { return Ok(None) };
        let bytes = self.item(&entry, keys)?.to_vec();
        Ok(Some(Graphic { media_type: entry.media_type, bytes }))
    }

    /// The content of a text, picture or parameter item: checked, and opened if it is encrypted. Images are read through
    /// [`MediaFile::open_image`].
    pub fn item(
        &mut self,
        entry: &TocEntry,
        keys: Option<&KeyBundle>,
    ) -> Result<Zeroizing<Vec<u8>>, MediaError> {
        if entry.length > super::MAX_GRAPHIC {
            let (length, bound) = (entry.length, super::MAX_GRAPHIC);
            let error = WireError::TooLong { field: entry.kind.words(), length, bound };
            return Err(MediaError::malformed(entry.words())(error));
        }
        let place = self.absent.place(&self.toc, entry);
        let place = place.ok_or_else(|| MediaError::Locked { item: entry.kind.words().to_owned() })?;
        let stored = read_range(&mut self.source, place, entry.length, entry.kind.words())?;
        if crate::crypto::sha256(&stored) != entry.sha256 {
            return Err(MediaError::Altered { item: entry.words() });
        }
        let Some(key) = entry.key else { return Ok(Zeroizing::new(stored)) };
        let key = keys
            .and_then(|k| k.get(key))
            .ok_or_else(|| MediaError::Locked { item: entry.kind.words().to_owned() })?;
        chunked::open(key, &item_context(&self.media_id, entry.number), &stored)
            .map_err(|source| MediaError::Sealed { item: entry.words(), source })
    }

    /// A reader of an image's clear bytes, borrowing the file. A sealed image is checked chunk by chunk as it is read; a clear preview
    /// only by [`MediaFile::verify_all`].
    pub fn open_image(
        &mut self,
        quality: &str,
        keys: Option<&KeyBundle>,
    ) -> Result<ImageReader<&mut R>, MediaError> {
        let image = self.image_here(quality)?;
        open_image(&mut self.source, &self.media_id, &image, keys)
    }

    /// The same, taking the file along: for a thread of its own.
    pub fn into_image(self, quality: &str, keys: Option<&KeyBundle>) -> Result<ImageReader<R>, MediaError> {
        let image = self.image_here(quality)?;
        open_image(self.source, &self.media_id, &image, keys)
    }

    fn image_here(&self, quality: &str) -> Result<AudioImage, MediaError> {
        let image = self.image(quality)?;
        if self.absent().contains(&image.item) {
            return Err(MediaError::Locked { item: format!("{quality} audio") });
        }
        Ok(image.clone())
    }

    /// Reads every item that is there and checks it against its signed hash, naming the first that was altered; in a delivered file also that
    /// the whole is what was delivered.
    pub fn verify_all(&mut self) -> Result<(), MediaError> {
        for entry in self.toc.iter() {
            let Some(place) = self.absent.place(&self.toc, entry) else { continue };
            let hash = hash_range(&mut self.source, place, entry.length)?;
            if hash != entry.sha256 {
                return Err(MediaError::Altered { item: entry.words() });
            }
        }
        if let Some(block) = &self.transaction {
            let hash = hash_range(&mut self.source, 0, self.published_length)?;
            if hash != block.facts.grant.sha256 {
                return Err(MediaError::Transaction { reason: OTHER_FILE.to_owned() });
            }
        }
        Ok(())
    }

    fn read_text(&mut self, kind: TextKind, keys: Option<&KeyBundle>) -> Result<Option<String>, MediaError> {
        let Some(entry) = self.toc.first(ItemKind::Text(kind)).cloned() else { return Ok(None) };
        let bytes = self.item(&entry, keys)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| WireError::Invalid { field: "text" });
        text.map(|t| Some(t.to_owned())).map_err(MediaError::malformed(entry.words()))
    }

    /// Pairs every parameter item with the image behind it.
    fn read_images(&mut self) -> Result<Vec<AudioImage>, MediaError> {
        let audio: Vec<TocEntry> =
            self.toc.iter().filter(|e| matches!(e.kind, ItemKind::Audio(_))).cloned().collect();
        let mut images: Vec<AudioImage> = Vec::new();
        for pair in audio.chunks(2) {
            let unpaired = || MediaError::malformed("audio")(WireError::Invalid { field: "order of items" });
            let [first, second] = pair else { return Err(unpaired()) };
            let kinds = (first.kind, second.kind);
            let wanted = (ItemKind::Audio(AudioKind::Parameters), ItemKind::Audio(AudioKind::Image));
            if kinds != wanted || second.number != first.number + 1 || first.key.is_some() {
                return Err(unpaired());
            }
            let bytes = self.item(first, None)?;
            let parameters =
                ImageParameters::from_bytes(&bytes).map_err(MediaError::malformed(first.words()))?;
            if images.iter().any(|i| i.quality == parameters.quality) {
                return Err(unpaired());
            }
            let offset = self.absent.place(&self.toc, second).unwrap_or(second.offset);
            let (item, length, key) = (second.number, second.length, second.key);
            images.push(AudioImage { parameters, item, offset, length, key });
        }
        Ok(images)
    }
}

/// An image's clear bytes: a normal FLAC or Ogg file, decrypted as it is read.
#[derive(Debug)]
pub enum ImageReader<R> {
    /// A free preview.
    Clear(Section<R>),
    /// A purchase image.
    Sealed(Box<DecryptingReader<Section<R>>>),
}

impl<R: Read + Seek> Read for ImageReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            ImageReader::Clear(r) => r.read(out),
            ImageReader::Sealed(r) => r.read(out),
        }
    }
}

impl<R: Read + Seek> Seek for ImageReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            ImageReader::Clear(r) => r.seek(to),
            ImageReader::Sealed(r) => r.seek(to),
        }
    }
}

fn open_image<R: Read + Seek>(
    source: R,
    media_id: &MediaId,
    image: &AudioImage,
    keys: Option<&KeyBundle>,
) -> Result<ImageReader<R>, MediaError> {
    let section = Section::new(source, image.offset, image.length);
    let Some(key) = image.key else { return Ok(ImageReader::Clear(section)) };
    let item = || format!("{} audio", image.quality);
    let key = keys.and_then(|k| k.get(key)).ok_or_else(|| MediaError::Locked { item: item() })?;
    let context = item_context(media_id, image.item);
    match DecryptingReader::new(key, &context, section) {
        Ok(reader) => Ok(ImageReader::Sealed(Box::new(reader))),
        Err(error) => match error.get_ref().and_then(|e| e.downcast_ref::<ChunkedError>()) {
            Some(source) => Err(MediaError::Sealed { item: item(), source: *source }),
            None => Err(error.into()),
        },
    }
}
