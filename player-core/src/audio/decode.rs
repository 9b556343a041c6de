//! Decoding: a plain FLAC, Ogg Opus, MP3, AAC, ALAC, Vorbis, WAV or AIFF file into interleaved `f32` frames.
//!
//! Bytes come from any [`ReadSeek`] (for bought music that is the image that decrypts as it is read); samples go
//! to whoever pulls: the player's engine or the disc writer. `symphonia` parses and decodes, libopus (through its
//! adapter) decodes Opus.
//!
//! - Gapless: encoder delay and padding are trimmed, so frame 0 is the first frame that was authored and the
//!   last is the last one.
//! - Exact: integers of up to 24 bits become exact fractions of 2^31 and survive as such.
//! - Seeks are exact to the frame: the packet before is found, and decoded up to the frame. Lossy codecs start
//!   a little earlier, so that their decoders have heard what the position builds on.
//! - A packet that cannot be decoded becomes silence of its length, so that time stays right; many in a row are
//!   reported as damage.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::OnceLock;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_MP3, CODEC_ID_OPUS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error as Symphonia;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::units::Timestamp;

use super::source::{PcmSource, PcmSpec, Pull, ReadSeek, Seeked, SourceError};

/// Undecodable packets in a row after which the file counts as damaged.
const MOST_BAD_PACKETS: u32 = 16;
/// Most channels a source may have.
const MOST_CHANNELS: usize = 8;
/// What a lossy decoder hears before a position to be right at it: 80 ms for Opus (RFC 7845 section 4.6), a few
/// packets for the bit reservoir of MP3 and the overlap of AAC.
const PREROLL_FRAMES: u64 = 4_800;

/// A decoded file.
pub struct FileSource {
    format: Option<Box<dyn FormatReader>>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    spec: PcmSpec,
    frames: Option<u64>,
    /// Frames to hear before a seek target.
    preroll: u64,
    /// Timestamp of the first frame.
    origin: i64,
    /// Frame that the next decoded packet has to bring; earlier ones are dropped.
    next: u64,
    bad_packets: u32,
    /// The end has been met. Some format readers cannot seek after that.
    at_end: bool,
    extension: Option<String>,
}

impl FileSource {
    /// Reads the headers and makes the decoder ready; decodes nothing yet.
    ///
    /// `extension` (`"flac"`, `"mp3"`) helps to recognise a format that has no magic number.
    ///
    /// # Errors
    /// [`SourceError::Unsupported`] for what is not audio that we know, [`SourceError::Damaged`] for broken
    /// headers, [`SourceError::Unreadable`] when reading fails.
    pub fn open(reader: Box<dyn ReadSeek>, extension: Option<&str>) -> Result<Self, SourceError> {
        let stream = MediaSourceStream::new(Box::new(Bytes::new(reader)?), Default::default());
        let (format, selected) = probe(stream, extension)?;
        let Selected { track, params, frames, delay } = selected;
        let channels = params.channels.as_ref().map_or(0, |channels| channels.count());
        let rate_hz = params.sample_rate.unwrap_or(0);
        if channels == 0 || channels > MOST_CHANNELS || !(1..=768_000).contains(&rate_hz) {
            return Err(SourceError::Unsupported(format!("{channels} channels at {rate_hz} Hz")));
        }
        let decoder = codecs()
            .make_audio_decoder(&params, &AudioDecoderOptions::default().gapless(true))
            .map_err(damage)?;
        // Ogg counts Opus from before its encoder delay.
        let origin = if params.codec == CODEC_ID_OPUS { delay } else { 0 };
        let lossy = [CODEC_ID_OPUS, CODEC_ID_MP3, CODEC_ID_AAC].contains(&params.codec);
        Ok(FileSource {
            format: Some(format),
            decoder,
            track,
            spec: PcmSpec { rate_hz, channels: channels as u16 },
            frames: frames.map(|frames| frames.saturating_sub(u64::from(origin))),
            preroll: if lossy { PREROLL_FRAMES } else { 0 },
            origin: i64::from(origin),
            next: 0,
            bad_packets: 0,
            at_end: false,
            extension: extension.map(str::to_owned),
        })
    }

    /// Goes back to the first byte and reads the headers again.
    fn reopen(&mut self) -> Result<(), SourceError> {
        let format = self.format.take().ok_or_else(gone)?;
        let mut stream = format.into_inner();
        stream.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let (format, selected) = probe(stream, self.extension.as_deref())?;
        self.decoder = codecs()
            .make_audio_decoder(&selected.params, &AudioDecoderOptions::default().gapless(true))
            .map_err(damage)?;
        self.format = Some(format);
        (self.next, self.at_end) = (0, false);
        Ok(())
    }

    /// Appends what a packet decodes to, less what lies before the frame wanted.
    fn append(&mut self, start: u64, out: &mut Vec<f32>) -> usize {
        let decoded = self.decoder.last_decoded();
        let frames = decoded.frames();
        let late = self.next.saturating_sub(start) as usize;
        if late >= frames {
            return 0;
        }
        let channels = usize::from(self.spec.channels);
        let from = out.len();
        out.resize(from + frames * channels, 0.0);
        decoded.copy_to_slice_interleaved(&mut out[from..]);
        if late > 0 {
            out.copy_within(from + late * channels.., from);
            out.truncate(from + (frames - late) * channels);
        }
        frames - late
    }
}

impl PcmSource for FileSource {
    fn spec(&self) -> PcmSpec {
        self.spec
    }

    fn duration_frames(&self) -> Option<u64> {
        self.frames
    }

    fn read(&mut self, out: &mut Vec<f32>) -> Result<Pull, SourceError> {
        loop {
            let format = self.format.as_mut().ok_or_else(gone)?;
            let packet = match format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) | Err(Symphonia::ResetRequired) => {
                    self.at_end = true;
                    return Ok(Pull::End);
                }
                Err(Symphonia::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return self.early_end();
                }
                Err(error) => return Err(damage(error)),
            };
            if packet.track_id != self.track {
                continue;
            }
            // A packet of encoder delay stands before the first frame: what it decodes to is trimmed.
            let start = u64::try_from(packet.pts.get() - self.origin).unwrap_or(0);
            let appended = match self.decoder.decode(&packet) {
                Ok(_) => {
                    self.bad_packets = 0;
                    self.append(start, out)
                }
                Err(Symphonia::DecodeError(_)) => {
                    self.bad_packets += 1;
                    if self.bad_packets > MOST_BAD_PACKETS {
                        return Err(SourceError::Damaged("many packets in a row cannot be decoded".into()));
                    }
                    let frames = (start + packet.dur.get()).saturating_sub(self.next.max(start)) as usize;
                    out.resize(out.len() + frames * usize::from(self.spec.channels), 0.0);
                    frames
                }
                Err(error) => return Err(damage(error)),
            };
            if appended > 0 {
                self.next = self.next.max(start) + appended as u64;
                return Ok(Pull::Frames(appended));
            }
        }
    }

    fn seek(&mut self, frame: u64) -> Result<Seeked, SourceError> {
        let target = self.frames.map_or(frame, |frames| frame.min(frames.saturating_sub(1)));
        let from = target.saturating_sub(self.preroll);
        let from_start = from == 0 && self.preroll > 0;
        if from_start || self.at_end {
            self.reopen()?;
        }
        if !from_start {
            let ts = Timestamp::new(from as i64 + self.origin);
            let to = SeekTo::Timestamp { ts, track_id: self.track };
            let format = self.format.as_mut().ok_or_else(gone)?;
            if let Err(error) = format.seek(SeekMode::Accurate, to) {
                if from > 0 {
                    return Err(SourceError::Seek(error.to_string()));
                }
                self.reopen()?;
            } else {
                self.decoder.reset();
            }
        }
        self.next = target;
        self.bad_packets = 0;
        Ok(Seeked { frame: target })
    }
}

impl FileSource {
    fn early_end(&mut self) -> Result<Pull, SourceError> {
        self.at_end = true;
        match self.frames {
            Some(frames) if self.next < frames => Err(SourceError::Damaged(format!(
                "it ends after {} of {} seconds",
                self.next / u64::from(self.spec.rate_hz),
                frames / u64::from(self.spec.rate_hz)
            ))),
            _ => Ok(Pull::End),
        }
    }
}

impl std::fmt::Debug for FileSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileSource")
            .field("spec", &self.spec)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

/// The audio track of a file.
struct Selected {
    track: u32,
    params: AudioCodecParameters,
    frames: Option<u64>,
    /// Frames that the encoder put before the first one.
    delay: u32,
}

fn probe(
    stream: MediaSourceStream<'static>,
    extension: Option<&str>,
) -> Result<(Box<dyn FormatReader>, Selected), SourceError> {
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    let format = symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| match error {
            Symphonia::Unsupported(what) => SourceError::Unsupported(what.to_owned()),
            Symphonia::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                SourceError::Unsupported("no audio was recognised in it".to_owned())
            }
            other => damage(other),
        })?;
    let track = format
        .default_track(TrackType::Audio)
        .ok_or_else(|| SourceError::Unsupported("it holds no audio".to_owned()))?;
    let Some(CodecParameters::Audio(params)) = track.codec_params.clone() else {
        return Err(SourceError::Unsupported("its codec is unknown".to_owned()));
    };
    let selected =
        Selected { track: track.id, params, frames: track.num_frames, delay: track.delay.unwrap_or(0) };
    Ok((format, selected))
}

fn codecs() -> &'static CodecRegistry {
    static CODECS: OnceLock<CodecRegistry> = OnceLock::new();
    CODECS.get_or_init(|| {
        let mut registry = CodecRegistry::new();
        symphonia::default::register_enabled_codecs(&mut registry);
        registry.register_audio_decoder::<symphonia_adapter_libopus::OpusDecoder>();
        registry
    })
}

fn damage(error: Symphonia) -> SourceError {
    match error {
        Symphonia::IoError(error) => unreadable(error),
        Symphonia::Unsupported(what) => SourceError::Unsupported(what.to_owned()),
        other => SourceError::Damaged(other.to_string()),
    }
}

/// A failed read is a disk fault, unless decryption found the bytes altered.
fn unreadable(error: io::Error) -> SourceError {
    match error.kind() {
        io::ErrorKind::InvalidData => SourceError::Damaged(error.to_string()),
        _ => SourceError::Unreadable(error),
    }
}

fn gone() -> SourceError {
    SourceError::Damaged("its start could not be read again".to_owned())
}

/// A [`ReadSeek`] in the shape symphonia takes.
struct Bytes {
    reader: Box<dyn ReadSeek>,
    length: u64,
}

impl Bytes {
    fn new(mut reader: Box<dyn ReadSeek>) -> Result<Self, SourceError> {
        let length = reader.seek(SeekFrom::End(0)).map_err(unreadable)?;
        reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        Ok(Bytes { reader, length })
    }
}

impl Read for Bytes {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf)
    }
}

impl Seek for Bytes {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}

impl MediaSource for Bytes {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}
