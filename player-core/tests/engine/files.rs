//! Files of every kind the player opens, made by the encoders people use.

use std::fs::File;
use std::io::{Cursor, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use cadenza_player::audio::decode::FileSource;
use cadenza_player::audio::source::{PcmSource, Pull, SourceError};
use cadenza_player::playback::{Track, TrackKind};

use crate::rig::{PERIOD, Rig, encode, folder, named, noise_wav, run, wav};

fn open(path: &Path) -> FileSource {
    let file = File::open(path).expect("the file was just made");
    FileSource::open(Box::new(file), path.extension().and_then(|e| e.to_str())).expect("it is audio")
}

fn read_to_end(source: &mut FileSource) -> Vec<f32> {
    let mut out = Vec::new();
    loop {
        match source.read(&mut out).expect("sound") {
            Pull::Frames(_) => {}
            Pull::Waiting => panic!("a file never waits"),
            Pull::End => return out,
        }
    }
}

fn integers(samples: &[f32], bits: u32) -> Vec<i32> {
    samples.iter().map(|sample| (sample * 2.0_f32.powi(bits as i32 - 1)) as i32).collect()
}

fn track_of(path: &Path) -> Arc<Track> {
    let path = path.to_owned();
    Arc::new(Track::new(named("file"), TrackKind::Own, "file", move || {
        let file = File::open(&path).map_err(SourceError::Unreadable)?;
        Ok(Box::new(FileSource::open(Box::new(file), None)?) as Box<dyn PcmSource>)
    }))
}

// M3, D2
#[test]
fn a_16_bit_flac_reaches_the_device_bit_for_bit() {
    let folder = folder();
    let path = folder.path().join("a.wav");
    let authored = noise_wav(&path, 44_100, 100_003);
    let flac = encode(&path, "flac", &[]);
    let mut rig = Rig::at(44_100);
    rig.load(&[track_of(&flac)]);
    let heard = rig.periods(100_003 / PERIOD + 2);
    let left: Vec<i32> = authored.iter().step_by(2).map(|sample| i32::from(*sample)).collect();
    assert_eq!(integers(&heard[..100_003], 16), left);
}

#[test]
fn a_24_bit_flac_keeps_all_its_bits() {
    let folder = folder();
    let path = folder.path().join("a.wav");
    let values: Vec<i32> = (0..60_000_i64).map(|n| ((n * 104_729) % 16_777_216 - 8_388_608) as i32).collect();
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()[..3].to_vec()).collect();
    std::fs::write(&path, wav(96_000, 24, &bytes)).expect("written");
    let flac = encode(&path, "flac", &[]);
    assert_eq!(integers(&read_to_end(&mut open(&flac)), 24), values);
}

// M8, M3
#[test]
fn every_format_has_its_exact_length_and_seeks_to_the_frame() {
    let folder = folder();
    let path = folder.path().join("a.wav");
    let rate_hz = 48_000;
    let frames = rate_hz as usize * 3 + 1_001;
    noise_wav(&path, rate_hz, frames);
    // Encoders that note their delay and padding have to come out at the exact length.
    let formats: [(&str, &[&str], bool); 9] = [
        ("wav", &[], true),
        ("flac", &[], true),
        ("opus", &["-c:a", "libopus", "-b:a", "96k"], true),
        ("ogg", &["-c:a", "libvorbis", "-q:a", "5"], true),
        ("mp3", &["-c:a", "libmp3lame", "-b:a", "192k"], true),
        ("aiff", &[], true),
        ("alac.m4a", &["-c:a", "alac"], true),
        ("m4a", &["-c:a", "aac", "-b:a", "160k", "-aac_pns", "0"], false),
        ("aac", &["-c:a", "aac", "-b:a", "160k", "-aac_pns", "0"], false),
    ];
    for (format, options, exact) in formats {
        let file = if format == "wav" { path.clone() } else { encode(&path, format, options) };
        let mut source = open(&file);
        let whole = read_to_end(&mut source);
        if exact {
            assert_eq!(whole.len() / 2, frames, "{format}");
            assert_eq!(source.duration_frames(), Some(frames as u64), "{format}");
        } else {
            assert!((whole.len() / 2).abs_diff(frames) < 4_096, "{format}");
        }
        for target in [100_000_u64, 1, 48_000, 0, 143_999] {
            let at = source.seek(target).expect("it can seek").frame;
            assert_eq!(at, target, "{format}");
            let mut part = Vec::new();
            while part.len() < 4_000 && source.read(&mut part).expect("sound") != Pull::End {}
            let due = &whole[target as usize * 2..];
            let heard = part.len().min(due.len()).min(4_000);
            assert!(heard >= 2_000, "{format} at {target}");
            let error = part[..heard].iter().zip(due).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // Only an Opus decoder never forgets quite all of what came before its pre-roll.
            let allowed = if format == "opus" { 0.02 } else { 1e-5 };
            assert!(error <= allowed, "{format} at {target}: {error}");
        }
    }
}

// M3
#[test]
fn opus_matches_the_reference_decoder_from_its_first_frame() {
    let folder = folder();
    let path = folder.path().join("a.wav");
    noise_wav(&path, 48_000, 100_000);
    let opus = encode(&path, "opus", &["-c:a", "libopus", "-b:a", "128k"]);
    let raw = folder.path().join("reference.raw");
    let (from, to) = (opus.display().to_string(), raw.display().to_string());
    run(
        "ffmpeg",
        &["-v", "error", "-y", "-c:a", "libopus", "-i", &from, "-f", "f32le", "-c:a", "pcm_f32le", &to],
    );
    let reference: Vec<f32> = std::fs::read(&raw)
        .expect("decoded")
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    let ours = read_to_end(&mut open(&opus));
    assert_eq!(ours.len(), 200_000);
    let shared = ours.len().min(reference.len());
    let error = ours[..shared].iter().zip(&reference).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(error < 2e-3, "{error}");
}

#[test]
fn a_very_short_flac_can_be_played_again_from_its_start() {
    let folder = folder();
    let path = folder.path().join("a.wav");
    noise_wav(&path, 44_100, 50);
    let mut source = open(&encode(&path, "flac", &[]));
    let first = read_to_end(&mut source);
    source.seek(0).expect("back to the start");
    assert_eq!(read_to_end(&mut source), first);
    assert_eq!(first.len(), 100);
}

// F5
#[test]
fn what_is_not_audio_or_is_cut_short_is_named() {
    let text = FileSource::open(Box::new(Cursor::new(b"Dear diary, ".repeat(500))), Some("flac"));
    assert!(matches!(text, Err(SourceError::Unsupported(_) | SourceError::Damaged(_))), "{text:?}");
    let empty = FileSource::open(Box::new(Cursor::new(Vec::new())), None);
    assert!(empty.is_err());

    let folder = folder();
    let path = folder.path().join("a.wav");
    noise_wav(&path, 44_100, 200_000);
    let flac = std::fs::read(encode(&path, "flac", &[])).expect("made");
    let half = flac[..flac.len() / 2].to_vec();
    let mut source = FileSource::open(Box::new(Cursor::new(half)), None).expect("its headers are whole");
    let mut out = Vec::new();
    let error = loop {
        match source.read(&mut out) {
            Ok(Pull::Frames(_)) => {}
            Ok(other) => panic!("{other:?} instead of an error"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SourceError::Damaged(_)), "{error}");
    assert!(error.to_string().contains("again"), "{error}");
}

// F4, V7
#[test]
fn altered_bytes_never_crash_the_decoder() {
    let folder = folder();
    let path = folder.path().join("a.wav");
    noise_wav(&path, 44_100, 40_000);
    for (format, options) in [
        ("flac", &[][..]),
        ("opus", &["-c:a", "libopus"]),
        ("mp3", &["-c:a", "libmp3lame"]),
        ("m4a", &["-c:a", "alac"]),
    ] {
        let good = std::fs::read(encode(&path, format, options)).expect("made");
        for step in 1..40_usize {
            let mut bad = Cursor::new(good.clone());
            for place in (step * 13..good.len()).step_by(good.len() / 7 + step) {
                bad.seek(SeekFrom::Start(place as u64)).expect("in memory");
                bad.write_all(&[(step * 37) as u8]).expect("in memory");
            }
            bad.set_position(0);
            let Ok(mut source) = FileSource::open(Box::new(bad), Some(format)) else { continue };
            let mut out = Vec::new();
            while let Ok(Pull::Frames(_)) = source.read(&mut out) {
                out.clear();
            }
            let _ = source.seek(20_000);
            let _ = source.read(&mut out);
        }
    }
}
