//! The parts of a media data file that are found by position: header, agency blocks, any range of bytes.

use std::io::{self, Read, Seek, SeekFrom};

use ring::digest::{Context, SHA256};

use super::{HEADER, MAGIC, MAX_ITEMS, MediaError, VERSION};
use crate::id::MediaId;
use crate::wire::{Reader, WireError, Writer};

const MAX_TOC: u64 = MAX_ITEMS as u64 * 1024;

/// What the first 48 bytes say.
pub(super) struct Header {
    pub media_id: MediaId,
    pub toc_offset: u64,
    pub toc_length: u64,
}

impl Header {
    pub fn parse(bytes: &[u8]) -> Result<Self, MediaError> {
        let mut r = Reader::new(bytes);
        let mut fields = || -> Result<_, WireError> {
            r.take(MAGIC.len(), "magic")?;
            let version = (r.u16("version")?, r.u16("version")?);
            let flags = r.u32("flags")?;
            let media_id = MediaId::from_bytes(r.array("media id")?);
            let toc_offset = r.u64("table of contents offset")?;
            let toc_length = u64::from(r.u32("table of contents length")?);
            let reserved = r.u32("reserved")?;
            Ok((version, flags | reserved, Self { media_id, toc_offset, toc_length }))
        };
        let ((major, minor), reserved, header) = fields().map_err(MediaError::malformed("header"))?;
        if major != VERSION.0 {
            return Err(MediaError::NewerVersion { major, minor });
        }
        let fits = reserved == 0 && (HEADER as u64..1 << 44).contains(&header.toc_offset);
        if fits && header.toc_length <= MAX_TOC {
            Ok(header)
        } else {
            Err(MediaError::malformed("header")(WireError::Invalid { field: "header" }))
        }
    }
}

/// Bytes in front of a block: its magic and its length.
pub(super) const BLOCK_HEAD: usize = 12;

/// A block's bytes: head and content.
pub(super) fn block(magic: &[u8; 8], content: Writer) -> Vec<u8> {
    let mut w = Writer::new();
    w.raw(magic).bytes(&content.into_bytes());
    w.into_bytes()
}

/// The block at `at` with this magic, its head included; `None` when something else or nothing is there.
pub(super) fn read_block<R: Read + Seek>(
    source: &mut R,
    at: u64,
    file_length: u64,
    magic: &[u8; 8],
    bound: u32,
    field: &'static str,
) -> Result<Option<Vec<u8>>, MediaError> {
    let mut head = [0; BLOCK_HEAD];
    source.seek(SeekFrom::Start(at))?;
    let got = read_up_to(source, &mut head)?;
    let (found, length) = head.split_at(magic.len());
    if got < head.len() || found != magic {
        return Ok(None);
    }
    let length = u32::from_be_bytes(length.try_into().expect("four of twelve bytes are left"));
    let whole = BLOCK_HEAD as u64 + u64::from(length);
    if length > bound || at + whole > file_length {
        let bound = bound.into();
        return Err(MediaError::malformed(field)(WireError::TooLong { field, length: length.into(), bound }));
    }
    read_range(source, at, whole, field).map(Some)
}

/// Reads `length` bytes (already bounded by the caller), growing as they arrive so that a lying length allocates little.
pub(super) fn read_range<R: Read + Seek>(
    source: &mut R,
    offset: u64,
    length: u64,
    field: &'static str,
) -> Result<Vec<u8>, MediaError> {
    source.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    source.by_ref().take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(MediaError::malformed(field)(WireError::Truncated { field }))
    }
}

pub(super) fn read_up_to<R: Read>(source: &mut R, out: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < out.len() {
        match source.read(&mut out[got..])? {
            0 => break,
            n => got += n,
        }
    }
    Ok(got)
}

pub(super) fn hash_range<R: Read + Seek>(source: &mut R, offset: u64, length: u64) -> io::Result<[u8; 32]> {
    source.seek(SeekFrom::Start(offset))?;
    let mut left = source.by_ref().take(length);
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match left.read(&mut buffer)? {
            0 => break,
            n => context.update(&buffer[..n]),
        }
    }
    Ok(context.finish().as_ref().try_into().expect("SHA-256 gives 32 bytes"))
}
