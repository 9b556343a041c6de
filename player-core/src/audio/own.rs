//! One of the listener's own files on its way to sound (requirement M8): plain, where it lies.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::decode::FileSource;
use super::source::{PcmSource, SourceError};
use crate::path::shown;

/// Opens a file to be pulled from.
pub fn open(path: &Path) -> Result<Box<dyn PcmSource>, SourceError> {
    let file = File::open(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => SourceError::Missing(shown(path)),
        _ => SourceError::Unreadable(e),
    })?;
    let extension = path.extension().and_then(|e| e.to_str());
    Ok(Box::new(FileSource::open(Box::new(BufReader::with_capacity(1 << 16, file)), extension)?))
}
