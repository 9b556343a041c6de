//! Sound: from encoded bytes to the device, in reading order.
//!
//! `source` (what can be pulled) → `decode` → `resample` → `fade` / `loudness` → `ring` → `output` (the device).
//! Everything up to the ring runs on the engine's thread and may block; what follows runs in the device's
//! callback and only pops, multiplies and counts. `counted` counts plays, `waveform` looks at a source without playing it.

pub mod bought;
pub mod counted;
pub mod decode;
pub mod dither;
pub mod fade;
pub mod loudness;
pub mod mix;
pub mod output;
pub mod own;
pub mod render;
pub mod resample;
pub mod ring;
pub mod source;
pub mod waveform;
