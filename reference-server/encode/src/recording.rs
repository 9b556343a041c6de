//! Reading the recording: WAV, FLAC or AIFF into integer samples, exactly as they are.

use std::fs::File;
use std::path::Path;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

/// Longest recording, in samples of all channels together: six hours of stereo at 48 kHz.
const MAX_SAMPLES: usize = 6 * 3600 * 48_000 * 2;

/// A recording in memory.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Interleaved, each within `bits`.
    pub samples: Vec<i32>,
    /// Frames a second.
    pub rate: u32,
    /// 1 or 2.
    pub channels: u8,
    /// 16 or 24.
    pub bits: u8,
}

impl Recording {
    /// Decodes a file whole.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, String> {
        read(path)
    }

    /// Frames, one sample per channel each.
    pub const fn frames(&self) -> u64 {
        (self.samples.len() / self.channels as usize) as u64
    }

    /// Length in milliseconds, rounded down.
    pub const fn duration_ms(&self) -> u64 {
        self.frames() * 1000 / self.rate as u64
    }

    /// The samples between two frames as fractions of full scale.
    pub fn floats(&self, from: u64, to: u64) -> Vec<f32> {
        let at = |frame: u64| usize::try_from(frame).unwrap_or(usize::MAX) * usize::from(self.channels);
        let scale = 1.0 / (1u32 << (self.bits - 1)) as f32;
        let end = at(to.min(self.frames()));
        self.samples[at(from.min(to)).min(end)..end].iter().map(|s| *s as f32 * scale).collect()
    }
}

fn read(path: &Path) -> Result<Recording, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
        hint.with_extension(extension);
    }
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|e| format!("not a recording that can be read ({e})"))?;
    let track = format.default_track(TrackType::Audio).ok_or("it holds no audio")?;
    let Some(CodecParameters::Audio(parameters)) = track.codec_params.clone() else {
        return Err("its codec is unknown".into());
    };
    let track = track.id;
    let rate = parameters.sample_rate.unwrap_or(0);
    let channels = parameters.channels.as_ref().map_or(0, |c| c.count());
    let bits = parameters.bits_per_sample.or(parameters.bits_per_coded_sample).unwrap_or(0);
    if !(8_000..=192_000).contains(&rate) || !(1..=2).contains(&channels) || !matches!(bits, 16 | 24) {
        return Err(format!("{channels} channels, {bits} bit at {rate} Hz (16 or 24 bit, 8 to 192 kHz)"));
    }
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
        .map_err(|e| e.to_string())?;
    let mut samples: Vec<i32> = Vec::new();
    let mut block: Vec<i32> = Vec::new();
    while let Some(packet) = format.next_packet().map_err(|e| e.to_string())? {
        if packet.track_id != track {
            continue;
        }
        let decoded = decoder.decode(&packet).map_err(|e| e.to_string())?;
        decoded.copy_to_vec_interleaved(&mut block);
        // 32-bit samples are left-aligned: the bits below are zero.
        samples.extend(block.iter().map(|s| s >> (32 - bits)));
        if samples.len() > MAX_SAMPLES {
            return Err("longer than six hours".into());
        }
    }
    if samples.is_empty() {
        return Err("it is empty".into());
    }
    let (channels, bits) = (channels as u8, bits as u8);
    Ok(Recording { samples, rate, channels, bits })
}
