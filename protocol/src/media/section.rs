//! A window onto part of a reader: `Read + Seek` over `length` bytes from `start`.

use std::io::{self, Read, Seek, SeekFrom};

/// Part of a reader, with positions counted from its own start.
#[derive(Debug)]
pub struct Section<R> {
    inner: R,
    start: u64,
    length: u64,
    position: u64,
    /// Where the inner reader stands, if it stands where this section left it.
    at: Option<u64>,
}

impl<R: Read + Seek> Section<R> {
    /// `length` bytes of `inner` from `start`.
    pub const fn new(inner: R, start: u64, length: u64) -> Self {
        Self { inner, start, length, position: 0, at: None }
    }
}

impl<R: Read + Seek> Read for Section<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        if count == 0 {
            return Ok(0);
        }
        let target = self.start + self.position;
        if self.at != Some(target) {
            self.at = None;
            self.inner.seek(SeekFrom::Start(target))?;
        }
        let read = self.inner.read(&mut out[..count])?;
        self.position += read as u64;
        self.at = Some(target + read as u64);
        Ok(read)
    }
}

impl<R> Seek for Section<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(p) => Some(p),
            SeekFrom::End(d) => self.length.checked_add_signed(d),
            SeekFrom::Current(d) => self.position.checked_add_signed(d),
        };
        self.position =
            target.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.position)
    }
}
