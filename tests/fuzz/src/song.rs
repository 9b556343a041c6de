//! A preview to be served: two seconds of packets that are Opus by their first byte.

use std::sync::Arc;

use cadenza_protocol::preview::{Npt, Preview};

pub use crate::samples::description;
use crate::samples::opus_image;

/// Two seconds, with a free file beside it.
pub fn preview() -> Preview {
    let mut image = opus_image(100);
    image.offer_file(vec![0x4f; 40_000]);
    Preview::new(description(), Arc::new(image), Npt::ZERO, Npt(u64::MAX)).expect("there is sound in it")
}
