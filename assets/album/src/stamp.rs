//! Whether a track was made already: a stamp over everything that went into it,
//! the renderer's own source included, and the sizes of what came out.

use std::path::{Path, PathBuf};

/// A change in any of these makes every track anew.
const RENDERER: &[&str] = &[
    include_str!("about.rs"),
    include_str!("block.rs"),
    include_str!("chance.rs"),
    include_str!("clock.rs"),
    include_str!("event.rs"),
    include_str!("header.rs"),
    include_str!("limiter.rs"),
    include_str!("master.rs"),
    include_str!("measure.rs"),
    include_str!("midi.rs"),
    include_str!("notation.rs"),
    include_str!("performance.rs"),
    include_str!("refusal.rs"),
    include_str!("score.rs"),
    include_str!("sustain.rs"),
    include_str!("synth.rs"),
    include_str!("tokens.rs"),
];

/// The stamp of these inputs.
pub fn of(inputs: &[&str]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for text in RENDERER.iter().chain(inputs) {
        // FNV-1a: a change is to be noticed, not an attack.
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

/// Whether the stamp file holds this stamp and the files are as they were left.
pub fn fits(path: &Path, stamp: &str, files: &[&PathBuf]) -> bool {
    let left = std::fs::read_to_string(path);
    left.is_ok_and(|text| Some(text) == body(stamp, files).ok())
}

/// Leaves the stamp beside its files.
pub fn leave(path: &Path, stamp: &str, files: &[&PathBuf]) -> std::io::Result<()> {
    std::fs::write(path, body(stamp, files)?)
}

fn body(stamp: &str, files: &[&PathBuf]) -> std::io::Result<String> {
    let mut body = stamp.to_owned();
    for file in files {
        body.push_str(&format!("\n{}", std::fs::metadata(file)?.len()));
    }
    Ok(body)
}
