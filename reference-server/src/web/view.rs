//! The shop's facts as a page shows them: prices, times, formats in words; waveforms as bars.

use cadenza_protocol::colour::GREY_BELOW;
use cadenza_protocol::shop::{AlbumCard, Quality, TrackOffer};

const BARS: usize = 33;
const BAR_PITCH: f32 = 4.0;
const WAVE_HEIGHT: f32 = 22.0;

/// An album as a card or a heading.
#[derive(Debug)]
pub(super) struct CardView {
    pub id: String,
    pub title: String,
    pub artist: String,
    pub genre: Option<String>,
    pub facts: String,
    pub price: Option<String>,
    pub art: Option<String>,
    pub hue: u16,
    pub is_grey: bool,
}

impl CardView {
    pub fn new(card: &AlbumCard, currency: &str) -> Self {
        let minutes = (card.duration_ms + 30_000) / 60_000;
        let tracks =
            if card.track_count == 1 { "1 track".to_owned() } else { format!("{} tracks", card.track_count) };
        let year = card.year.map(|year| format!("{year}, ")).unwrap_or_default();
        Self {
            id: card.id.clone(),
            title: card.title.clone(),
            artist: card.artist.clone(),
            genre: card.genre.clone(),
            facts: format!("{year}{tracks}, {} min", minutes.max(1)),
            price: card.prices.first().map(|price| money(price.price_cents, currency)),
            art: card.art.map(|art| art.to_string()),
            hue: card.hue,
            is_grey: card.chroma_milli < GREY_BELOW,
        }
    }
}

/// A row of tracks.
#[derive(Debug)]
pub(super) struct TrackView {
    pub id: String,
    pub number: String,
    pub title: String,
    pub by: String,
    pub time: String,
    pub price: Option<String>,
    pub hue: u16,
    pub bars: Vec<Bar>,
    pub wave_width: f32,
}

/// One bar of a waveform.
#[derive(Debug)]
pub(super) struct Bar {
    pub x: f32,
    pub y: f32,
    pub height: f32,
}

impl TrackView {
    pub fn new(track: &TrackOffer, currency: &str) -> Self {
        let composer = track.composer.as_ref().filter(|composer| **composer != track.artist);
        Self {
            id: track.media_id.to_string(),
            number: if track.number == 0 { String::new() } else { track.number.to_string() },
            title: track.title.clone(),
            by: composer
                .map_or_else(|| track.artist.clone(), |composer| format!("{} · {composer}", track.artist)),
            time: time(track.duration_ms),
            price: track.qualities.first().map(|quality| money(quality.price_cents, currency)),
            hue: track.hue,
            bars: bars(&track.waveform),
            wave_width: BARS as f32 * BAR_PITCH,
        }
    }
}

/// The loudest value of each slice, as a bar around the middle.
fn bars(waveform: &[u8]) -> Vec<Bar> {
    let loudest = |i: usize| {
        let (from, to) = (i * waveform.len() / BARS, (i + 1) * waveform.len() / BARS);
        waveform.get(from..to.max(from + 1)).and_then(|slice| slice.iter().max()).copied().unwrap_or_default()
    };
    let bar = |i: usize| {
        let height = (f32::from(loudest(i)) / 100.0 * WAVE_HEIGHT).max(2.0);
        Bar { x: i as f32 * BAR_PITCH, y: (WAVE_HEIGHT - height) / 2.0, height }
    };
    (0..BARS).map(bar).collect()
}

/// `$1.29`, `EUR 1.29`.
pub(super) fn money(cents: u64, currency: &str) -> String {
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    if currency == "USD" { format!("${amount}") } else { format!("{currency} {amount}") }
}

/// `2:38`.
fn time(milliseconds: u64) -> String {
    let seconds = (milliseconds + 500) / 1000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// `FLAC 16/44.1`, `Opus 160`.
pub(super) fn format_of(quality: &Quality) -> String {
    let khz = f64::from(quality.sample_rate) / 1000.0;
    match quality.codec.as_str() {
        "flac" => format!("FLAC {}/{khz}", quality.bits),
        // encoders come near their nominal rate, which is a multiple of eight
        _ => format!("Opus {}", (quality.bit_rate + 4000) / 8000 * 8),
    }
}

/// `Lossless, FLAC 16/44.1`.
pub(super) fn quality_in_words(quality: &Quality) -> String {
    let name = match quality.name.as_str() {
        "lossless" => "Lossless",
        "lossy" => "Compact",
        other => other,
    };
    format!("{name}, {}", format_of(quality))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_and_times_read_as_people_write_them() {
        assert_eq!(money(129, "USD"), "$1.29");
        assert_eq!(money(790, "EUR"), "EUR 7.90");
        assert_eq!(time(158_400), "2:38");
    }

    #[test]
    fn a_waveform_of_any_length_has_its_bars() {
        for length in [0, 1, 10, 64, 1024] {
            assert_eq!(bars(&vec![50; length]).len(), BARS);
        }
    }
}
