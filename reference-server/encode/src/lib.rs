//! What the authoring tool does to a recording: reads it, measures it, encodes it. Numbers in, numbers out; whose recording
//! it is, what it costs and where it goes is the server's business.
//!
//! A crate of its own because its dependencies are generic: their inner loops are compiled here, and here they are optimised
//! in every profile, while the server's own code is not.

#![deny(missing_docs)]

pub mod flac;
pub mod measure;
pub mod opus;
mod recording;

pub use recording::Recording;
