//! A preview's audio image in memory: its Opus packets one behind the other, and the stretch of them that is played.
//!
//! The packets come from the clear Ogg Opus image of a media data file (RFC 7845), read once by the delivery server and
//! shared by all its sessions; they go to the sender. Two time lines meet here: *positions* count decoded 48 kHz frames from
//! the first packet, [`Npt`] counts from the first frame that is heard.

use std::sync::Arc;

use thiserror::Error;

use super::{Description, Npt};
use crate::rtp::opus_duration;

/// Most bytes of packets that an image may hold: an hour at 96 kbit/s is 43 MB.
pub const MOST_BYTES: usize = 64 << 20;

/// A decoder that starts in the middle has settled after 80 ms (RFC 7845, section 4.6).
pub const PRE_ROLL: u64 = 3_840;

/// Packets that cannot be streamed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpusImageError {
    /// Not an Opus packet.
    #[error("packet {0} of the preview image is not Opus; publish the file again")]
    NotOpus(usize),
    /// Over [`MOST_BYTES`].
    #[error("the preview image is larger than {MOST_BYTES} bytes; author it at a lower bit rate")]
    TooLarge,
    /// No sound in it, or less than the clip's times promise.
    #[error("the preview image holds no sound at the times of its clip; author the file again")]
    Empty,
}

#[derive(Debug, Clone, Copy)]
struct Packet {
    offset: u32,
    length: u16,
    frames: u16,
    position: u64,
}

/// The packets of one audio image.
#[derive(Debug)]
pub struct OpusImage {
    pre_skip: u16,
    bytes: Vec<u8>,
    packets: Vec<Packet>,
    end: u64,
    file: Vec<u8>,
}

impl OpusImage {
    /// An empty one; `pre_skip` from the `OpusHead` packet.
    pub const fn new(pre_skip: u16) -> Self {
        Self { pre_skip, bytes: Vec::new(), packets: Vec::new(), end: 0, file: Vec::new() }
    }

    /// Appends the next packet.
    pub fn push(&mut self, packet: &[u8]) -> Result<(), OpusImageError> {
        let not_opus = || OpusImageError::NotOpus(self.packets.len());
        let frames = opus_duration(packet).ok_or_else(not_opus)?;
        let length = u16::try_from(packet.len()).map_err(|_| not_opus())?;
        if self.bytes.len() + packet.len() > MOST_BYTES {
            return Err(OpusImageError::TooLarge);
        }
        let offset = u32::try_from(self.bytes.len()).map_err(|_| OpusImageError::TooLarge)?;
        let frames_u16 = u16::try_from(frames).map_err(|_| not_opus())?;
        self.packets.push(Packet { offset, length, frames: frames_u16, position: self.end });
        self.bytes.extend_from_slice(packet);
        self.end += u64::from(frames);
        Ok(())
    }

    /// The last page's granule position: sound after it is padding (RFC 7845, section 4.4).
    pub fn trim_end(&mut self, granule: u64) {
        self.end = self.end.min(granule);
    }

    /// The whole Ogg Opus file, for those who want to keep the free image (V6).
    pub fn offer_file(&mut self, file: Vec<u8>) {
        self.file = file;
    }

    /// Frames that a decoder drops at the start.
    pub const fn pre_skip(&self) -> u16 {
        self.pre_skip
    }

    /// Bytes held.
    pub const fn size(&self) -> usize {
        self.bytes.len() + self.file.len()
    }

    /// Audible frames in all.
    pub const fn audible(&self) -> u64 {
        self.end.saturating_sub(self.pre_skip as u64)
    }

    /// Packet `n`: its bytes, position and frames.
    pub(super) fn packet(&self, n: usize) -> Option<(&[u8], u64, u32)> {
        let packet = self.packets.get(n)?;
        let offset = usize::try_from(packet.offset).ok()?;
        let bytes = self.bytes.get(offset..offset + usize::from(packet.length))?;
        Some((bytes, packet.position, packet.frames.into()))
    }

    /// The packet that holds the frame at `position`, or the last one.
    fn packet_at(&self, position: u64) -> usize {
        self.packets.partition_point(|packet| packet.position <= position).saturating_sub(1)
    }
}

/// The stretch of an image that a preview plays, and what a player is told about it.
#[derive(Debug, Clone)]
pub struct Preview {
    description: Description,
    image: Arc<OpusImage>,
    first: u64,
}

/// *Nearest Time*: where playing can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearest {
    /// The nearest seekable time at or before the one asked for.
    pub time: Npt,
    /// Bytes of sound from there to the end.
    pub bytes_to_end: u64,
}

impl Preview {
    /// Plays `frames` of `image` from `start` on (both in audible frames); `frames` is cut to what is there.
    /// The description's own length, size and pre-skip are set from the image.
    pub fn new(
        mut description: Description,
        image: Arc<OpusImage>,
        start: Npt,
        frames: Npt,
    ) -> Result<Self, OpusImageError> {
        let first = start.0.saturating_add(image.pre_skip.into());
        let frames = frames.0.min(image.end.saturating_sub(first));
        if frames == 0 {
            return Err(OpusImageError::Empty);
        }
        description.length = Npt(frames);
        description.pre_skip = image.pre_skip;
        let mut preview = Self { description, image, first };
        preview.description.bytes = preview.nearest(Npt::ZERO).map_or(0, |nearest| nearest.bytes_to_end);
        Ok(preview)
    }

    /// What `DESCRIBE` says.
    pub const fn description(&self) -> &Description {
        &self.description
    }

    /// The answer to *Query Time*; `None` for a time past the end.
    pub fn nearest(&self, asked: Npt) -> Option<Nearest> {
        if asked >= self.description.length {
            return None;
        }
        let packet = self.image.packet_at(self.position_of(asked));
        let time = self.image.packets.get(packet)?.position.saturating_sub(self.first);
        let last =
            self.image.packets.get(self.image.packet_at(self.position_of(self.description.length) - 1))?;
        let from = self.image.packets.get(packet)?.offset;
        let bytes_to_end = u64::from(last.offset) + u64::from(last.length) - u64::from(from);
        Some(Nearest { time: Npt(time), bytes_to_end })
    }

    pub(super) fn image(&self) -> &OpusImage {
        &self.image
    }

    /// The free file from `offset` on, at most `most` bytes, and how long it is; `None` past its end or when none is offered.
    pub(super) fn free_data(&self, offset: u64, most: usize) -> Option<(&[u8], usize)> {
        let file = &self.image.file;
        let rest = file.get(usize::try_from(offset).ok()?..).filter(|rest| !rest.is_empty())?;
        Some((&rest[..rest.len().min(most)], file.len()))
    }

    /// The decoded position of a time.
    pub(super) const fn position_of(&self, time: Npt) -> u64 {
        self.first + time.0
    }

    /// The first packet to send so that a decoder has settled at `time`.
    pub(super) fn packet_before(&self, time: Npt) -> usize {
        self.image.packet_at(self.position_of(time).saturating_sub(PRE_ROLL))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `packets` packets of 20 ms, each naming its number.
    pub(in super::super) fn image(packets: u32) -> Arc<OpusImage> {
        let mut image = OpusImage::new(312);
        for n in 0..packets {
            let [.., a, b] = n.to_be_bytes();
            image.push(&[0xfc, a, b, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        }
        Arc::new(image)
    }

    fn preview(start: Npt, frames: Npt) -> Preview {
        Preview::new(Description::example(), image(500), start, frames).unwrap()
    }

    #[test]
    fn seekable_times_are_packet_boundaries_at_or_before_the_time_asked_for() {
        let preview = preview(Npt::ZERO, Npt(u64::MAX));
        assert_eq!(preview.description().length, Npt(500 * 960 - 312));
        assert_eq!(preview.nearest(Npt(10)), Some(Nearest { time: Npt(0), bytes_to_end: 5_000 }));
        assert_eq!(preview.nearest(Npt(648)), Some(Nearest { time: Npt(648), bytes_to_end: 4_990 }));
        assert_eq!(preview.nearest(Npt(1_607)), Some(Nearest { time: Npt(648), bytes_to_end: 4_990 }));
        assert_eq!(preview.nearest(Npt(500 * 960 - 313)).unwrap().bytes_to_end, 10);
        assert_eq!(preview.nearest(Npt(500 * 960 - 312)), None);
    }

    #[test]
    fn a_clip_inside_a_song_counts_from_its_own_start() {
        let preview = preview(Npt::from_millis(2_000), Npt::from_millis(1_000));
        assert_eq!(preview.description().length, Npt(48_000));
        assert_eq!(preview.nearest(Npt::ZERO).unwrap().time, Npt::ZERO);
        assert_eq!(preview.description().bytes, 510); // both ends reach into a packet
        assert_eq!(preview.packet_before(Npt::ZERO), (96_312 - 3_840) / 960);
    }

    #[test]
    fn padding_at_the_end_is_not_played_and_an_empty_stretch_is_refused() {
        let mut image = OpusImage::new(312);
        image.push(&[0xfc, 0]).unwrap();
        image.trim_end(400);
        assert_eq!(image.audible(), 88);
        let none = Preview::new(Description::example(), Arc::new(image), Npt::from_millis(50), Npt(1));
        assert_eq!(none.unwrap_err(), OpusImageError::Empty);
        assert_eq!(OpusImage::new(0).push(&[]), Err(OpusImageError::NotOpus(0)));
    }
}
