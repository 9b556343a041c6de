//! The engine from the outside: tracks in, what the device would get out. No sound card, no waiting: the device
//! is a mock that renders when it is told to, and time is a number.

#[path = "engine/rig.rs"]
mod rig;

#[path = "engine/between.rs"]
mod between;
#[path = "engine/devices.rs"]
mod devices;
#[path = "engine/disc.rs"]
mod disc;
#[path = "engine/files.rs"]
mod files;
#[path = "engine/playing.rs"]
mod playing;
