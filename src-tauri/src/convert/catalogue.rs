//! The catalogue's shapes.

use cadenza_player::player::Ownership as CoreOwnership;
use cadenza_protocol::shop;

use super::small;
use crate::ipc::{AlbumCard, AlbumId, AudioFormat, Clip, MediaId, Ownership, Quality, StoreTrack};
use crate::sleeve;

/// An album as it stands in a grid.
pub fn album_card(card: &shop::AlbumCard, owned_tracks: usize) -> AlbumCard {
    let art = card.art.map(|id| id.to_string());
    AlbumCard {
        id: AlbumId(card.id.clone()),
        title: card.title.clone(),
        artist: card.artist.clone(),
        year: card.year,
        genre: card.genre.clone(),
        sleeve: sleeve::of_store(art.as_deref(), card.hue, card.chroma_milli),
        track_count: card.track_count,
        duration_ms: small(card.duration_ms),
        price_cents: card.prices.first().map_or(0, |price| small(price.price_cents)),
        owned_tracks: u16::try_from(owned_tracks).unwrap_or(u16::MAX),
    }
}

/// A track as it is sold.
pub fn store_track(offer: &shop::TrackOffer, ownership: CoreOwnership) -> StoreTrack {
    let id = offer.media_id.to_string();
    StoreTrack {
        album_id: AlbumId(offer.album_id.clone()),
        album: offer.album.clone(),
        number: offer.number,
        title: offer.title.clone(),
        artist: offer.artist.clone(),
        composer: offer.composer.clone(),
        duration_ms: small(offer.duration_ms),
        clip: clip(&offer.clip),
        waveform: offer.waveform.clone(),
        sleeve: sleeve::of_store(Some(&id), offer.hue, offer.chroma_milli),
        qualities: offer.qualities.iter().map(quality).collect(),
        may_record: offer.may_record,
        ownership: standing(ownership),
        media_id: MediaId(id),
    }
}

fn standing(ownership: CoreOwnership) -> Ownership {
    match ownership {
        CoreOwnership::None => Ownership::None,
        CoreOwnership::InCart => Ownership::InCart,
        CoreOwnership::Arriving => Ownership::Arriving,
        CoreOwnership::Owned => Ownership::Owned,
    }
}

/// The part that can be heard before buying.
pub fn clip(clip: &shop::Clip) -> Clip {
    Clip { start_ms: clip.start_ms, duration_ms: clip.duration_ms }
}

/// One quality on sale.
pub fn quality(quality: &shop::Quality) -> Quality {
    Quality {
        name: quality.name.clone(),
        format: AudioFormat {
            codec: codec_name(&quality.codec).to_owned(),
            sample_rate: quality.sample_rate,
            bits: quality.bits,
            bit_rate: quality.bit_rate,
            channels: quality.channels,
        },
        size_bytes: small(quality.size_bytes),
        price_cents: small(quality.price_cents),
    }
}

/// As a person writes it.
fn codec_name(codec: &str) -> &str {
    match codec {
        "flac" => "FLAC",
        "ogg-opus" | "opus" => "Opus",
        other => other,
    }
}
