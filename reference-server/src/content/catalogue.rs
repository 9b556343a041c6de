//! What the content manager tells merchants about a published track: read from the media file once, at publishing.
//!
//! Only what is clear in the file gets here; encrypted lyrics stay with the buyer. The entry is kept as JSON in
//! `media.facts` and goes out as the inventory.

use std::io::{Read, Seek};

use cadenza_protocol::colour::SleeveColour;
use cadenza_protocol::id::{MediaId, hex};
use cadenza_protocol::media::{
    AgencyBlock, Allowance, AudioImage, Codec, GraphicKind, ItemKind, MediaError, MediaFile, Part, TextKind,
};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::currency::CURRENCY;

/// Prices where the author named none, in cents.
const DEFAULT_PRICES: [(&str, u64); 2] = [("lossless", 129), ("lossy", 99)];
const OTHER_PRICE: u64 = 99;

/// One published track, as merchants see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueTrack {
    /// The track.
    pub media_id: MediaId,
    /// Groups the tracks of one album.
    pub album_id: String,
    /// Title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// Album title.
    pub album: String,
    /// Artist of the whole album.
    pub album_artist: Option<String>,
    /// Composer.
    pub composer: Option<String>,
    /// Genre.
    pub genre: Option<String>,
    /// Year of publication.
    pub year: Option<u16>,
    /// Number on the album; 0 when it has none.
    pub number: u16,
    /// Label.
    pub label: Option<String>,
    /// Copyright line.
    pub copyright: Option<String>,
    /// Credits, when clear.
    pub credits: Option<String>,
    /// Liner notes, when clear.
    pub liner_notes: Option<String>,
    /// The whole song.
    pub duration_ms: u64,
    /// Clip start within the song.
    pub clip_start_ms: u32,
    /// Clip length.
    pub clip_duration_ms: u32,
    /// Fade-in.
    pub fade_in_ms: u32,
    /// Fade-out.
    pub fade_out_ms: u32,
    /// Loudness of the clip over time, 0 to 100.
    pub waveform: Vec<u8>,
    /// Name of the stored cover.
    pub art: Option<String>,
    /// Colour of the cover.
    pub colour: SleeveColour,
    /// What is for sale, best first.
    pub offers: Vec<Offer>,
    /// What the whole album costs merchants when it is bought together, cents.
    pub album_cost_cents: Option<u64>,
    /// Whether there is a preview of the whole song beside the clip.
    pub whole_song_preview: bool,
    /// Whether a buyer may record it to disc.
    pub may_record: bool,
    /// What distribution hubs added (S9): for reports to rights agents.
    #[serde(default)]
    pub agencies: Vec<Agency>,
}

/// The codes under which an agency knows the track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// Name of the rights agent to whom sales and previews are reported.
    pub agent: String,
    /// Who that is: SHA-256 of the agent's public key, hexadecimal.
    pub agent_key: String,
    /// The hub that added them, by its certificate.
    pub hub: String,
    /// Numbering and code.
    pub codes: Vec<(String, String)>,
}

/// One quality for sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Quality name.
    pub quality: String,
    /// `flac`, `ogg-opus`.
    pub codec: String,
    /// Hertz.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u8,
    /// Bits per sample, 0 where there are none.
    pub bits: u8,
    /// Bits per second.
    pub bit_rate: u32,
    /// Size of the image, bytes.
    pub size_bytes: u64,
    /// What it costs merchants, cents.
    pub cost_cents: u64,
}

/// Reads the entry, and the cover's bytes, from a media file whose signature holds.
pub fn read<R: Read + Seek>(
    file: &mut MediaFile<R>,
) -> Result<(CatalogueTrack, Option<Vec<u8>>), MediaError> {
    let prices = clear_text(file, TextKind::Prices)?.map(|text| parse_prices(&text)).unwrap_or_default();
    let offers: Vec<Offer> = {
        let mut offers: Vec<Offer> =
            file.images().iter().filter(|i| i.for_sale).map(|i| offer(i, &prices)).collect();
        offers.sort_by_key(|o| std::cmp::Reverse((o.bits, o.bit_rate)));
        offers
    };
    let song = file.images().iter().find(|i| i.for_sale).or_else(|| file.images().first());
    let (clip, duration_ms, may_record) = match song {
        Some(image) => (Some(image.clip), image.duration_ms(), image.restrictions.record != Allowance::Never),
        None => (None, 0, false),
    };
    let whole_song_preview =
        file.images().iter().any(|i| !i.for_sale && i.key.is_none() && i.part == Part::Song);
    let artist = clear_text(file, TextKind::Artist)?.unwrap_or_else(|| "Unknown artist".into());
    let album = clear_text(file, TextKind::Album)?.unwrap_or_default();
    let album_artist = clear_text(file, TextKind::AlbumArtist)?;
    let entry = CatalogueTrack {
        media_id: *file.media_id(),
        album_id: album_id(album_artist.as_deref().unwrap_or(&artist), &album, file.media_id()),
        title: clear_text(file, TextKind::Title)?.unwrap_or_else(|| "Untitled".into()),
        composer: clear_text(file, TextKind::Composer)?,
        genre: clear_text(file, TextKind::Genre)?,
        year: number(clear_text(file, TextKind::Year)?),
        number: number(clear_text(file, TextKind::TrackNumber)?).unwrap_or_default(),
        label: clear_text(file, TextKind::Label)?,
        copyright: clear_text(file, TextKind::Copyright)?,
        credits: clear_text(file, TextKind::Credits)?,
        liner_notes: clear_text(file, TextKind::LinerNotes)?,
        duration_ms,
        clip_start_ms: clip.map_or(0, |c| c.start_ms),
        clip_duration_ms: clip.map_or(0, |c| c.duration_ms),
        fade_in_ms: clip.map_or(0, |c| c.fade_in_ms),
        fade_out_ms: clip.map_or(0, |c| c.fade_out_ms),
        waveform: file
            .graphic(GraphicKind::Waveform)?
            .map(|g| g.bytes.into_iter().map(|v| v.min(100)).take(1024).collect())
            .unwrap_or_default(),
        art: None,
        colour: SleeveColour::NONE,
        offers,
        album_cost_cents: prices.iter().find(|(what, _)| what == "album").map(|(_, cents)| *cents),
        whole_song_preview,
        may_record,
        agencies: file.agencies().iter().map(agency).collect(),
        artist,
        album,
        album_artist,
    };
    // one that only buyers see is not shown in the store
    let cover = match file.graphic(GraphicKind::Cover) {
        Err(MediaError::Locked { .. }) => None,
        cover => cover?.map(|g| g.bytes),
    };
    Ok((entry, cover))
}

fn agency(block: &AgencyBlock) -> Agency {
    Agency {
        agent: block.facts.agent.clone(),
        agent_key: hex(&block.facts.agent_key),
        hub: block.chain.leaf().subject(),
        codes: block.facts.codes.iter().map(|code| (code.scheme.clone(), code.value.clone())).collect(),
    }
}

/// A text that is free to read; one for buyers counts as absent.
fn clear_text<R: Read + Seek>(file: &mut MediaFile<R>, kind: TextKind) -> Result<Option<String>, MediaError> {
    if file.toc().first(ItemKind::Text(kind)).is_none_or(|entry| entry.key.is_some()) {
        return Ok(None);
    }
    Ok(file.text(kind)?.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

fn number(text: Option<String>) -> Option<u16> {
    let digits: String = text?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn album_id(artist: &str, album: &str, media_id: &MediaId) -> String {
    let group =
        if album.is_empty() { media_id.to_string() } else { format!("{artist}\0{album}").to_lowercase() };
    hex(&digest(&SHA256, group.as_bytes()).as_ref()[..8])
}

fn offer(image: &AudioImage, prices: &[(String, u64)]) -> Offer {
    let named = prices.iter().find(|(quality, _)| *quality == image.quality).map(|(_, cents)| *cents);
    let usual =
        || DEFAULT_PRICES.iter().find(|(quality, _)| *quality == image.quality).map(|(_, cents)| *cents);
    Offer {
        quality: image.quality.clone(),
        codec: codec_name(image.codec).into(),
        sample_rate: image.sample_rate,
        channels: image.channels,
        bits: image.bits,
        bit_rate: image.bit_rate,
        size_bytes: image.length,
        cost_cents: named.or_else(usual).unwrap_or(OTHER_PRICE),
    }
}

fn codec_name(codec: Codec) -> &'static str {
    match codec {
        Codec::Flac => "flac",
        Codec::OggOpus => "ogg-opus",
    }
}

/// The author's prices, one `quality currency cents` per line, `album` for the whole album; in [`CURRENCY`].
fn parse_prices(text: &str) -> Vec<(String, u64)> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (quality, currency, cents) = (words.next()?, words.next()?, words.next()?);
        (currency == CURRENCY).then_some((quality.to_owned(), cents.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_line_by_line() {
        assert_eq!(
            parse_prices("lossless USD 129\n lossy USD 99\nhifi EUR 5\nrubbish"),
            [("lossless".into(), 129), ("lossy".into(), 99)]
        );
    }

    #[test]
    fn tracks_of_one_album_meet_and_singles_stand_alone() {
        let (one, two) = (MediaId::random(), MediaId::random());
        assert_eq!(album_id("A", "Album", &one), album_id("a", "album", &two));
        assert_ne!(album_id("A", "", &one), album_id("A", "", &two));
    }
}
