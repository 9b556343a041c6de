//! Capture: a WAV file of what the device would have got. Only for tests; never in a build that ships.
//!
//! 32-bit float, stereo, 44.1 kHz unless the file's name says otherwise (`take@48000.wav`). It runs as fast as
//! the engine delivers and takes a period only when there is one to take, so silence between tracks, waiting and
//! pauses leave no trace in the file, and nothing ever runs dry.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{DeviceSpec, DeviceStream, Fault, OutputError, PERIOD_FRAMES};
use crate::audio::render::Renderer;

const CHANNELS: u16 = 2;
/// How often a capture with nothing to take looks again.
const LOOK_AGAIN: Duration = Duration::from_micros(500);

/// A running capture; the file is complete once this is dropped.
#[derive(Debug)]
pub struct CaptureStream {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl CaptureStream {
    /// Creates the file and starts.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn open(
        path: &Path,
        renderer: &mut dyn FnMut(&DeviceSpec) -> Renderer,
        fault: Fault,
    ) -> Result<Self, OutputError> {
        let name = format!("capture:{}", path.display());
        let unusable =
            |error: io::Error| OutputError::Unusable { name: name.clone(), reason: error.to_string() };
        let rate_hz = rate_in(path).unwrap_or(44_100);
        let mut wav = Wav::create(path, rate_hz).map_err(unusable)?;
        let mut renderer = renderer(&DeviceSpec { name: name.clone(), rate_hz, channels: CHANNELS });
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("cadenza-capture".to_owned())
            .spawn(move || {
                let mut period = vec![0.0; PERIOD_FRAMES as usize * usize::from(CHANNELS)];
                while !stopped.load(Ordering::Acquire) {
                    if renderer.is_ready(PERIOD_FRAMES as usize) {
                        let heard = renderer.render(&mut period);
                        wav.append(&period[..heard * usize::from(CHANNELS)])?;
                    } else {
                        fault.hurry();
                        thread::park_timeout(LOOK_AGAIN);
                    }
                }
                wav.finish()
            })
            .map_err(unusable)?;
        Ok(CaptureStream { stop, thread: Some(thread) })
    }
}

impl DeviceStream for CaptureStream {
    fn may_rest(&self) -> bool {
        false
    }
}

impl Drop for CaptureStream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take()
            && let Ok(Err(error)) = thread.join()
        {
            tracing::error!(%error, "the capture is not complete");
        }
    }
}

fn rate_in(path: &Path) -> Option<u32> {
    path.file_stem()?.to_str()?.rsplit_once('@')?.1.parse().ok()
}

/// A RIFF WAVE file that is written front to back; its lengths are filled in at the end.
struct Wav {
    file: BufWriter<File>,
    bytes: u32,
}

impl Wav {
    const HEADER_BYTES: u32 = 46;

    fn create(path: &Path, rate_hz: u32) -> io::Result<Self> {
        let frame_bytes = 4 * CHANNELS;
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(b"RIFF\0\0\0\0WAVEfmt ")?;
        file.write_all(&18_u32.to_le_bytes())?;
        file.write_all(&3_u16.to_le_bytes())?; // IEEE float
        file.write_all(&CHANNELS.to_le_bytes())?;
        file.write_all(&rate_hz.to_le_bytes())?;
        file.write_all(&(rate_hz * u32::from(frame_bytes)).to_le_bytes())?;
        file.write_all(&frame_bytes.to_le_bytes())?;
        file.write_all(&32_u16.to_le_bytes())?;
        file.write_all(&[0, 0])?; // no extension
        file.write_all(b"data\0\0\0\0")?;
        let mut wav = Wav { file, bytes: 0 };
        wav.write_lengths()?;
        Ok(wav)
    }

    fn append(&mut self, samples: &[f32]) -> io::Result<()> {
        for sample in samples {
            self.file.write_all(&sample.to_le_bytes())?;
        }
        self.bytes = self.bytes.saturating_add(samples.len() as u32 * 4);
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.write_lengths()
    }

    /// Leaves a file that can be read as it is, and goes on at its end.
    fn write_lengths(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(4))?;
        self.file.write_all(&(self.bytes.saturating_add(Self::HEADER_BYTES - 8)).to_le_bytes())?;
        self.file.seek(SeekFrom::Start(42))?;
        self.file.write_all(&self.bytes.to_le_bytes())?;
        self.file.seek(SeekFrom::End(0))?;
        self.file.flush()
    }
}
