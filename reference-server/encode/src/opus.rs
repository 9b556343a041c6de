//! Lossy images and previews: Opus (RFC 6716) in Ogg (RFC 7845), 48 kHz, packets of 20 ms, a page every second.
//!
//! Page starts become the index table. The encoder's look-ahead is declared as pre-skip and the last page's position trims the
//! padding, so exactly the recording's frames come out.

use cadenza_protocol::media::IndexEntry;
use ogg::{PacketWriteEndInfo, PacketWriter};
use opusic_c::{Application, Bitrate, Channels, Encoder, SampleRate, Signal};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler};

/// Opus always runs at 48 kHz here.
pub const RATE: u32 = 48_000;
const PACKET: usize = 960;
const PACKETS_A_PAGE: usize = 50;
/// The longest packet an Opus encoder makes of 20 ms.
const MAX_PACKET: usize = 1275 * 3 + 7;

/// An encoded image.
#[derive(Debug)]
pub struct OpusFile {
    /// The Ogg file.
    pub bytes: Vec<u8>,
    /// Frames at 48 kHz that come out.
    pub frames: u64,
    /// Places to seek to.
    pub index: Vec<IndexEntry>,
}

/// Encodes interleaved samples at 48 kHz.
pub fn encode(samples: &[f32], channels: u8, kbps: u32) -> Result<OpusFile, String> {
    let failed = |e: opusic_c::ErrorCode| format!("{e:?}");
    let layout = if channels == 1 { Channels::Mono } else { Channels::Stereo };
    let mut encoder = Encoder::new(layout, SampleRate::Hz48000, Application::Audio).map_err(failed)?;
    encoder.set_bitrate(Bitrate::Value(kbps * 1000)).map_err(failed)?;
    encoder.set_signal(Signal::Music).map_err(failed)?;
    encoder.set_complexity(10).map_err(failed)?;
    let pre_skip = encoder.get_look_ahead().map_err(failed)?;

    let width = usize::from(channels);
    let frames = (samples.len() / width) as u64;
    let total = frames + u64::from(pre_skip);
    let packets = total.div_ceil(PACKET as u64).max(1);
    let serial = u32::from_be_bytes(cadenza_protocol::secret::random_bytes());
    let mut out = PacketWriter::new(Vec::new());
    let write = |out: &mut PacketWriter<'_, Vec<u8>>, packet: Vec<u8>, end, granule| {
        out.write_packet(packet, serial, end, granule).map_err(|e| e.to_string())
    };
    write(&mut out, head(channels, pre_skip), PacketWriteEndInfo::EndPage, 0)?;
    write(&mut out, tags(), PacketWriteEndInfo::EndPage, 0)?;

    let mut index = Vec::new();
    let mut block = vec![0.0f32; PACKET * width];
    let mut packet = vec![0u8; MAX_PACKET];
    for k in 0..packets {
        if k % PACKETS_A_PAGE as u64 == 0 {
            // What decodes first from here on is the frame that the previous page ended before.
            let frame = (k * PACKET as u64).saturating_sub(u64::from(pre_skip));
            index.push(IndexEntry { frame, offset: out.inner().len() as u64 });
        }
        let start = (usize::try_from(k).unwrap_or(usize::MAX) * PACKET * width).min(samples.len());
        let taken = &samples[start..(start + PACKET * width).min(samples.len())];
        block[..taken.len()].copy_from_slice(taken);
        block[taken.len()..].fill(0.0);
        let length = encoder.encode_float_to_slice(&block, &mut packet).map_err(failed)?;
        let last = k + 1 == packets;
        let end = match (last, (k + 1) % PACKETS_A_PAGE as u64 == 0) {
            (true, _) => PacketWriteEndInfo::EndStream,
            (false, true) => PacketWriteEndInfo::EndPage,
            (false, false) => PacketWriteEndInfo::NormalPacket,
        };
        let granule = if last { total } else { (k + 1) * PACKET as u64 };
        write(&mut out, packet[..length].to_vec(), end, granule)?;
    }
    Ok(OpusFile { bytes: out.into_inner(), frames, index })
}

/// Converts interleaved samples to 48 kHz, aligned to the first frame and as long as the original.
pub fn to_48k(samples: Vec<f32>, channels: u8, rate: u32) -> Result<Vec<f32>, String> {
    if rate == RATE {
        return Ok(samples);
    }
    let width = usize::from(channels);
    let mut fft = Fft::<f32>::new(rate as usize, RATE as usize, 4096, width, FixedSync::Both)
        .map_err(|e| e.to_string())?;
    let frames = samples.len() / width;
    let due = (frames as u64 * u64::from(RATE) / u64::from(rate)) as usize;
    let (delay, chunk) = (fft.output_delay(), fft.input_frames_next());
    let mut out = Vec::with_capacity((due + delay + 2 * fft.output_frames_max()) * width);
    let mut block_out = vec![0.0; fft.output_frames_max() * width];
    let mut block_in = vec![0.0; chunk * width];
    let mut from = 0;
    while out.len() < (due + delay) * width {
        let taken = &samples[from.min(samples.len())..(from + chunk * width).min(samples.len())];
        block_in[..taken.len()].copy_from_slice(taken);
        block_in[taken.len()..].fill(0.0);
        from += chunk * width;
        let frames_out = fft.output_frames_next();
        let input = InterleavedSlice::new(&block_in[..], width, chunk).map_err(|e| e.to_string())?;
        let mut output =
            InterleavedSlice::new_mut(&mut block_out[..], width, frames_out).map_err(|e| e.to_string())?;
        let (_, written) = fft
            .process_into_buffer(&input, &mut output, Some(&Indexing::new()))
            .map_err(|e| e.to_string())?;
        out.extend_from_slice(&block_out[..written * width]);
    }
    out.drain(..delay * width);
    out.truncate(due * width);
    Ok(out)
}

/// Identification header, RFC 7845 section 5.1.
fn head(channels: u8, pre_skip: u32) -> Vec<u8> {
    let mut bytes = b"OpusHead\x01".to_vec();
    bytes.push(channels);
    bytes.extend_from_slice(&u16::try_from(pre_skip).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend_from_slice(&RATE.to_le_bytes());
    bytes.extend_from_slice(&[0, 0, 0]);
    bytes
}

/// Comment header, RFC 7845 section 5.2, without comments: titles stand in the media file's own items.
fn tags() -> Vec<u8> {
    let vendor = b"Cadenza";
    let mut bytes = b"OpusTags".to_vec();
    bytes.extend_from_slice(&(vendor.len() as u32).to_le_bytes());
    bytes.extend_from_slice(vendor);
    bytes.extend_from_slice(&0u32.to_le_bytes());
    bytes
}
