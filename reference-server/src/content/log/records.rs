//! What the content manager enters: its own rows as the records of the log, texts cut to the length that an entry may have.

use cadenza_protocol::audit_log::{PreviewRecord, PreviewTransport, SaleRecord};
use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::time::UnixTime;

use crate::content::catalogue::CatalogueTrack;
use crate::content::vouchers::Terms;

/// Longest title, artist or list of authors in an entry, bytes: four such texts and all else stay far below an entry's bound.
const TEXT: usize = 4096;
const FILE_NAME: usize = 1024;
const NAME: usize = 32;

/// A purchase that was delivered.
#[derive(Debug)]
pub(in crate::content) struct Sale<'a> {
    /// When the delivery was complete.
    pub at: UnixTime,
    /// The track as the catalogue has it.
    pub track: &'a CatalogueTrack,
    /// Who published it: named where the file names no composer.
    pub publisher: &'a str,
    /// What it was sold as, what is owed for it and what was taken.
    pub terms: &'a Terms,
    /// Serial number of the buyer's certificate.
    pub consumer_serial: &'a str,
    /// The transaction.
    pub voucher_id: VoucherId,
    /// Whose the track is: fingerprint of the author's key.
    pub author_key: [u8; 32],
    /// Path in the store.
    pub path: &'a str,
    /// Quality that was bought.
    pub quality: &'a str,
}

impl Sale<'_> {
    /// The entry's content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let track = self.track;
        SaleRecord {
            at: self.at,
            media_id: track.media_id,
            author_key: self.author_key,
            title: cut(&track.title, TEXT),
            artist: cut(&track.artist, TEXT),
            authors: cut(track.composer.as_deref().unwrap_or(self.publisher), TEXT),
            song_ms: u32::try_from(track.duration_ms).unwrap_or(u32::MAX),
            sold: self.terms.sold,
            cost_cents: self.terms.cost_cents,
            retail_cents: self.terms.retail_cents,
            currency: self.terms.currency.clone(),
            consumer_serial: cut(self.consumer_serial, 64),
            voucher_id: self.voucher_id,
            file_name: cut(self.path, FILE_NAME),
            quality: cut(self.quality, NAME),
        }
        .to_bytes()
    }
}

/// A preview that has ended.
#[derive(Debug)]
pub struct Preview<'a> {
    /// When.
    pub at: UnixTime,
    /// The track.
    pub media_id: MediaId,
    /// The track as the catalogue has it; none once it was withdrawn.
    pub track: Option<&'a CatalogueTrack>,
    /// What was heard.
    pub kind: PreviewKind,
    /// Over what.
    pub transport: PreviewTransport,
    /// Milliseconds of sound that were sent.
    pub played_ms: u64,
    /// Which image.
    pub quality: &'a str,
    /// The free image that was fetched to keep; empty if none.
    pub kept: &'a str,
}

impl Preview<'_> {
    /// The entry's content.
    pub fn to_bytes(&self) -> Vec<u8> {
        PreviewRecord {
            at: self.at,
            media_id: self.media_id,
            title: self.track.map(|track| cut(&track.title, TEXT)).unwrap_or_default(),
            artist: self.track.map(|track| cut(&track.artist, TEXT)).unwrap_or_default(),
            part: self.kind,
            transport: self.transport,
            played_ms: u32::try_from(self.played_ms).unwrap_or(u32::MAX),
            quality: cut(self.quality, NAME),
            kept: cut(self.kept, NAME),
        }
        .to_bytes()
    }
}

/// At most so many bytes of a text, whole characters.
fn cut(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("añb", 2), "a");
        assert_eq!(cut("añb", 3), "añ");
        assert_eq!(cut("añb", 30), "añb");
    }
}
