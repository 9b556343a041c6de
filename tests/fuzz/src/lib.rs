//! What the fuzz targets share: a licensing center whose keys are no secret, and two ways to read a whole story out of an input.
//!
//! Most formats are signed, and no mutation of a signed file has a signature that fits. So a target reads its input twice over: as
//! the file of a stranger, and as the wish of an insider (an author, a content manager) who signs whatever the fuzzer wrote. The
//! second is how the code behind the signature is reached.

pub mod center;
#[cfg(feature = "programs")]
pub mod files;
pub mod insider;
#[path = "../../../protocol/tests/support/samples.rs"]
pub mod samples;
pub mod script;
pub mod song;
