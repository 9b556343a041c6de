//! What the content manager tells merchants about a published track: read from the media file once, at publishing.
//!
//! Only what is clear in the file gets here; encrypted lyrics stay with the buyer. The entry is kept as JSON in
//! `media.facts` and goes out as the inventory.

use std::io::{Read, Seek};

use cadenza_protocol::colour::SleeveColour;
use cadenza_protocol::id::{MediaId, hex};
use cadenza_protocol::line;
use cadenza_protocol::media::{
    AgencyBlock, Allowance, AudioImage, Codec, GraphicKind, ItemKind, MediaError, MediaFile, Part, TextKind,
};
use cadenza_protocol::shop::list::{self, ListPrice, PriceLine, PriceListError};
use cadenza_protocol::shop::money::Currency;
use cadenza_protocol::wire::base64_array;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// A content manager's shelves, as it tells merchants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Of all its prices.
    pub currency: Currency,
    /// Fingerprint of its key, which signed orders name.
    #[serde(with = "base64_array")]
    pub content_manager_key: [u8; 32],
    /// By album and number.
    pub tracks: Vec<CatalogueTrack>,
}

/// Why a media file's facts do not make a catalogue entry.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// It cannot be read.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// Its prices are none.
    #[error(transparent)]
    Prices(#[from] PriceListError),
    /// A title or name is none.
    #[error(
        "its {0} is not one line of at most 300 characters that can all be seen; change it and author the file again"
    )]
    Line(&'static str),
    /// Its prices are in another currency.
    #[error("this file is priced in {0} and this shop sells in {1}; author it again with prices in {1}")]
    OtherCurrency(Currency, Currency),
}

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
    /// Biography of the artist, when clear.
    pub biography: Option<String>,
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
    /// Of its prices: what the shop sold in when the file was published.
    pub currency: Currency,
    /// What is for sale, best first.
    pub offers: Vec<Offer>,
    /// What the file says of the whole album's price; [`album_price`] is what counts.
    pub album_price: Option<ListPrice>,
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
    /// What it costs merchants, and what they charge.
    pub price: ListPrice,
}

/// The price of an album of these tracks: only where all of them say the same.
pub fn album_price<'a>(tracks: impl IntoIterator<Item = &'a CatalogueTrack>) -> Option<ListPrice> {
    let mut said = tracks.into_iter().map(|track| track.album_price);
    let first = said.next()??;
    said.all(|other| other == Some(first)).then_some(first)
}

/// Reads the entry, and the cover's bytes, from a media file whose signature holds, for a shop of this currency.
pub fn read<R: Read + Seek>(
    file: &mut MediaFile<R>,
    currency: Currency,
) -> Result<(CatalogueTrack, Option<Vec<u8>>), CatalogueError> {
    let prices = list::parse(&clear_text(file, TextKind::Prices)?.unwrap_or_default())?;
    if let Some(other) = prices.iter().find(|line| line.currency != currency) {
        return Err(CatalogueError::OtherCurrency(other.currency, currency));
    }
    let price_of = |what: &str| prices.iter().find(|line| line.what == what).map(|line| line.price);
    let offers: Vec<Offer> = {
        let mut offers: Vec<Offer> = file
            .images()
            .iter()
            .filter(|i| i.for_sale)
            .filter_map(|i| Some(offer(i, price_of(&i.quality)?)))
            .collect();
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
    let mut line = |kind, name| one_line(clear_text(file, kind)?, name);
    let title = line(TextKind::Title, "title")?.unwrap_or_else(|| "Untitled".into());
    let artist = line(TextKind::Artist, "artist")?.unwrap_or_else(|| "Unknown artist".into());
    let album = line(TextKind::Album, "album")?.unwrap_or_default();
    let album_artist = line(TextKind::AlbumArtist, "album artist")?;
    let (composer, genre) = (line(TextKind::Composer, "composer")?, line(TextKind::Genre, "genre")?);
    let (label, copyright) = (line(TextKind::Label, "label")?, line(TextKind::Copyright, "copyright")?);
    let entry = CatalogueTrack {
        media_id: *file.media_id(),
        album_id: album_id(
            &file.author().leaf().key_fingerprint(),
            album_artist.as_deref().unwrap_or(&artist),
            &album,
            file.media_id(),
        ),
        title,
        composer,
        genre,
        year: number(clear_text(file, TextKind::Year)?),
        number: number(clear_text(file, TextKind::TrackNumber)?).unwrap_or_default(),
        label,
        copyright,
        credits: clear_text(file, TextKind::Credits)?,
        liner_notes: clear_text(file, TextKind::LinerNotes)?,
        biography: clear_text(file, TextKind::Biography)?,
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
        currency,
        offers,
        album_price: price_of(PriceLine::ALBUM),
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

/// The text, if it may stand in a list, a log and a terminal.
fn one_line(text: Option<String>, name: &'static str) -> Result<Option<String>, CatalogueError> {
    if text.as_deref().is_some_and(|text| !line::is_line(text)) {
        return Err(CatalogueError::Line(name));
    }
    Ok(text)
}

fn number(text: Option<String>) -> Option<u16> {
    let digits: String = text?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// An album is its author's: the same words in another author's files name another album.
fn album_id(author_key: &[u8; 32], artist: &str, album: &str, media_id: &MediaId) -> String {
    let group =
        if album.is_empty() { media_id.to_string() } else { format!("{artist}\0{album}").to_lowercase() };
    let mut named = author_key.to_vec();
    named.extend(group.as_bytes());
    hex(&digest(&SHA256, &named).as_ref()[..8])
}

fn offer(image: &AudioImage, price: ListPrice) -> Offer {
    Offer {
        quality: image.quality.clone(),
        codec: codec_name(image.codec).into(),
        sample_rate: image.sample_rate,
        channels: image.channels,
        bits: image.bits,
        bit_rate: image.bit_rate,
        size_bytes: image.length,
        price,
    }
}

fn codec_name(codec: Codec) -> &'static str {
    match codec {
        Codec::Flac => "flac",
        Codec::OggOpus => "ogg-opus",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F4
    #[test]
    fn a_title_that_speaks_to_a_terminal_or_fills_a_page_is_refused_with_its_name() {
        let read = |text: &str| one_line(Some(text.to_owned()), "title");
        assert_eq!(read("Für Elise").unwrap().as_deref(), Some("Für Elise"));
        for title in ["\u{1b}[2J", "two\nlines", "\u{202e}gnos", &"x".repeat(301)] {
            let refused = read(title).unwrap_err().to_string();
            assert!(refused.starts_with("its title is not one line"), "{refused}");
        }
    }

    // B1, C9
    #[test]
    fn tracks_of_one_album_meet_singles_stand_alone_and_another_author_s_words_name_another_album() {
        let (one, two) = (MediaId::random(), MediaId::random());
        let (ada, eve) = ([1; 32], [2; 32]);
        assert_eq!(album_id(&ada, "A", "Album", &one), album_id(&ada, "a", "album", &two));
        assert_ne!(album_id(&ada, "A", "", &one), album_id(&ada, "A", "", &two));
        assert_ne!(album_id(&ada, "A", "Album", &one), album_id(&eve, "A", "Album", &one));
    }
}
