//! Opus packets at their places in, samples without a gap out.
//!
//! What lies before the first audible frame (the encoder's delay, the 80 ms that settle a decoder after a seek) is decoded and
//! dropped; a hole is concealed as libopus does it, fading out when it is long; what comes twice or too late is left out.

use cadenza_protocol::preview::{Npt, Sound};
use cadenza_protocol::rtp::{CLOCK_RATE, LONGEST_PACKET};
use opusic_c::{Channels, Decoder, ErrorCode, SampleRate};

use super::CHANNELS;

/// A hole longer than this is silence after the concealment: libopus has faded out by then.
const CONCEALED: i64 = CLOCK_RATE as i64 / 5;
/// A packet further ahead than this is not believed.
const FURTHEST: i64 = 5 * CLOCK_RATE as i64;
/// libopus conceals in steps of 2.5 ms.
const STEP: usize = 120;

pub(super) struct OpusSound {
    decoder: Decoder,
    audible: i64,
    end: i64,
    next: Option<i64>,
    frame: Vec<f32>,
}

impl OpusSound {
    pub(super) fn new() -> Result<Self, ErrorCode> {
        let decoder = Decoder::new(Channels::Stereo, SampleRate::Hz48000)?;
        Ok(Self {
            decoder,
            audible: 0,
            end: 0,
            next: None,
            frame: vec![0.0; LONGEST_PACKET as usize * CHANNELS],
        })
    }

    /// Sound follows up to `end`; when it begins `anew`, the first frame to be heard is `audible`.
    pub(super) fn play(&mut self, audible: Npt, end: Npt, anew: bool) {
        self.end = signed(end);
        if anew {
            self.audible = signed(audible);
            self.next = None;
            // A decoder that cannot be reset only carries a little of the old place over.
            let _ = self.decoder.reset();
        }
    }

    /// Decodes one packet, and what is missing before it, onto `out`.
    pub(super) fn take(&mut self, sound: &Sound, out: &mut Vec<f32>) {
        let expected = self.next.unwrap_or(sound.at.min(self.audible));
        if sound.at < expected || sound.at > expected + FURTHEST {
            return;
        }
        self.fill(sound.at, out);
        let at = sound.at;
        match self.decoder.decode_float_to_slice(&sound.packet, &mut self.frame, false) {
            Ok(frames) => self.keep(at, frames, out),
            // A packet that does not decode is as good as lost; the next one shows the hole.
            Err(_) => self.next = Some(at),
        }
    }

    /// Nothing more comes: a short rest up to the end is concealed, so that the length is exact.
    pub(super) fn finish(&mut self, out: &mut Vec<f32>) {
        if self.next.is_some_and(|next| self.end - next <= i64::from(CLOCK_RATE)) {
            self.fill(self.end, out);
        }
    }

    /// Conceals from the expected place up to `at`.
    fn fill(&mut self, at: i64, out: &mut Vec<f32>) {
        let mut place = self.next.unwrap_or(at.min(self.audible));
        let concealed = place + CONCEALED;
        while place < at {
            let left = usize::try_from(at - place).unwrap_or(0);
            let frames = left.min(960);
            let known = self.next.is_some() && place < concealed && frames >= STEP;
            let piece = &mut self.frame[..frames / STEP * STEP * CHANNELS];
            let made =
                if known { self.decoder.decode_float_to_slice(&[], piece, false).unwrap_or(0) } else { 0 };
            self.frame[made * CHANNELS..frames * CHANNELS].fill(0.0);
            self.keep(place, frames, out);
            place += frames as i64;
        }
    }

    /// Appends what is audible of `frames` decoded frames at `at`.
    fn keep(&mut self, at: i64, frames: usize, out: &mut Vec<f32>) {
        let after = at + frames as i64;
        let (from, to) = (at.max(self.audible), after.min(self.end));
        if from < to {
            let index = |place: i64| usize::try_from(place - at).unwrap_or(0) * CHANNELS;
            out.extend_from_slice(&self.frame[index(from)..index(to)]);
        }
        self.next = Some(after);
    }
}

fn signed(time: Npt) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 20 ms stereo CELT packet of silence, as libopus itself accepts.
    fn packet(at: i64) -> Sound {
        Sound { at, frames: 960, packet: vec![0xfc, 0xff, 0xfe] }
    }

    fn decoded(sounds: &[Sound], audible: u64, end: u64) -> usize {
        let mut opus = OpusSound::new().unwrap();
        let mut out = Vec::new();
        opus.play(Npt(audible), Npt(end), true);
        for sound in sounds {
            opus.take(sound, &mut out);
        }
        opus.finish(&mut out);
        out.len() / CHANNELS
    }

    #[test]
    fn pre_skip_and_padding_are_not_heard() {
        let sounds: Vec<_> = (0..10).map(|n| packet(n * 960 - 312)).collect();
        assert_eq!(decoded(&sounds, 0, 9_000), 9_000);
        assert_eq!(decoded(&sounds, 5_000, 9_000), 4_000);
    }

    // V7
    #[test]
    fn holes_are_filled_and_doubles_left_out_so_that_the_length_stays_exact() {
        let sounds: Vec<_> = [0, 1, 1, 4, 3, 9].map(|n| packet(n * 960 - 312)).into();
        assert_eq!(decoded(&sounds, 0, 9_000), 9_000);
        assert_eq!(decoded(&[packet(960 - 312), packet(5 * 960 - 312)], 0, 9_000), 9_000);
        assert_eq!(decoded(&[packet(-312), packet(1 << 40)], 0, 1_000), 1_000);
    }
}
