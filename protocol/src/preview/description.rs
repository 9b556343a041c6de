//! What `DESCRIBE` answers: SDP (RFC 4566) for Opus (RFC 7587), with the source's *Stream Ready* parameters as session
//! attributes that ordinary clients skip.
//!
//! The delivery server writes it from a media data file's clip times; the player reads it to draw the times and to perform
//! the fades.

use std::fmt::Write as _;

use thiserror::Error;
use url::Url;

use super::{Npt, PreviewKind};
use crate::id::MediaId;
use crate::rtp::{CLOCK_RATE, PAYLOAD_TYPE};

/// Longest description that is read.
pub const LONGEST: usize = 8 << 10;

/// The parameters of a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The song.
    pub media_id: MediaId,
    /// Clip or whole song.
    pub kind: PreviewKind,
    /// Title in the catalogue.
    pub title: String,
    /// Artist in the catalogue.
    pub artist: String,
    /// Quality name of the audio image that the server picked, e.g. `preview-96`.
    pub image: String,
    /// Its bit rate, bits per second.
    pub bit_rate: u32,
    /// Where in the song the clip begins, milliseconds.
    pub clip_start_ms: u32,
    /// The clip's duration, milliseconds.
    pub clip_duration_ms: u32,
    /// The song's duration, milliseconds.
    pub song_duration_ms: u32,
    /// Fade-in that the player performs, milliseconds; 0 for none.
    pub fade_in_ms: u32,
    /// Fade-out that the player performs, milliseconds; 0 for none.
    pub fade_out_ms: u32,
    /// Exact length of what is played.
    pub length: Npt,
    /// Frames that the encoder put before the first sound. Told for information: `RTP-Info` says what to drop.
    pub pre_skip: u16,
    /// Bytes of sound in all.
    pub bytes: u64,
}

/// A description that cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DescriptionError {
    /// Not SDP, or longer than [`LONGEST`].
    #[error("the delivery server's description of the preview cannot be read; try again later")]
    Malformed,
    /// A parameter is missing or makes no sense.
    #[error("the delivery server's description of the preview lacks a usable {0}; try again later")]
    Missing(&'static str),
}

impl Description {
    /// The SDP text; `control` is the address that `SETUP` will use.
    pub fn to_sdp(&self, session: u64, control: &Url) -> String {
        let mut sdp = String::with_capacity(1_024);
        let mut line = |text: std::fmt::Arguments<'_>| {
            // Writing to a String does not fail.
            let _ = sdp.write_fmt(text);
            sdp.push_str("\r\n");
        };
        line(format_args!("v=0"));
        line(format_args!("o=- {session} 1 IN IP4 0.0.0.0"));
        line(format_args!("s={}", one_line(&self.title)));
        line(format_args!("i={}", one_line(&self.artist)));
        line(format_args!("c=IN IP4 0.0.0.0"));
        line(format_args!("t=0 0"));
        line(format_args!("a=control:*"));
        line(format_args!("a=range:npt=0-{}", self.length));
        line(format_args!("a=x-cadenza-media:{}", self.media_id));
        line(format_args!("a=x-cadenza-kind:{}", self.kind));
        line(format_args!("a=x-cadenza-image:{}", one_line(&self.image)));
        line(format_args!("a=x-cadenza-bandwidth:{}", self.bit_rate));
        line(format_args!("a=x-cadenza-clip-start:{}", self.clip_start_ms));
        line(format_args!("a=x-cadenza-clip-duration:{}", self.clip_duration_ms));
        line(format_args!("a=x-cadenza-song-duration:{}", self.song_duration_ms));
        line(format_args!("a=x-cadenza-fade-in:{}", self.fade_in_ms));
        line(format_args!("a=x-cadenza-fade-out:{}", self.fade_out_ms));
        line(format_args!("a=x-cadenza-frames:{}", self.length.0));
        line(format_args!("a=x-cadenza-pre-skip:{}", self.pre_skip));
        line(format_args!("a=x-cadenza-bytes:{}", self.bytes));
        line(format_args!("m=audio 0 RTP/AVP {PAYLOAD_TYPE}"));
        line(format_args!("b=AS:{}", self.bit_rate.div_ceil(1_000) + 16));
        line(format_args!("a=rtpmap:{PAYLOAD_TYPE} opus/{CLOCK_RATE}/2"));
        line(format_args!(
            "a=fmtp:{PAYLOAD_TYPE} stereo=1;sprop-stereo=1;maxaveragebitrate={}",
            self.bit_rate
        ));
        line(format_args!("a=ptime:20"));
        line(format_args!("a=control:{control}"));
        sdp
    }

    /// Reads the SDP text of a Cadenza delivery server.
    pub fn from_sdp(text: &str) -> Result<Self, DescriptionError> {
        if text.len() > LONGEST || !text.starts_with("v=0") {
            return Err(DescriptionError::Malformed);
        }
        let plain =
            |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().to_owned();
        let attribute = |name: &'static str| {
            let value = text
                .lines()
                .find_map(|line| line.strip_prefix("a=x-cadenza-")?.strip_prefix(name)?.strip_prefix(':'));
            value.ok_or(DescriptionError::Missing(name))
        };
        let number = |name: &'static str| -> Result<u32, DescriptionError> {
            attribute(name)?.parse().map_err(|_| DescriptionError::Missing(name))
        };
        let expected = format!("a=rtpmap:{PAYLOAD_TYPE} opus/{CLOCK_RATE}/2");
        if !text.lines().any(|line| line.eq_ignore_ascii_case(&expected)) {
            return Err(DescriptionError::Missing("Opus stream"));
        }
        Ok(Self {
            media_id: attribute("media")?.parse().map_err(|_| DescriptionError::Missing("media"))?,
            kind: PreviewKind::from_word(attribute("kind")?).ok_or(DescriptionError::Missing("kind"))?,
            title: plain("s="),
            artist: plain("i="),
            image: attribute("image")?.to_owned(),
            bit_rate: number("bandwidth")?,
            clip_start_ms: number("clip-start")?,
            clip_duration_ms: number("clip-duration")?,
            song_duration_ms: number("song-duration")?,
            fade_in_ms: number("fade-in")?,
            fade_out_ms: number("fade-out")?,
            length: Npt(number("frames")?.into()),
            pre_skip: attribute("pre-skip")?.parse().map_err(|_| DescriptionError::Missing("pre-skip"))?,
            bytes: attribute("bytes")?.parse().map_err(|_| DescriptionError::Missing("bytes"))?,
        })
    }

    #[cfg(test)]
    pub(super) fn example() -> Self {
        Self {
            media_id: MediaId::from_bytes([7; 16]),
            kind: PreviewKind::Clip,
            title: "Gymnopédie No. 1".into(),
            artist: "Erik Satie".into(),
            image: "preview-96".into(),
            bit_rate: 96_000,
            clip_start_ms: 45_000,
            clip_duration_ms: 30_000,
            song_duration_ms: 201_000,
            fade_in_ms: 500,
            fade_out_ms: 2_000,
            length: Npt::from_millis(30_000),
            pre_skip: 312,
            bytes: 361_224,
        }
    }
}

/// A catalogue text must not begin a line of its own; an empty one would not be SDP.
fn one_line(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    if clean.is_empty() { "-".to_owned() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdp(description: &Description) -> String {
        description.to_sdp(1, &Url::parse("rtsp://h/m?stream=audio").unwrap())
    }

    // V4
    #[test]
    fn a_description_survives_its_sdp() {
        let description = Description::example();
        assert_eq!(Description::from_sdp(&sdp(&description)), Ok(description));
    }

    #[test]
    fn a_title_cannot_write_lines_of_its_own() {
        let title = "x\r\na=x-cadenza-fade-in:9".to_owned();
        let description = Description { title, ..Description::example() };
        assert_eq!(Description::from_sdp(&sdp(&description)).unwrap().fade_in_ms, 500);
    }

    #[test]
    fn every_missing_line_is_an_error_or_harmless_and_never_a_panic() {
        let whole = sdp(&Description::example());
        let lines: Vec<&str> = whole.lines().collect();
        for left_out in 0..lines.len() {
            let rest: Vec<&str> =
                lines.iter().enumerate().filter(|(n, _)| *n != left_out).map(|(_, line)| *line).collect();
            let read = Description::from_sdp(&rest.join("\r\n"));
            assert_eq!(
                read.is_err(),
                left_out == 0 || lines[left_out].contains("x-cadenza") || lines[left_out].contains("rtpmap")
            );
        }
        for length in (0..whole.len()).filter(|&n| whole.is_char_boundary(n)) {
            let _ = Description::from_sdp(&whole[..length]);
        }
    }
}
