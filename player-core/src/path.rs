//! A path is no text: a file's name is bytes on Unix and 16-bit units on Windows, and neither has to be Unicode. This is how a path
//! gets to where only text goes.
//!
//! [`shown`] is for people, and for the fields of a failure: what is no text in it becomes `�`, so it opens nothing any more.
//! [`Kept`], or `#[serde(with = "path")]` on a field, is for what is read again, by us or by whoever asked with `--json`: a
//! path that is text is that text, any other is its units, as serde writes an `OsString`; nothing is lost.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path as a person reads it.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A path as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a>(pub &'a Path);

impl Serialize for Kept<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        serialize(self.0, s)
    }
}

/// Writes a path so that [`deserialize`] gives the same one back.
pub fn serialize<S: Serializer>(path: &Path, s: S) -> Result<S::Ok, S::Error> {
    match path.to_str() {
        Some(text) => text.serialize(s),
        None => path.as_os_str().serialize(s),
    }
}

/// Reads what [`serialize`] wrote.
pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<PathBuf, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(PathBuf),
        Units(OsString),
    }
    Ok(match Written::deserialize(d)? {
        Written::Text(path) => path,
        Written::Units(units) => units.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(path: &Path) -> PathBuf {
        let json = serde_json::to_vec(&Kept(path)).unwrap();
        deserialize(&mut serde_json::Deserializer::from_slice(&json)).unwrap()
    }

    #[test]
    fn a_path_that_is_text_is_kept_as_that_text() {
        let path = Path::new("/music/Gymnopédie.flac");
        assert_eq!(serde_json::to_value(Kept(path)).unwrap(), "/music/Gymnopédie.flac");
        assert_eq!(again(path), path);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_comes_back_whole_and_is_shown_with_a_mark() {
        let name: OsString = std::os::unix::ffi::OsStringExt::from_vec(b"Gymnop\xe9die.flac".to_vec());
        let path = Path::new(&name);
        assert_eq!(again(path), path);
        assert_eq!(shown(path), "Gymnop\u{fffd}die.flac");
    }
}
