//! A media chunk's parameters (requirement O3): all that is known of one audio image, and where to seek in it.
//!
//! The parameters are an item of their own, directly before the image's item.

use serde::{Deserialize, Serialize};

use crate::id::KeyId;
use crate::wire::{Reader, WireError, Writer};

/// Most rows of an index table: one a second for 18 hours.
pub const MAX_INDEX: u32 = 65_536;

/// How the audio is coded. The image is a normal file of its codec once it is decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Codec {
    /// Native FLAC (RFC 9639).
    Flac,
    /// Opus in Ogg (RFC 7845).
    OggOpus,
}

impl Codec {
    /// Media type of the image once it is clear.
    pub const fn media_type(self) -> &'static str {
        match self {
            Codec::Flac => "audio/flac",
            Codec::OggOpus => "audio/ogg",
        }
    }
}

/// How much of the song the image holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// All of it.
    Song,
    /// The clip only; its frame 0 is the song's `clip.start_ms`.
    Clip,
}

/// A place from which decoding can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// First frame (one sample per channel) that comes out, from the image's start.
    pub frame: u64,
    /// Byte of the clear image at which to begin.
    pub offset: u64,
}

/// Clip and song times in milliseconds. The player performs the fades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClipTimes {
    /// Where the clip starts in the song.
    pub start_ms: u32,
    /// How long the clip is.
    pub duration_ms: u32,
    /// How long the song is.
    pub song_ms: u32,
    /// Fade-in at the clip's start.
    pub fade_in_ms: u32,
    /// Fade-out before the clip's end.
    pub fade_out_ms: u32,
}

/// How often a buyer may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allowance {
    /// Not at all.
    Never,
    /// This many times, at least once.
    Times(u16),
    /// As often as they like.
    Unlimited,
}

/// What a buyer may do with the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restrictions {
    /// Play it.
    pub play: Allowance,
    /// Record it to disc.
    pub record: Allowance,
    /// Export it to a portable device or folder.
    pub export: Allowance,
}

impl Restrictions {
    /// Everything, always.
    pub const NONE: Self =
        Self { play: Allowance::Unlimited, record: Allowance::Unlimited, export: Allowance::Unlimited };
}

/// A SMPTE ST 12-1 time code for professional editing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmpteTimestamp {
    /// 0 to 23.
    pub hours: u8,
    /// 0 to 59.
    pub minutes: u8,
    /// 0 to 59.
    pub seconds: u8,
    /// Below `frames_per_second`.
    pub frames: u8,
    /// 24, 25 or 30.
    pub frames_per_second: u8,
    /// Drop-frame counting; only at 30.
    pub drop_frame: bool,
}

/// Says that the audio carries a watermark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// Which scheme, at most 64 bytes.
    pub scheme: String,
}

/// Loudness of the whole song (ITU-R BS.1770, EBU R 128), in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loudness {
    /// Integrated loudness, 1/100 LUFS.
    pub lufs_x100: i32,
    /// True peak, 1/100 dBTP.
    pub peak_db_x100: i32,
}

/// The parameters as the author sets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageParameters {
    /// Its name within the file, at most 32 bytes: `lossless`, `lossy`, `preview-96`, `preview-32`.
    pub quality: String,
    /// How it is coded.
    pub codec: Codec,
    /// Frames a second of the decoded audio: 8,000 to 192,000.
    pub sample_rate: u32,
    /// 1 to 8.
    pub channels: u8,
    /// Bits a sample for lossless codecs, 0 for lossy ones.
    pub bits: u8,
    /// Bit rate in bit/s: the mean for lossless codecs, the encoder's target for lossy ones.
    pub bit_rate: u32,
    /// Frames that come out, encoder delay and padding not counted.
    pub frames: u64,
    /// Song or clip.
    pub part: Part,
    /// Clip and song times.
    pub clip: ClipTimes,
    /// Whether it may be sold; previews may not.
    pub for_sale: bool,
    /// Time code of frame 0.
    pub smpte: Option<SmpteTimestamp>,
    /// What a buyer may do.
    pub restrictions: Restrictions,
    /// Watermark, if there is one.
    pub watermark: Option<Watermark>,
    /// Loudness, if it was measured.
    pub loudness: Option<Loudness>,
    /// Places to seek to: ascending, the first at frame 0.
    pub index: Vec<IndexEntry>,
}

/// An audio image of a file: its parameters and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioImage {
    /// What the author says of it.
    pub parameters: ImageParameters,
    /// Number of its item.
    pub item: u32,
    /// First stored byte.
    pub offset: u64,
    /// Stored bytes.
    pub length: u64,
    /// The key that opens it, `None` for a free preview.
    pub key: Option<KeyId>,
}

impl std::ops::Deref for AudioImage {
    type Target = ImageParameters;

    fn deref(&self) -> &ImageParameters {
        &self.parameters
    }
}

impl ImageParameters {
    /// Length in milliseconds.
    pub const fn duration_ms(&self) -> u64 {
        self.frames * 1000 / self.sample_rate as u64
    }

    /// The last place at or before `frame` from which decoding can begin.
    pub fn seek_point(&self, frame: u64) -> IndexEntry {
        let after = self.index.partition_point(|e| e.frame <= frame);
        after.checked_sub(1).map_or(IndexEntry { frame: 0, offset: 0 }, |at| self.index[at])
    }

    /// The item's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.text(&self.quality);
        w.u8(match self.codec {
            Codec::Flac => 1,
            Codec::OggOpus => 2,
        });
        w.u32(self.sample_rate).u8(self.channels).u8(self.bits).u32(self.bit_rate).u64(self.frames);
        w.u8(match self.part {
            Part::Song => 1,
            Part::Clip => 2,
        });
        let c = &self.clip;
        w.u32(c.start_ms).u32(c.duration_ms).u32(c.song_ms).u32(c.fade_in_ms).u32(c.fade_out_ms);
        w.bool(self.for_sale);
        w.bool(self.smpte.is_some());
        if let Some(s) = &self.smpte {
            w.raw(&[s.hours, s.minutes, s.seconds, s.frames, s.frames_per_second]).bool(s.drop_frame);
        }
        let r = &self.restrictions;
        for allowance in [r.play, r.record, r.export] {
            w.u16(allowance_code(allowance));
        }
        w.bool(self.watermark.is_some());
        if let Some(mark) = &self.watermark {
            w.text(&mark.scheme);
        }
        w.bool(self.loudness.is_some());
        if let Some(l) = &self.loudness {
            w.i32(l.lufs_x100).i32(l.peak_db_x100);
        }
        w.count(self.index.len());
        for e in &self.index {
            w.u64(e.frame).u64(e.offset);
        }
        w.into_bytes()
    }

    /// Reads the item's bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let quality = r.text(32, "quality")?.to_owned();
        let codec = match r.u8("codec")? {
            1 => Codec::Flac,
            2 => Codec::OggOpus,
            _ => return Err(WireError::Invalid { field: "codec" }),
        };
        let sample_rate = within(r.u32("sample rate")?, 8_000..=192_000, "sample rate")?;
        let channels = within(r.u8("channels")?, 1..=8, "channels")?;
        let bits = within(r.u8("bits")?, 0..=32, "bits")?;
        let bit_rate = r.u32("bit rate")?;
        let frames = within(r.u64("frames")?, 0..=1 << 48, "frames")?;
        let part = match r.u8("part")? {
            1 => Part::Song,
            2 => Part::Clip,
            _ => return Err(WireError::Invalid { field: "part" }),
        };
        let clip = read_clip(&mut r)?;
        let for_sale = r.bool("for-sale flag")?;
        let smpte = if r.bool("SMPTE timestamp")? { Some(read_smpte(&mut r)?) } else { None };
        let restrictions = Restrictions {
            play: read_allowance(r.u16("restrictions")?),
            record: read_allowance(r.u16("restrictions")?),
            export: read_allowance(r.u16("restrictions")?),
        };
        let watermark = match r.bool("watermark")? {
            true => Some(Watermark { scheme: r.text(64, "watermark")?.to_owned() }),
            false => None,
        };
        let loudness = match r.bool("loudness")? {
            true => Some(Loudness { lufs_x100: r.i32("loudness")?, peak_db_x100: r.i32("peak")? }),
            false => None,
        };
        let index = read_index(&mut r)?;
        r.finish("audio parameters")?;
        Ok(Self {
            quality,
            codec,
            sample_rate,
            channels,
            bits,
            bit_rate,
            frames,
            part,
            clip,
            for_sale,
            smpte,
            restrictions,
            watermark,
            loudness,
            index,
        })
    }
}

fn within<T: PartialOrd>(
    value: T,
    range: std::ops::RangeInclusive<T>,
    field: &'static str,
) -> Result<T, WireError> {
    if range.contains(&value) { Ok(value) } else { Err(WireError::Invalid { field }) }
}

fn read_clip(r: &mut Reader<'_>) -> Result<ClipTimes, WireError> {
    let clip = ClipTimes {
        start_ms: r.u32("clip start")?,
        duration_ms: r.u32("clip duration")?,
        song_ms: r.u32("song duration")?,
        fade_in_ms: r.u32("fade-in")?,
        fade_out_ms: r.u32("fade-out")?,
    };
    let end = u64::from(clip.start_ms) + u64::from(clip.duration_ms);
    let fades = u64::from(clip.fade_in_ms) + u64::from(clip.fade_out_ms);
    if end > u64::from(clip.song_ms) || fades > u64::from(clip.duration_ms) {
        return Err(WireError::Invalid { field: "clip times" });
    }
    Ok(clip)
}

fn read_smpte(r: &mut Reader<'_>) -> Result<SmpteTimestamp, WireError> {
    let [hours, minutes, seconds, frames, frames_per_second] = r.array("SMPTE timestamp")?;
    let drop_frame = r.bool("SMPTE timestamp")?;
    let rate = matches!(frames_per_second, 24 | 25 | 30) && (!drop_frame || frames_per_second == 30);
    if rate && hours < 24 && minutes < 60 && seconds < 60 && frames < frames_per_second {
        Ok(SmpteTimestamp { hours, minutes, seconds, frames, frames_per_second, drop_frame })
    } else {
        Err(WireError::Invalid { field: "SMPTE timestamp" })
    }
}

fn read_index(r: &mut Reader<'_>) -> Result<Vec<IndexEntry>, WireError> {
    let count = r.count(MAX_INDEX, "index table")?;
    if count > r.remaining() / 16 {
        return Err(WireError::Truncated { field: "index table" });
    }
    let mut index = Vec::with_capacity(count);
    for _ in 0..count {
        index.push(IndexEntry { frame: r.u64("index table")?, offset: r.u64("index table")? });
    }
    let ascending = index.windows(2).all(|p| p[0].frame < p[1].frame && p[0].offset < p[1].offset);
    if ascending && index.first().is_none_or(|e| e.frame == 0) {
        Ok(index)
    } else {
        Err(WireError::Invalid { field: "index table" })
    }
}

/// 0 never, 65535 unlimited, else a number of times.
const fn allowance_code(allowance: Allowance) -> u16 {
    match allowance {
        Allowance::Never | Allowance::Times(0) => 0,
        Allowance::Times(n) => n,
        Allowance::Unlimited => u16::MAX,
    }
}

const fn read_allowance(code: u16) -> Allowance {
    match code {
        0 => Allowance::Never,
        u16::MAX => Allowance::Unlimited,
        n => Allowance::Times(n),
    }
}
