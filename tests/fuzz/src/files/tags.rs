//! The listener's own music: its tags and its cover.

use std::io::Cursor;
use std::path::Path;

use cadenza_player::library::import;
use cadenza_protocol::time::UnixTime;

use super::NOW;

const NAMES: [&str; 10] =
    ["a.flac", "a.mp3", "a.m4a", "a.aac", "a.ogg", "a.opus", "a.wav", "a.aiff", "a.oga", "no name"];
/// Longest text that the library keeps of a tag, in characters.
const LONGEST_TEXT: usize = 500;

/// The first byte chooses the file's name, which says what it is where the bytes do not.
pub fn read(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
    let path = Path::new(NAMES[usize::from(*which) % NAMES.len()]);
    let size = bytes.len() as u64;
    if let Ok(track) = import::read_bytes(Cursor::new(bytes), path, size, UnixTime(0), NOW) {
        let texts = [Some(&track.title), Some(&track.artist), Some(&track.album)];
        let more = [&track.album_artist, &track.composer, &track.genre, &track.isrc];
        for text in texts.into_iter().chain(more.map(Option::as_ref)).flatten() {
            assert!(text.chars().count() <= LONGEST_TEXT && !text.contains(char::is_control));
        }
        assert!(track.year.is_none_or(|year| (1000..=2200).contains(&year)));
        assert!(!track.title.is_empty(), "a file without a title is called by its name");
    }
    if let Some((_, picture)) = import::cover_of(Cursor::new(bytes), path) {
        // Text chunks of Vorbis comments hold pictures as base64, compressed frames of ID3 as deflate.
        assert!(picture.len() <= 16 << 20, "{} bytes of picture", picture.len());
    }
}
