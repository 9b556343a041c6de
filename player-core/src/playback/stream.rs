//! Live previews: a delivery server's stream as something that the engine can play (requirements V4 to V8).
//!
//! [`LiveStream::open`] returns at once. A thread of its own (`connection`) speaks RTSP over TLS, puts RTP packets in order,
//! decodes them (`opus`) and fills the buffer here; the engine pulls samples out of it as from a file. While there is nothing,
//! `read` says [`Pull::Waiting`]; a dead or refusing server becomes an error within seconds, after what was already there has
//! been played. Fades are the engine's: their durations come with the server's description.
//!
//! [`StreamMonitor`] tells how the stream fares (time to the first sample, packets lost, image chosen), and keeps the free image.

mod connection;
mod keep;
mod opus;

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use cadenza_protocol::cert::{Certificate, Role};
use cadenza_protocol::preview::{Description, Npt, PreviewAddress};
use cadenza_protocol::reorder::ReorderCounts;
use cadenza_protocol::rtp::CLOCK_RATE;
use cadenza_protocol::voucher::{DeliveryAddress, MediaVoucher};
use tokio::sync::Notify;

use super::track::{Track, TrackKind};
use crate::audio::fade::ClipFades;
use crate::audio::source::{PcmSource, PcmSpec, Pull, Seeked, SourceError, Waker};
use crate::clock::Clock;
use crate::store::client::trust;

/// Opus is decoded to 48 kHz stereo.
const CHANNELS: usize = 2;
/// After running dry, sound goes on when this much is there again.
const REFILL: usize = (CLOCK_RATE as usize / 5) * CHANNELS;
/// Handed to the engine in one read.
const MOST_READ: usize = 4_096 * CHANNELS;

/// How to reach and trust delivery servers. One for the whole player: TLS sessions are resumed from it.
#[derive(Clone)]
pub struct StreamSetup {
    tls: Arc<rustls::ClientConfig>,
    /// What this player's connection carries, bits per second; the server picks the image by it. `None`: not known.
    pub bandwidth: Option<u32>,
    /// Receive in datagrams instead of in the control connection.
    pub udp: bool,
    /// The longest wait for a connection, an answer or sound.
    pub patience: Duration,
}

impl StreamSetup {
    /// Trusts delivery servers whose certificates end at `root`.
    pub fn new(root: &Certificate, clock: Arc<dyn Clock>) -> Self {
        let tls = Arc::new(trust::tls_config(root, Role::DeliveryServer, clock));
        Self { tls, bandwidth: None, udp: false, patience: Duration::from_secs(5) }
    }
}

impl fmt::Debug for StreamSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSetup")
            .field("bandwidth", &self.bandwidth)
            .field("udp", &self.udp)
            .finish_non_exhaustive()
    }
}

/// Which stream, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPlace {
    /// The preview.
    pub address: PreviewAddress,
    /// The delivery server's host.
    pub host: String,
    /// Its port of RTSP over TLS.
    pub port: u16,
}

impl StreamPlace {
    /// A track of a preview voucher.
    pub fn new(address: PreviewAddress, delivery: &DeliveryAddress) -> Self {
        Self { address, host: delivery.host.clone(), port: delivery.rtsps }
    }
}

/// The tracks of a preview voucher, each opened as the engine gets to it (V6).
pub fn tracks(voucher: &MediaVoucher, setup: &StreamSetup) -> Vec<Track> {
    let track = |of: &cadenza_protocol::voucher::VoucherTrack| {
        let address = PreviewAddress { media_id: of.media_id, voucher_id: of.voucher_id, kind: of.part };
        let (place, setup) = (StreamPlace::new(address, &of.delivery), setup.clone());
        let title = of.title.clone().unwrap_or_default();
        let open = move || -> Result<Box<dyn PcmSource>, SourceError> {
            Ok(Box::new(LiveStream::open(place.clone(), setup.clone(), Npt::ZERO)?.0))
        };
        Track::new(of.media_id.into(), TrackKind::Preview, title, open)
    };
    voucher.tracks.iter().map(track).collect()
}

/// How a stream fares.
#[derive(Debug, Clone, Default)]
pub struct StreamStats {
    /// From [`LiveStream::open`] to the first sample in the buffer.
    pub first_sample: Option<Duration>,
    /// What the server said of the stream.
    pub description: Option<Description>,
    /// What happened to packets on the way.
    pub packets: ReorderCounts,
    /// Times the buffer ran dry while it played.
    pub underruns: u32,
    /// Where the free image was kept, or why it was not; `None` while it is under way or was not asked for.
    pub kept: Option<Result<PathBuf, String>>,
}

/// Looks at a stream while the engine plays it.
#[derive(Debug, Clone)]
pub struct StreamMonitor(Arc<Shared>);

impl StreamMonitor {
    /// The figures so far.
    pub fn stats(&self) -> StreamStats {
        self.0.state().stats.clone()
    }

    /// Fetches the free image over the same session and keeps it as an Ogg Opus file at `path` (V6), beside the sound or
    /// after it. [`StreamStats::kept`] tells how that went.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn keep(&self, path: PathBuf) -> Result<(), SourceError> {
        let over = {
            let mut state = self.0.state();
            state.stats.kept = None;
            state.keep = Some(path);
            state.phase != Phase::Live
        };
        if over {
            return self.0.connect(None);
        }
        self.0.news.notify_one();
        Ok(())
    }
}

/// A preview that is being received.
#[derive(Debug)]
pub struct LiveStream(Arc<Shared>);

/// Between the engine's thread and the connection's.
#[derive(Debug)]
struct Shared {
    place: StreamPlace,
    setup: StreamSetup,
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug)]
struct State {
    opened_at: Instant,
    samples: VecDeque<f32>,
    /// A place to go to, until the connection has taken it; the latest wins.
    seek: Option<Npt>,
    /// Where to keep the free image, until the connection has taken it.
    keep: Option<PathBuf>,
    held: bool,
    closed: bool,
    phase: Phase,
    /// Sound of the present place has come, so that running out of it is an underrun.
    begun: bool,
    /// It ran out, and is filling up again.
    dry: bool,
    stats: StreamStats,
    waker: Waker,
}

/// What the connection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// Sound comes, or will.
    Live,
    /// All of it came; the stream was given back.
    Complete,
    /// It broke; the message is for the listener.
    Broken(String),
}

impl LiveStream {
    /// Starts receiving from `from` on; returns at once.
    pub fn open(
        place: StreamPlace,
        setup: StreamSetup,
        from: Npt,
    ) -> Result<(Self, StreamMonitor), SourceError> {
        let state = State {
            opened_at: Instant::now(),
            samples: VecDeque::new(),
            seek: None,
            keep: None,
            held: false,
            closed: false,
            phase: Phase::Live,
            begun: false,
            dry: false,
            stats: StreamStats::default(),
            waker: Waker::default(),
        };
        let shared = Arc::new(Shared { place, setup, state: Mutex::new(state), news: Notify::new() });
        shared.connect(Some(from))?;
        Ok((Self(shared.clone()), StreamMonitor(shared)))
    }
}

impl PcmSource for LiveStream {
    fn spec(&self) -> PcmSpec {
        PcmSpec { rate_hz: CLOCK_RATE, channels: CHANNELS as u16 }
    }

    fn duration_frames(&self) -> Option<u64> {
        self.0.state().stats.description.as_ref().map(|told| told.length.0)
    }

    fn read(&mut self, out: &mut Vec<f32>) -> Result<Pull, SourceError> {
        let mut state = self.0.state();
        let live = state.phase == Phase::Live;
        if state.dry && live && state.samples.len() < REFILL {
            return Ok(Pull::Waiting);
        }
        if !state.samples.is_empty() {
            state.dry = false;
            let count = state.samples.len().min(MOST_READ);
            out.extend(state.samples.drain(..count));
            drop(state);
            self.0.news.notify_one();
            return Ok(Pull::Frames(count / CHANNELS));
        }
        match &state.phase {
            Phase::Complete => Ok(Pull::End),
            Phase::Broken(message) => Err(SourceError::Stream(message.clone())),
            Phase::Live => {
                if state.begun && !state.dry {
                    state.dry = true;
                    state.stats.underruns += 1;
                }
                Ok(Pull::Waiting)
            }
        }
    }

    fn seek(&mut self, frame: u64) -> Result<Seeked, SourceError> {
        let reconnect = {
            let mut state = self.0.state();
            let last =
                state.stats.description.as_ref().map_or(u64::MAX, |told| told.length.0.saturating_sub(1));
            let frame = frame.min(last);
            state.samples.clear();
            (state.begun, state.dry) = (false, false);
            if state.phase == Phase::Live {
                state.seek = Some(Npt(frame));
                None
            } else {
                state.phase = Phase::Live;
                state.seek = None;
                Some(Npt(frame))
            }
        };
        match reconnect {
            Some(from) => self.0.connect(Some(from))?,
            None => self.0.news.notify_one(),
        }
        Ok(Seeked { frame })
    }

    fn fades(&self) -> Option<ClipFades> {
        let state = self.0.state();
        let told = state.stats.description.as_ref()?;
        Some(ClipFades { fade_in_ms: told.fade_in_ms, fade_out_ms: told.fade_out_ms })
    }

    fn hold(&mut self, held: bool) {
        self.0.state().held = held;
        self.0.news.notify_one();
    }

    fn set_waker(&mut self, waker: Waker) {
        self.0.state().waker = waker;
    }
}

impl Drop for LiveStream {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.closed = true;
        state.samples = VecDeque::new();
        drop(state);
        self.0.news.notify_one();
    }
}

impl Shared {
    /// Starts a connection; without `from` only to keep the free image.
    fn connect(self: &Arc<Self>, from: Option<Npt>) -> Result<(), SourceError> {
        let shared = self.clone();
        // Not joined: the engine must not wait for a network. It ends within a second of `closed`.
        let thread = std::thread::Builder::new().name("cadenza-stream".into());
        thread.spawn(move || connection::run(&shared, from)).map_err(SourceError::Unreadable)?;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Appends sound for the engine, unless it has asked for another place meanwhile.
    fn give(&self, samples: &[f32]) {
        if samples.is_empty() {
            return;
        }
        let mut state = self.state();
        if state.closed || state.seek.is_some() {
            return;
        }
        state.samples.extend(samples);
        state.begun = true;
        let since = state.opened_at.elapsed();
        state.stats.first_sample.get_or_insert(since);
        state.waker.wake();
    }

    /// The connection is over, for a reason in words.
    fn break_off(&self, message: String) {
        let mut state = self.state();
        state.phase = Phase::Broken(message);
        state.seek = None;
        state.waker.wake();
    }
}
