//! Where samples come from: the one seam between the engine and everything that can make sound.
//!
//! Bytes in: a file on disk, a decrypted media image, or packets of a live preview. Samples out: interleaved
//! `f32` frames, pulled by the engine's own thread (never by the device callback).
//!
//! Two kinds implement [`PcmSource`]:
//! - [`FileSource`](super::decode::FileSource) decodes anything that is [`ReadSeek`];
//! - the preview client decodes a live stream.
//!
//! # Rules for an implementation
//! 1. Nothing here may block for long: the engine thread also answers play, pause and seek. A file may take the
//!    time a disk takes. A live source hands its network to a thread of its own, returns [`Pull::Waiting`] while
//!    it has nothing, and calls [`Waker::wake`] when it has something again.
//! 2. `seek` returns at once too. A live source sends the request, drops what it had buffered and answers `read`
//!    with `Waiting` until the new samples are there.
//! 3. After `Pull::End` the engine may still `seek` back.
//! 4. Samples of 16- or 24-bit audio are exact multiples of 2^-15 or 2^-23: at unity gain and equal rates the
//!    device gets the authored integers back, bit for bit.
//! 5. Samples are decrypted audio: keep few, and wipe what is dropped (requirement M1).

use std::fmt;
use std::io::{self, Read, Seek};
use std::thread::Thread;

use super::fade::ClipFades;
use crate::error::{Code, Explain};

/// A plain file of encoded audio, however it is stored: the listener's own file, or a media image that decrypts as it is read.
pub trait ReadSeek: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> ReadSeek for T {}

/// Shape of the samples of one source. Constant for the life of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PcmSpec {
    /// Frames a second.
    pub rate_hz: u32,
    /// Samples in a frame, 1 to 8.
    pub channels: u16,
}

/// What one [`PcmSource::read`] brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    /// So many frames were appended; always more than zero.
    Frames(usize),
    /// Nothing yet (a live stream is buffering); the source wakes the engine when there is.
    Waiting,
    /// The last frame has been handed over.
    End,
}

/// Where the next `read` starts after a seek.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeked {
    /// Frame counted from the start of the source, in its own rate. Files are exact; a live stream answers with
    /// the nearest frame that its server can start at.
    pub frame: u64,
}

/// A stream of decoded audio that the engine pulls from.
pub trait PcmSource: Send {
    /// Rate and channels of what `read` appends.
    fn spec(&self) -> PcmSpec;

    /// Length in frames at the source's rate, once known (a live preview learns it from its server).
    fn duration_frames(&self) -> Option<u64>;

    /// Appends the next frames, interleaved, to `out`: a few thousand at most in one call.
    ///
    /// # Errors
    /// The source is finished; the engine reports the message and goes on to the next track.
    fn read(&mut self, out: &mut Vec<f32>) -> Result<Pull, SourceError>;

    /// Moves to `frame` (clamped to the end by the caller when the length is known).
    ///
    /// # Errors
    /// The position cannot be reached.
    fn seek(&mut self, frame: u64) -> Result<Seeked, SourceError>;

    /// Fades that came with the audio itself, once known; they take the place of those in the engine's track.
    fn fades(&self) -> Option<ClipFades> {
        None
    }

    /// The listener paused, or goes on. A live source may stop its server meanwhile; what is buffered stays.
    fn hold(&mut self, _held: bool) {}

    /// Where to report that a source that was `Waiting` has samples, an end or an error to hand over.
    fn set_waker(&mut self, _waker: Waker) {}
}

/// Wakes the engine thread. Cheap to clone, callable from anywhere, harmless when called too often.
#[derive(Clone, Default)]
pub struct Waker(Option<Thread>);

impl Waker {
    /// A waker for the calling thread.
    #[must_use]
    pub fn of_current_thread() -> Self {
        Waker(Some(std::thread::current()))
    }

    /// Makes the engine look at its sources now.
    pub fn wake(&self) {
        if let Some(thread) = &self.0 {
            thread.unpark();
        }
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waker")
    }
}

/// Why a track cannot be opened or played on. The message is meant for the listener.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file is not where it was.
    #[error("the file {0} is not there; restore it, or remove the track from the library")]
    Missing(String),
    /// Reading failed below us.
    #[error("the audio cannot be read ({0}); check that its disk is connected and readable")]
    Unreadable(#[source] io::Error),
    /// The bytes are not what they should be.
    #[error("the audio is damaged ({0}); download or copy it again")]
    Damaged(String),
    /// A format or shape that is not supported.
    #[error("this kind of audio is not supported ({0}); convert it to FLAC, or choose another file")]
    Unsupported(String),
    /// The key is not at hand: the passport is locked, or belongs to someone else.
    #[error("{0}")]
    Locked(String),
    /// The other end of a live stream is gone or refuses.
    #[error("{0}")]
    Stream(String),
    /// Somebody before the audio said no: the library, the passport, the media file. The code and words are theirs.
    #[error("{message}")]
    Refused {
        /// What happened.
        code: Code,
        /// The same in words, and what to do.
        message: String,
    },
    /// The source cannot go to that position.
    #[error("cannot go to that position ({0}); play from the start instead")]
    Seek(String),
}

impl Explain for SourceError {
    fn code(&self) -> Code {
        match self {
            SourceError::Missing(_) => Code::TrackMissing,
            SourceError::Unreadable(_) => Code::TrackUnreadable,
            SourceError::Damaged(_) => Code::TrackDamaged,
            SourceError::Unsupported(_) => Code::TrackUnsupported,
            SourceError::Locked(_) => Code::TrackLocked,
            SourceError::Stream(_) => Code::StreamFailed,
            SourceError::Refused { code, .. } => *code,
            SourceError::Seek(_) => Code::SeekFailed,
        }
    }
}
