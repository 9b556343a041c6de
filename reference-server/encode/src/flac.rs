//! The lossless image: native FLAC (RFC 9639) with a seek table, whose points become the index table.

use std::io::Cursor;

use cadenza_protocol::media::IndexEntry;
use flac_codec::encode::{FlacSampleWriter, Options};

use crate::Recording;

/// A FLAC file in memory and where to seek in it: about one place a second.
pub fn encode(recording: &Recording) -> Result<(Vec<u8>, Vec<IndexEntry>), String> {
    let options = Options::best().no_padding().seektable_seconds(1);
    let mut file = Cursor::new(Vec::new());
    let mut writer = FlacSampleWriter::new(
        &mut file,
        options,
        recording.rate,
        recording.bits.into(),
        recording.channels,
        Some(recording.samples.len() as u64),
    )
    .map_err(|e| e.to_string())?;
    writer.write(&recording.samples).map_err(|e| e.to_string())?;
    writer.finalize().map_err(|e| e.to_string())?;
    let bytes = file.into_inner();
    let index = index(&bytes).ok_or("the encoder wrote no FLAC file")?;
    Ok((bytes, index))
}

/// Reads the seek table (section 8.5): sample number, offset from the first frame, 8 bytes each, then 2 bytes not needed here.
fn index(flac: &[u8]) -> Option<Vec<IndexEntry>> {
    let mut rest = flac.strip_prefix(b"fLaC")?;
    let mut points = Vec::new();
    loop {
        let (header, body) = rest.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes([0, header[1], header[2], header[3]]) as usize;
        let (block, after) = body.split_at_checked(length)?;
        if header[0] & 0x7f == 3 {
            points = block.chunks_exact(18).filter_map(point).collect();
        }
        rest = after;
        if header[0] & 0x80 != 0 {
            break;
        }
    }
    let first_frame = (flac.len() - rest.len()) as u64;
    let mut index = vec![IndexEntry { frame: 0, offset: first_frame }];
    for (frame, offset) in points {
        if index.last().is_some_and(|last| frame > last.frame) {
            index.push(IndexEntry { frame, offset: first_frame + offset });
        }
    }
    Some(index)
}

fn point(bytes: &[u8]) -> Option<(u64, u64)> {
    let number = |b: &[u8]| b.try_into().ok().map(u64::from_be_bytes);
    let (frame, offset) = (number(&bytes[..8])?, number(&bytes[8..16])?);
    (frame != u64::MAX).then_some((frame, offset))
}
