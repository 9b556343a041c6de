//! The silent device: takes frames in real time and lets them go. For machines without a sound card.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{DeviceSpec, DeviceStream, OutputError, PERIOD_FRAMES};
use crate::audio::render::Renderer;

/// Rate of the silent device: that of a disc.
const RATE_HZ: u32 = 44_100;
const CHANNELS: u16 = 2;

/// A running silent device.
#[derive(Debug)]
pub struct SilentStream {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SilentStream {
    /// Starts it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn open(renderer: &mut dyn FnMut(&DeviceSpec) -> Renderer) -> Result<Self, OutputError> {
        let spec = DeviceSpec { name: "silent".to_owned(), rate_hz: RATE_HZ, channels: CHANNELS };
        let renderer = renderer(&spec);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("cadenza-silent".to_owned())
            .spawn(move || pace(renderer, &stopped))
            .map_err(|error| OutputError::Unusable { name: spec.name, reason: error.to_string() })?;
        Ok(SilentStream { stop, thread: Some(thread) })
    }
}

impl DeviceStream for SilentStream {}

impl Drop for SilentStream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic there has been reported by its own thread; there is nothing left to do about it.
            let _ = thread.join();
        }
    }
}

/// Asks for one period after the other, each when a sound card would.
fn pace(mut renderer: Renderer, stop: &AtomicBool) {
    let mut period = vec![0.0; PERIOD_FRAMES as usize * usize::from(CHANNELS)];
    let length = Duration::from_secs_f64(f64::from(PERIOD_FRAMES) / f64::from(RATE_HZ));
    let mut due = Instant::now();
    while !stop.load(Ordering::Acquire) {
        renderer.render(&mut period);
        due += length;
        let now = Instant::now();
        match due.checked_duration_since(now) {
            Some(left) => thread::park_timeout(left),
            // Far behind (the machine was asleep): go on from now instead of racing to catch up.
            None if now - due > Duration::from_secs(1) => due = now,
            None => {}
        }
    }
}
