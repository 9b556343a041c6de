//! What is entered: sales, takings, refunds and previews, with what an author's agent needs to know; and the licensing center's stamps.

use super::{Checkpoint, LogId};
use crate::cert::Certificate;
use crate::id::{MediaId, VoucherId};
use crate::preview::PreviewKind;
use crate::shop::sold::Sold;
use crate::time::UnixTime;
use crate::time_stamp::{MAX_TOKEN, StampError, TimeStampToken};
use crate::wire::{Reader, WireError, Writer};

/// What is logged when a track was delivered: the source's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleRecord {
    /// When.
    pub at: UnixTime,
    /// Which song.
    pub media_id: MediaId,
    /// Whose: fingerprint of the key of the author who published it.
    pub author_key: [u8; 32],
    /// Track title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// Composers and authors.
    pub authors: String,
    /// Length of the song in milliseconds.
    pub song_ms: u32,
    /// What it was sold as.
    pub sold: Sold,
    /// What the merchant owes for it, cents.
    pub cost_cents: u32,
    /// What the merchant took for it, cents.
    pub retail_cents: u32,
    /// ISO 4217 code of both.
    pub currency: String,
    /// Serial number of the player's certificate.
    pub consumer_serial: String,
    /// The transaction.
    pub voucher_id: VoucherId,
    /// The media file's name in the store.
    pub file_name: String,
    /// Which audio image.
    pub quality: String,
}

impl SaleRecord {
    /// The entry's content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.i64(self.at.0).raw(self.media_id.as_bytes()).raw(&self.author_key);
        w.text(&self.title).text(&self.artist).text(&self.authors);
        w.u32(self.song_ms).u8(self.sold.code()).u32(self.cost_cents).u32(self.retail_cents);
        w.text(&self.currency).text(&self.consumer_serial);
        w.raw(self.voucher_id.as_bytes()).text(&self.file_name).text(&self.quality);
        w.into_bytes()
    }

    /// Reads an entry's content.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let record = Self {
            at: UnixTime(r.i64("time")?),
            media_id: MediaId::from_bytes(r.array("media id")?),
            author_key: r.array("author's key")?,
            title: r.text(4096, "title")?.to_owned(),
            artist: r.text(4096, "artist")?.to_owned(),
            authors: r.text(4096, "authors")?.to_owned(),
            song_ms: r.u32("song length")?,
            sold: read_sold(&mut r)?,
            cost_cents: r.u32("cost")?,
            retail_cents: r.u32("retail price")?,
            currency: r.text(3, "currency")?.to_owned(),
            consumer_serial: r.text(64, "certificate serial")?.to_owned(),
            voucher_id: VoucherId::from_bytes(r.array("voucher id")?),
            file_name: r.text(1024, "file name")?.to_owned(),
            quality: r.text(32, "quality")?.to_owned(),
        };
        r.finish("sale record")?;
        Ok(record)
    }
}

/// What a merchant logs when it took money for a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakingRecord {
    /// When.
    pub at: UnixTime,
    /// The transaction.
    pub voucher_id: VoucherId,
    /// Which song.
    pub media_id: MediaId,
    /// Track title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// What it was sold as.
    pub sold: Sold,
    /// What is owed to the content manager, cents.
    pub cost_cents: u32,
    /// What was taken, cents.
    pub retail_cents: u32,
    /// ISO 4217 code of both.
    pub currency: String,
    /// Which audio image.
    pub quality: String,
}

impl TakingRecord {
    /// The entry's content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.i64(self.at.0).raw(self.voucher_id.as_bytes()).raw(self.media_id.as_bytes());
        w.text(&self.title).text(&self.artist);
        w.u8(self.sold.code()).u32(self.cost_cents).u32(self.retail_cents);
        w.text(&self.currency).text(&self.quality);
        w.into_bytes()
    }

    /// Reads an entry's content.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let record = Self {
            at: UnixTime(r.i64("time")?),
            voucher_id: VoucherId::from_bytes(r.array("voucher id")?),
            media_id: MediaId::from_bytes(r.array("media id")?),
            title: r.text(4096, "title")?.to_owned(),
            artist: r.text(4096, "artist")?.to_owned(),
            sold: read_sold(&mut r)?,
            cost_cents: r.u32("cost")?,
            retail_cents: r.u32("retail price")?,
            currency: r.text(3, "currency")?.to_owned(),
            quality: r.text(32, "quality")?.to_owned(),
        };
        r.finish("taking record")?;
        Ok(record)
    }
}

fn read_sold(r: &mut Reader<'_>) -> Result<Sold, WireError> {
    let field = "what was sold";
    Sold::from_code(r.u8(field)?).ok_or(WireError::Invalid { field })
}

/// What is logged when a purchase was paid back: it takes an earlier entry of the same voucher out of the totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRecord {
    /// When.
    pub at: UnixTime,
    /// The transaction.
    pub voucher_id: VoucherId,
    /// What is no longer owed to the content manager, cents.
    pub cost_cents: u32,
    /// What the buyer got back, cents.
    pub retail_cents: u32,
    /// ISO 4217 code of both.
    pub currency: String,
}

impl RefundRecord {
    /// The entry's content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.i64(self.at.0).raw(self.voucher_id.as_bytes());
        w.u32(self.cost_cents).u32(self.retail_cents).text(&self.currency);
        w.into_bytes()
    }

    /// Reads an entry's content.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let record = Self {
            at: UnixTime(r.i64("time")?),
            voucher_id: VoucherId::from_bytes(r.array("voucher id")?),
            cost_cents: r.u32("cost")?,
            retail_cents: r.u32("retail price")?,
            currency: r.text(3, "currency")?.to_owned(),
        };
        r.finish("refund record")?;
        Ok(record)
    }
}

/// Over what a preview went to the player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewTransport {
    /// RTP inside the RTSP connection.
    Interleaved,
    /// RTP over UDP.
    Udp,
}

impl PreviewTransport {
    const fn code(self) -> u8 {
        match self {
            Self::Interleaved => 1,
            Self::Udp => 2,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Interleaved, Self::Udp].into_iter().find(|transport| transport.code() == code)
    }
}

/// What is logged when a preview has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewRecord {
    /// When.
    pub at: UnixTime,
    /// Which song.
    pub media_id: MediaId,
    /// Track title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// What was heard: the clip, or the whole song.
    pub part: PreviewKind,
    /// Over what it was sent.
    pub transport: PreviewTransport,
    /// Milliseconds of sound that were sent.
    pub played_ms: u32,
    /// Which audio image.
    pub quality: String,
    /// The free image that the player fetched to keep; empty if none.
    pub kept: String,
}

impl PreviewRecord {
    /// The entry's content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.i64(self.at.0).raw(self.media_id.as_bytes()).text(&self.title).text(&self.artist);
        w.u8(self.part.code()).u8(self.transport.code());
        w.u32(self.played_ms).text(&self.quality).text(&self.kept);
        w.into_bytes()
    }

    /// Reads an entry's content.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let unknown = |field| WireError::Invalid { field };
        let record = Self {
            at: UnixTime(r.i64("time")?),
            media_id: MediaId::from_bytes(r.array("media id")?),
            title: r.text(4096, "title")?.to_owned(),
            artist: r.text(4096, "artist")?.to_owned(),
            part: PreviewKind::from_code(r.u8("part")?).ok_or_else(|| unknown("part"))?,
            transport: PreviewTransport::from_code(r.u8("transport")?).ok_or_else(|| unknown("transport"))?,
            played_ms: r.u32("time played")?,
            quality: r.text(32, "quality")?.to_owned(),
            kept: r.text(32, "image kept")?.to_owned(),
        };
        r.finish("preview record")?;
        Ok(record)
    }
}

/// The licensing center's word for how long the log was, and when: what stands before it was entered by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampRecord {
    /// How many entries there were.
    pub entries: u64,
    /// The running hash after the last of them.
    pub running: [u8; 32],
    /// The stamp on [`Checkpoint::imprint`].
    pub stamp: TimeStampToken,
}

impl StampRecord {
    /// The entry's content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.u64(self.entries).raw(&self.running).bytes(&self.stamp.to_bytes());
        w.into_bytes()
    }

    /// Reads an entry's content.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let entries = r.u64("number of entries")?;
        let running = r.array("running hash")?;
        let stamp = TimeStampToken::from_bytes(r.bytes(MAX_TOKEN, "time stamp")?)?;
        r.finish("stamp record")?;
        Ok(Self { entries, running, stamp })
    }

    /// Checks that it is the licensing center's stamp on this log.
    pub fn verify(&self, log: LogId, root: &Certificate) -> Result<(), StampError> {
        let head = Checkpoint { log, entries: self.entries, running: self.running };
        self.stamp.verify(&head.imprint(), root)
    }
}
