//! Files and links that are opened from outside: a double click on a voucher or a song, a `cadenza:` link in a browser.
//!
//! They come as arguments of this process, as arguments of a second one (which hands them over and ends), or, on
//! macOS, as an event. In: words from outside, not to be trusted. Out: an [`Opened`] that says what is wanted;
//! a word that is none of ours is left out.

use std::path::{Path, PathBuf};

use cadenza_player::library::import;
use cadenza_player::store::Link;
use url::Url;

/// Longest link that is looked at.
const LONGEST_LINK: usize = 2_000;

/// Something that a person opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// A media voucher, for a preview or a purchase.
    Voucher(PathBuf),
    /// A passport to bring in.
    Passport(PathBuf),
    /// Music: a bought track, or a file of one's own.
    Media(PathBuf),
    /// A `cadenza:` link: asked about before anything is done.
    Link(Link),
}

impl Opened {
    /// What the arguments of a process (without its own name) ask for. Relative paths start at `folder`.
    pub fn all<'a>(arguments: impl IntoIterator<Item = &'a str>, folder: &Path) -> Vec<Self> {
        arguments.into_iter().filter_map(|word| Self::parse(word, folder)).collect()
    }

    /// What one word asks for; nothing when it is a flag, another kind of file or a link that is not ours.
    pub fn parse(word: &str, folder: &Path) -> Option<Self> {
        if word.len() > LONGEST_LINK || word.starts_with('-') {
            return None;
        }
        match Url::parse(word) {
            Ok(link) if link.scheme() == "cadenza" => Link::parse(word).map(Self::Link),
            Ok(file) if file.scheme() == "file" => Self::file(file.to_file_path().ok()?),
            // `C:\song.cadenza` reads as a scheme of one letter.
            Ok(other) if other.scheme().len() > 1 => None,
            _ => Self::file(folder.join(word)),
        }
    }

    fn file(path: PathBuf) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "cadvoucher" => Some(Self::Voucher(path)),
            "cadpassport" => Some(Self::Passport(path)),
            "cadenza" => Some(Self::Media(path)),
            _ if import::is_music(&path) => Some(Self::Media(path)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(word: &str) -> Option<Opened> {
        Opened::parse(word, Path::new("/home/ada"))
    }

    // B4
    #[test]
    fn a_voucher_is_known_by_its_extension_and_found_from_the_folder_it_was_opened_in() {
        let here = Some(Opened::Voucher("/home/ada/my order.CadVoucher".into()));
        assert_eq!(parse("my order.CadVoucher"), here);
        assert_eq!(parse("file:///home/ada/my%20order.CadVoucher"), here);
        assert_eq!(parse("/srv/me.cadpassport"), Some(Opened::Passport("/srv/me.cadpassport".into())));
        assert_eq!(parse("song.cadenza"), Some(Opened::Media("/home/ada/song.cadenza".into())));
    }

    // M8
    #[test]
    fn music_of_one_s_own_is_opened_too() {
        for name in ["song.mp3", "Song.FLAC", "file:///home/ada/a%20song.opus"] {
            assert!(matches!(parse(name), Some(Opened::Media(_))), "{name}");
        }
    }

    // V1, B4
    #[test]
    fn a_link_is_read_and_nothing_is_done_about_it_yet() {
        let id = "0123456789abcdef0123456789abcdef";
        let preview = Link::Preview(id.parse().unwrap());
        assert_eq!(parse(&format!("cadenza://preview/{id}")), Some(Opened::Link(preview)));
    }

    #[test]
    fn flags_and_the_files_of_others_are_left_alone() {
        for word in [
            "--help",
            "-x.cadvoucher",
            "song.txt",
            "https://store.example/a.cadvoucher",
            "",
            "cadenza:",
            "cadenza://burn/all",
        ] {
            assert_eq!(parse(word), None, "{word}");
        }
    }
}
