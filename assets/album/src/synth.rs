//! FluidSynth and its sound font: a MIDI file becomes 44.1 kHz stereo in floating point.
//!
//! FluidSynth is run as a process with `-O float`, so nothing is rounded or clipped
//! before mastering.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::score::Room;

/// Frames a second of everything we make.
pub const RATE: u32 = 44_100;
/// Longest recording accepted, in frames: ten minutes.
const LONGEST: usize = 600 * RATE as usize;

/// Left and right, interleaved.
#[derive(Debug, Clone, Default)]
pub struct Stereo(pub Vec<[f32; 2]>);

/// Why there is no sound.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    #[error(
        "no General MIDI sound font found; install one (Debian: fluid-soundfont-gm, Fedora: fluid-soundfont-gm, Arch: soundfont-fluid) or set CADENZA_SOUNDFONT to FluidR3_GM.sf2. Looked at: {0}"
    )]
    NoSoundFont(String),
    #[error("CADENZA_SOUNDFONT is set to {0}, where there is no file; correct or unset it")]
    WrongSoundFont(PathBuf),
    #[error(
        "FluidSynth could not be started ({0}); install it (Debian, Fedora, Arch, Homebrew: fluidsynth; Windows: choco install fluidsynth)"
    )]
    NoFluidSynth(std::io::Error),
    #[error("FluidSynth failed: {0}")]
    Failed(String),
    #[error(
        "FluidSynth wrote no sound we can read ({0}); version 2.1 or newer built with libsndfile is needed"
    )]
    Unreadable(&'static str),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
}

/// The sound font: `CADENZA_SOUNDFONT`, or where systems keep FluidR3_GM.
pub fn sound_font() -> Result<PathBuf, SynthError> {
    if let Some(named) = std::env::var_os("CADENZA_SOUNDFONT") {
        let named = PathBuf::from(named);
        return if named.is_file() { Ok(named) } else { Err(SynthError::WrongSoundFont(named)) };
    }
    let places = places();
    let looked = || places.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
    places.iter().find(|place| place.is_file()).cloned().ok_or_else(|| SynthError::NoSoundFont(looked()))
}

fn places() -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = [
        "/usr/share/sounds/sf2/FluidR3_GM.sf2",
        "/usr/share/soundfonts/FluidR3_GM.sf2",
        "/usr/share/soundfonts/FluidR3_GM2-2.sf2",
        "/usr/local/share/soundfonts/FluidR3_GM.sf2",
        "/usr/local/share/fluidsynth/FluidR3_GM.sf2",
        "/opt/homebrew/share/soundfonts/FluidR3_GM.sf2",
        "/opt/homebrew/share/fluid-synth/sf2/FluidR3_GM.sf2",
        "/usr/local/share/fluid-synth/sf2/FluidR3_GM.sf2",
        "C:\\soundfonts\\FluidR3_GM.sf2",
        "C:\\tools\\fluidsynth\\share\\soundfonts\\FluidR3_GM.sf2",
    ]
    .iter()
    .map(PathBuf::from)
    .collect();
    let homes = ["HOME", "USERPROFILE"].iter().filter_map(std::env::var_os);
    for home in homes.map(PathBuf::from) {
        places.push(home.join(".local/share/soundfonts/FluidR3_GM.sf2"));
        places.push(home.join("Library/Audio/Sounds/Banks/FluidR3_GM.sf2"));
    }
    places
}

/// Renders a MIDI file; `scratch` is a path we may write to and remove.
pub fn render(midi: &Path, font: &Path, room: &Room, scratch: &Path) -> Result<Stereo, SynthError> {
    let setting = |name: &str, value: f64| format!("{name}={value}");
    let settings = [
        setting("synth.reverb.room-size", room.size),
        setting("synth.reverb.damp", room.damp),
        setting("synth.reverb.width", room.width),
        setting("synth.reverb.level", room.level),
        setting("synth.chorus.level", room.chorus),
        format!("synth.chorus.active={}", u8::from(room.chorus > 0.0)),
        "synth.polyphony=1024".into(),
        "synth.cpu-cores=1".into(),
    ];
    let mut command = Command::new("fluidsynth");
    command.args(["-q", "-n", "-i", "-g", "0.4", "-r", "44100", "-O", "float", "-T", "wav", "-F"]);
    command.arg(scratch);
    for setting in &settings {
        command.args(["-o", setting]);
    }
    let done = command.arg(font).arg(midi).output().map_err(SynthError::NoFluidSynth)?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr).chars().take(500).collect();
        return Err(SynthError::Failed(said));
    }
    let file = |source| SynthError::File { path: scratch.into(), source };
    let bytes = std::fs::read(scratch).map_err(file)?;
    std::fs::remove_file(scratch).map_err(file)?;
    read_wave(&bytes)
}

/// Reads a 32-bit float stereo WAVE file.
fn read_wave(bytes: &[u8]) -> Result<Stereo, SynthError> {
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err(SynthError::Unreadable("not a WAVE file"));
    }
    let mut rest = &bytes[12..];
    let mut float_stereo = false;
    while let [a, b, c, d, s0, s1, s2, s3, body @ ..] = rest {
        let size = u32::from_le_bytes([*s0, *s1, *s2, *s3]) as usize;
        let chunk = &body[..size.min(body.len())];
        match &[*a, *b, *c, *d] {
            b"fmt " => {
                float_stereo = chunk.get(2..4) == Some(&[2, 0]) && chunk.get(14..16) == Some(&[32, 0]);
            }
            b"data" if float_stereo => return samples(chunk),
            _ => {}
        }
        rest = body.get(size + (size & 1)..).unwrap_or_default();
    }
    Err(SynthError::Unreadable("no 32-bit stereo samples"))
}

fn samples(chunk: &[u8]) -> Result<Stereo, SynthError> {
    if chunk.len() / 8 > LONGEST {
        return Err(SynthError::Unreadable("longer than ten minutes"));
    }
    let number = |at: &[u8]| f32::from_le_bytes([at[0], at[1], at[2], at[3]]);
    let frames = chunk.chunks_exact(8);
    Ok(Stereo(frames.map(|frame| [number(&frame[..4]), number(&frame[4..])]).collect()))
}
