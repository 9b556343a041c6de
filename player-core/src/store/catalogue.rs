//! Questions about what is for sale (requirement B1). What was answered lately is remembered by the client.

use cadenza_protocol::id::{MediaId, VoucherId};
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::shop::{About, AlbumPage, StoreFront, TrackList, TrackOffer};
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::voucher::{DeliveryAddress, MediaVoucher, VoucherFile};
use serde::Serialize;
use url::form_urlencoded::byte_serialize;

use super::client::{ExchangeError, StoreClient};

impl StoreClient {
    /// Who sells here.
    pub async fn about(&self) -> Result<About, ExchangeError> {
        self.get("v1/about").await
    }

    /// Where a purchase is fetched from now.
    pub async fn delivery_of(&self, id: VoucherId) -> Result<DeliveryAddress, ExchangeError> {
        self.get(&format!("v1/vouchers/{id}/delivery")).await
    }

    /// Tells the content manager how often purchases were used, and hears what it has kept.
    pub async fn settle_counts(&self, report: &SignedMessage) -> Result<SignedMessage, ExchangeError> {
        self.post("v1/counts", report).await
    }

    /// Albums on sale.
    pub async fn store_front(&self) -> Result<StoreFront, ExchangeError> {
        self.get("v1/albums").await
    }

    /// One album with its tracks.
    pub async fn album(&self, id: &str) -> Result<AlbumPage, ExchangeError> {
        let page: AlbumPage = self.get(&format!("v1/albums/{}", escaped(id))).await?;
        self.seen.note_album(&page);
        Ok(page)
    }

    /// An album as last seen, or asked now.
    pub async fn album_seen(&self, id: &str) -> Result<AlbumPage, ExchangeError> {
        match self.seen.album(id) {
            Some(page) => Ok(page),
            None => self.album(id).await,
        }
    }

    /// An album as last seen; nothing is asked.
    pub fn known_album(&self, id: &str) -> Option<AlbumPage> {
        self.seen.album(id)
    }

    /// Tracks whose title, artist or album hold these words; all tracks for no words.
    pub async fn tracks(&self, words: &str) -> Result<TrackList, ExchangeError> {
        let list: TrackList = self.get(&format!("v1/tracks?q={}", escaped(words))).await?;
        self.seen.note(&list.tracks);
        Ok(list)
    }

    /// One track.
    pub async fn track(&self, id: MediaId) -> Result<TrackOffer, ExchangeError> {
        let offer = self.get(&format!("v1/tracks/{id}")).await?;
        self.seen.note([&offer]);
        Ok(offer)
    }

    /// A track as last seen, or asked now.
    pub async fn track_seen(&self, id: MediaId) -> Result<TrackOffer, ExchangeError> {
        match self.seen.track(id) {
            Some(offer) => Ok(offer),
            None => self.track(id).await,
        }
    }

    /// A track as last seen; nothing is asked.
    pub fn known_track(&self, id: MediaId) -> Option<TrackOffer> {
        self.seen.track(id)
    }

    /// The cover of a track, about `size` pixels wide: media type and bytes.
    pub async fn art(&self, id: MediaId, size: u32) -> Result<(String, Vec<u8>), ExchangeError> {
        self.get_bytes(&format!("v1/art/{id}?size={size}")).await
    }

    /// A voucher to hear tracks before buying them (V1, V2).
    pub async fn preview(
        &self,
        media_ids: &[MediaId],
        kind: PreviewKind,
    ) -> Result<MediaVoucher, ExchangeError> {
        #[derive(Serialize)]
        struct Wanted<'a> {
            media_ids: &'a [MediaId],
            kind: &'static str,
        }
        let file: VoucherFile = self.post("v1/previews", &Wanted { media_ids, kind: kind.as_str() }).await?;
        Ok(file.verify(&self.address().root)?)
    }
}

/// `/` and all else that has a meaning in a URL, written out; blanks as `%20`, which every part of a URL understands.
fn escaped(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cannot_leave_their_place_in_the_address() {
        assert_eq!(escaped("a/b?c=d&e f"), "a%2Fb%3Fc%3Dd%26e%20f");
    }
}
