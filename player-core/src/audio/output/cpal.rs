//! Sound cards and sound servers through `cpal`: WASAPI, CoreAudio, PulseAudio and PipeWire, ALSA.
//!
//! The stream runs at the device's own rate and sample format, so that nothing behind us converts again, and
//! always with a fixed period.

use ::cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use ::cpal::{BufferSize, ErrorKind, I24, SampleFormat, SizedSample, StreamConfig};
use std::time::Duration;

use super::{Device, DeviceChoice, DeviceSpec, DeviceStream, Fault, OutputError, PERIOD_FRAMES};
use crate::audio::dither::Dither;
use crate::audio::render::Renderer;

/// Longest wait for a device to open.
const OPEN_TIMEOUT: Duration = Duration::from_secs(3);
/// Silence before the first frame. Sound servers swallow the first fraction of a millisecond of a new stream.
const LEAD_FRAMES: usize = 128;
/// Room for a device that asks for more than its period at once.
const MOST_PERIODS: usize = 8;

/// The system's sound devices. Connects when first used, and again after the sound server was away.
#[derive(Default)]
pub struct SoundCards {
    host: Option<::cpal::Host>,
}

impl std::fmt::Debug for SoundCards {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SoundCards")
    }
}

impl SoundCards {
    /// Connects to the sound server.
    pub fn connect(&mut self) {
        hushed(|| {
            self.host.get_or_insert_with(::cpal::default_host);
        });
    }

    /// Devices that can play.
    ///
    /// # Errors
    /// The sound server cannot be reached.
    pub fn devices(&mut self) -> Result<Vec<Device>, OutputError> {
        hushed(|| self.list())
    }

    fn list(&mut self) -> Result<Vec<Device>, OutputError> {
        let host = self.host.insert(::cpal::default_host());
        let default = host.default_output_device().map(|device| id(&device));
        let found = host.output_devices().map_err(|error| refusal("", &error))?;
        Ok(found
            .map(|device| {
                let id = id(&device);
                Device { name: device.to_string(), is_default: default.as_ref() == Some(&id), id }
            })
            .collect())
    }

    /// Opens and starts a stream, on the device with that id or name, or on the default one.
    ///
    /// # Errors
    /// There is no such device, or it refuses.
    pub fn open(
        &mut self,
        choice: &DeviceChoice,
        renderer: &mut dyn FnMut(&DeviceSpec) -> Renderer,
        fault: Fault,
    ) -> Result<Box<dyn DeviceStream>, OutputError> {
        let host = self.host.get_or_insert_with(::cpal::default_host);
        let opened = hushed(|| start(&find(host, choice)?, renderer, fault));
        opened.map_err(|error| {
            // The server may have gone away with its devices: look afresh the next time.
            self.host = None;
            match (choice, error) {
                // A default that is not there is no device at all, whatever the system calls it.
                (DeviceChoice::Default, OutputError::NotConnected(_)) => OutputError::NoDevice,
                (_, error) => error,
            }
        })
    }
}

/// Lets libasound say to our log what it would say on the terminal: it complains of its own accord, in several lines, when there
/// is no sound card, beside the one line that the listener gets from us.
#[cfg(target_os = "linux")]
fn hushed<T>(wish: impl FnOnce() -> T) -> T {
    // For this thread, until the next time; without it the lines are only ugly.
    let said = alsa::Output::local_error_handler().ok();
    let done = wish();
    if let Some(said) = said {
        let said = said.borrow().to_string();
        said.lines().for_each(|line| tracing::debug!("libasound: {line}"));
    }
    done
}

#[cfg(not(target_os = "linux"))]
fn hushed<T>(wish: impl FnOnce() -> T) -> T {
    wish()
}

fn find(host: &::cpal::Host, choice: &DeviceChoice) -> Result<::cpal::Device, OutputError> {
    let DeviceChoice::Named(wanted) = choice else {
        return host.default_output_device().ok_or(OutputError::NoDevice);
    };
    host.output_devices()
        .map_err(|error| refusal(wanted, &error))?
        .find(|device| id(device) == *wanted || device.to_string().eq_ignore_ascii_case(wanted))
        .ok_or_else(|| OutputError::NotConnected(wanted.clone()))
}

fn id(device: &::cpal::Device) -> String {
    device.id().map_or_else(|_| device.to_string(), |id| id.to_string())
}

struct CardStream {
    _stream: ::cpal::Stream,
}

impl DeviceStream for CardStream {}

fn start(
    device: &::cpal::Device,
    renderer: &mut dyn FnMut(&DeviceSpec) -> Renderer,
    fault: Fault,
) -> Result<Box<dyn DeviceStream>, OutputError> {
    let name = device.to_string();
    let usual = device.default_output_config().map_err(|error| refusal(&name, &error))?;
    let spec = DeviceSpec { name: name.clone(), rate_hz: usual.sample_rate(), channels: usual.channels() };
    let config = StreamConfig {
        channels: spec.channels,
        sample_rate: spec.rate_hz,
        buffer_size: BufferSize::Fixed(PERIOD_FRAMES),
    };
    let mut dither = Dither::new(0x5eed);
    let source =
        Source { device, config, channels: usize::from(spec.channels), renderer: renderer(&spec), fault };
    let stream = match usual.sample_format() {
        SampleFormat::I16 => source.build(move |sample| dither.quantise(sample)),
        SampleFormat::I24 => source.build(|sample| {
            let value = (sample * 8_388_608.0).round().clamp(-8_388_608.0, 8_388_607.0);
            I24::new(value as i32).unwrap_or(I24::new_unchecked(0))
        }),
        SampleFormat::I32 => source.build(|sample| (f64::from(sample) * 2_147_483_648.0).round() as i32),
        _ => source.build(|sample: f32| sample),
    }
    .and_then(|stream| stream.play().map(|()| stream))
    .map_err(|error| refusal(&name, &error))?;
    Ok(Box::new(CardStream { _stream: stream }))
}

/// What a stream is built from.
struct Source<'a> {
    device: &'a ::cpal::Device,
    config: StreamConfig,
    channels: usize,
    renderer: Renderer,
    fault: Fault,
}

impl Source<'_> {
    fn build<T: SizedSample + Send + 'static>(
        self,
        mut convert: impl FnMut(f32) -> T + Send + 'static,
    ) -> Result<::cpal::Stream, ::cpal::Error> {
        let Source { device, config, channels, mut renderer, fault } = self;
        let mut period = vec![0.0; PERIOD_FRAMES as usize * MOST_PERIODS * channels];
        let mut lead = LEAD_FRAMES * channels;
        device.build_output_stream(
            config,
            move |out: &mut [T], _: &_| {
                // The host has filled the buffer with silence.
                let silent = lead.min(out.len());
                lead -= silent;
                for out in out[silent..].chunks_mut(period.len()) {
                    let period = &mut period[..out.len()];
                    renderer.render(period);
                    out.iter_mut().zip(period.iter()).for_each(|(out, sample)| *out = convert(*sample));
                }
            },
            move |error: ::cpal::Error| match error.kind() {
                // Sound goes on after these.
                ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied | ErrorKind::Xrun => {
                    tracing::debug!(%error, "sound device");
                }
                _ => {
                    tracing::warn!(%error, "sound device");
                    fault.raise();
                }
            },
            Some(OPEN_TIMEOUT),
        )
    }
}

fn refusal(name: &str, error: &::cpal::Error) -> OutputError {
    match error.kind() {
        ErrorKind::HostUnavailable => OutputError::NoDevice,
        ErrorKind::DeviceNotAvailable if name.is_empty() => OutputError::NoDevice,
        ErrorKind::DeviceNotAvailable => OutputError::NotConnected(name.to_owned()),
        ErrorKind::DeviceBusy => OutputError::Busy(name.to_owned()),
        ErrorKind::PermissionDenied => OutputError::Forbidden(name.to_owned()),
        _ => OutputError::Unusable { name: name.to_owned(), reason: error.to_string() },
    }
}
