//! The library's shapes.

use cadenza_player::library::track::AudioFormat as CoreFormat;
use cadenza_player::library::{TrackOrder as CoreOrder, TrackRecord};

use super::{allowance, seconds, small};
use crate::ipc::{
    AlbumId, Allowance, AudioFormat, LibraryTrack, LyricLine, MediaId, Sleeve, TrackId, TrackOrder,
};

/// How often a track was heard to its end, kept beside the library.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
pub struct Plays {
    /// Times.
    pub count: u32,
    /// Seconds since 1970.
    pub last: Option<u32>,
}

/// A track as it stands in a list.
pub fn library_track(
    record: &TrackRecord,
    album_id: AlbumId,
    sleeve: Sleeve,
    record_left: Allowance,
    plays: Plays,
) -> LibraryTrack {
    LibraryTrack {
        track_id: TrackId(record.id.to_string()),
        media_id: record.media_id().map(|id| MediaId(id.to_string())),
        album_id,
        title: record.title.clone(),
        artist: record.artist.clone(),
        album: record.album.clone(),
        number: record.number,
        genre: record.genre.clone(),
        year: record.year,
        duration_ms: record.duration_ms,
        sleeve,
        format: audio_format(&record.format),
        size_bytes: small(record.size_bytes),
        play: allowance(record.may_play(), 0),
        record: record_left,
        added_at: seconds(record.added_at),
        play_count: plays.count,
        last_played_at: plays.last,
    }
}

/// What audio is made of.
pub fn audio_format(format: &CoreFormat) -> AudioFormat {
    AudioFormat {
        codec: format.codec.clone(),
        sample_rate: format.sample_rate,
        bits: format.bits,
        bit_rate: format.bit_rate,
        channels: format.channels,
    }
}

/// The core's order that is nearest to the window's.
pub fn track_order(order: TrackOrder) -> CoreOrder {
    match order {
        TrackOrder::Title => CoreOrder::Title,
        TrackOrder::Artist => CoreOrder::Artist,
        TrackOrder::Album => CoreOrder::Album,
        TrackOrder::Duration => CoreOrder::Duration,
        TrackOrder::Added | TrackOrder::PlayCount => CoreOrder::Added,
    }
}

/// Lyrics line by line; `[mm:ss.xx]` at the start of a line (LRC) says when it is sung.
pub fn lyric_lines(lyrics: &str) -> Vec<LyricLine> {
    lyrics.lines().map(|line| lyric_line(line.trim_end())).collect()
}

fn lyric_line(line: &str) -> LyricLine {
    let timed = line.strip_prefix('[').and_then(|rest| rest.split_once(']')).and_then(|(time, text)| {
        let (minutes, rest) = time.split_once(':')?;
        let (whole, hundredths) = rest.split_once('.').unwrap_or((rest, "0"));
        let fraction_ms: u32 = format!("{hundredths:0<3}").get(..3)?.parse().ok()?;
        let (minutes, whole): (u32, u32) = (minutes.parse().ok()?, whole.parse().ok()?);
        let start_ms =
            minutes.checked_mul(60_000)?.checked_add(whole.checked_mul(1_000)?)?.checked_add(fraction_ms)?;
        Some(LyricLine { start_ms: Some(start_ms), text: text.trim().to_owned() })
    });
    timed.unwrap_or_else(|| LyricLine { start_ms: None, text: line.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    // M6
    #[test]
    fn lyrics_say_when_they_are_sung_or_stay_as_they_are() {
        let lines = lyric_lines("[01:02.50]Slow and sorrowful\n\nplain [text]\n[ar: Satie]");
        assert_eq!(lines[0], LyricLine { start_ms: Some(62_500), text: "Slow and sorrowful".into() });
        assert_eq!(lines[1].text, "");
        assert_eq!(lines[2], LyricLine { start_ms: None, text: "plain [text]".into() });
        assert_eq!(lines[3].start_ms, None);
    }
}
