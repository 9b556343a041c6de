//! The media data file (requirements O1 to O5): one song with everything that belongs to it.
//!
//! ```text
//! header (48) | item 0 | item 1 | ... | table of contents | author's block      what the author signed
//!                                                         | agency blocks       what a distribution hub adds, 0 to 4
//!                                                         | publication block   what a content manager signs before it sells, stamped by the licensing center
//!                                                         | transaction block   what the player adds
//! ```
//!
//! Items follow each other without a gap, so every byte of the file belongs to something that has a name.
//! The bytes come from the authoring tool ([`MediaBuilder`]), lie unchanged in the content manager's store and
//! are read by players and servers alike ([`MediaFile`]). `docs/formats/media-file.md` gives them one by one.

mod agency;
mod author;
mod behind;
mod builder;
mod file;
mod free_part;
mod image;
mod item;
mod parts;
mod publication;
mod section;
mod standing;
mod toc;
mod transaction;

use thiserror::Error;

pub use agency::{AgencyBlock, AgencyCode, AgencyFacts, MAX_BLOCKS as MAX_AGENCIES};
pub use author::AuthorBlock;
pub use builder::{MediaBuilder, Protection};
pub use file::{Graphic, ImageReader, MediaFile};
pub use image::{
    Allowance, AudioImage, ClipTimes, Codec, ImageParameters, IndexEntry, Loudness, Part, Restrictions,
    SmpteTimestamp, Watermark,
};
pub use item::{AudioKind, GraphicKind, ItemKind, TextKind};
pub use publication::{Publication, PublicationBlock, PublicationFacts};
pub use section::Section;
pub use standing::StampRequest;
pub use toc::{TableOfContents, TocEntry};
pub use transaction::{TransactionBlock, TransactionFacts};

use crate::cert::CertificateError;
use crate::crypto::chunked::ChunkedError;
use crate::id::MediaId;
use crate::wire::{WireError, Writer};

/// First eight bytes of every media data file.
pub const MAGIC: [u8; 8] = *b"\x89CDZ\r\n\x1a\n";
/// Format version that this crate writes; readers accept the same major number.
pub const VERSION: (u16, u16) = (1, 0);
/// Bytes of the header.
pub const HEADER: usize = 48;
/// Most items in a file.
pub const MAX_ITEMS: u32 = 256;
/// Longest text item, in bytes.
pub const MAX_TEXT: u64 = 1 << 20;
/// Longest graphic item, in bytes.
pub const MAX_GRAPHIC: u64 = 16 << 20;
/// Longest audio image, in bytes.
pub const MAX_IMAGE: u64 = 1 << 40;

/// Why a media data file, or one item of it, is refused. `item` names what is wrong in a person's words.
#[derive(Debug, Error)]
pub enum MediaError {
    /// It does not begin like a media data file.
    #[error("this is not a Cadenza media file; choose a file that ends in .cadenza, or download it again")]
    NotMedia,
    /// A later format.
    #[error("this media file has format version {major}.{minor}, newer than this program; update Cadenza")]
    NewerVersion {
        /// Major version in the file.
        major: u16,
        /// Minor version in the file.
        minor: u16,
    },
    /// A part that cannot be read as what it should be.
    #[error("the media file is damaged ({item}: {source}); download it again")]
    Malformed {
        /// Which part.
        item: String,
        /// What is wrong with it.
        source: WireError,
    },
    /// An item whose bytes are not those that the author signed.
    #[error("the {item} in this media file was altered; download it again")]
    Altered {
        /// Which item.
        item: String,
    },
    /// The author's signature does not fit header and table of contents.
    #[error(
        "the author's signature does not fit this media file: header or table of contents was altered; download it again"
    )]
    AuthorSignature,
    /// The author's certificate is not to be trusted.
    #[error(
        "the author of this media file cannot be trusted ({0}); nothing of it is shown or played, download it from the store"
    )]
    Author(#[source] CertificateError),
    /// An agency block is not genuine.
    #[error("the agency codes in this media file are not genuine ({reason}); have the hub add them again")]
    Agency {
        /// What is wrong with them.
        reason: String,
    },
    /// The publication block is not genuine.
    #[error("the store's signature under this media file is not genuine ({reason}); download it again")]
    Publication {
        /// What is wrong with it.
        reason: String,
    },
    /// The transaction block is not genuine.
    #[error("the record of purchase in this media file is not genuine ({reason}); download the track again")]
    Transaction {
        /// What is wrong with it.
        reason: String,
    },
    /// An encrypted item, and no key for it.
    #[error("the {item} is for buyers; buy the track to open it")]
    Locked {
        /// Which item.
        item: String,
    },
    /// An encrypted item that does not open.
    #[error("the {item} in this media file does not open: {source}")]
    Sealed {
        /// Which item.
        item: String,
        /// Why.
        source: ChunkedError,
    },
    /// No audio image of this name.
    #[error("this media file has no '{quality}' version; choose one of those that the store lists for it")]
    NoSuchImage {
        /// What was asked for.
        quality: String,
    },
    /// The file itself could not be read.
    #[error("the media file cannot be read: {0}; check the disk and the file's permissions")]
    Io(#[from] std::io::Error),
}

impl MediaError {
    pub(crate) fn malformed(item: impl Into<String>) -> impl FnOnce(WireError) -> MediaError {
        let item = item.into();
        move |source| MediaError::Malformed { item, source }
    }
}

/// What binds an encrypted item to its place: the context of its chunked encryption.
pub(crate) fn item_context(media: &MediaId, item: u32) -> Vec<u8> {
    let mut w = Writer::new();
    w.text("cadenza/v1/item").bytes(media.as_bytes()).u32(item);
    w.into_bytes()
}
