//! Files and links that are opened from outside: a double click on a voucher, a `cadenza:` link in a browser.
//!
//! They come as arguments of this process, as arguments of a second one (which hands them over and ends), or, on
//! macOS, as an event. In: words from outside, not to be trusted. Out: an [`Opened`] that says what is wanted;
//! a word that is none of ours is left out.

use std::path::{Path, PathBuf};

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
    /// A bought track.
    Media(PathBuf),
    /// `cadenza://preview/MEDIA_ID`.
    Preview(String),
    /// `cadenza://redeem?url=VOUCHER_URL`.
    Redeem(Url),
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
            Ok(link) if link.scheme() == "cadenza" => Self::link(&link),
            Ok(file) if file.scheme() == "file" => Self::file(file.to_file_path().ok()?),
            // `C:\song.cadenza` reads as a scheme of one letter.
            Ok(other) if other.scheme().len() > 1 => None,
            _ => Self::file(folder.join(word)),
        }
    }

    fn link(link: &Url) -> Option<Self> {
        match link.host_str()? {
            "preview" => {
                let id = link.path().trim_matches('/');
                let is_id = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
                is_id.then(|| Self::Preview(id.to_ascii_lowercase()))
            }
            "redeem" => {
                let (_, url) = link.query_pairs().find(|(name, _)| name == "url")?;
                let url = Url::parse(&url).ok()?;
                matches!(url.scheme(), "https" | "http").then_some(Self::Redeem(url))
            }
            _ => None,
        }
    }

    fn file(path: PathBuf) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "cadvoucher" => Some(Self::Voucher(path)),
            "cadpassport" => Some(Self::Passport(path)),
            "cadenza" => Some(Self::Media(path)),
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

    // V1
    #[test]
    fn a_preview_link_carries_a_media_id_and_nothing_else() {
        let id = "0123456789ABCDEF0123456789abcdef";
        assert_eq!(parse(&format!("cadenza://preview/{id}")), Some(Opened::Preview(id.to_ascii_lowercase())));
        assert_eq!(parse("cadenza://preview/../../etc/passwd"), None);
        assert_eq!(parse("cadenza://preview/0123"), None);
    }

    #[test]
    fn a_redeem_link_carries_a_web_address() {
        let wanted = Url::parse("https://store.example/orders/7/voucher").unwrap();
        let link = "cadenza://redeem?url=https%3A%2F%2Fstore.example%2Forders%2F7%2Fvoucher";
        assert_eq!(parse(link), Some(Opened::Redeem(wanted)));
        assert_eq!(parse("cadenza://redeem?url=file%3A%2F%2F%2Fetc%2Fpasswd"), None);
        assert_eq!(parse("cadenza://redeem"), None);
    }

    #[test]
    fn flags_and_the_files_of_others_are_left_alone() {
        for word in [
            "--help",
            "-x.cadvoucher",
            "song.mp3",
            "https://store.example/a.cadvoucher",
            "",
            "cadenza:",
            "cadenza://burn/all",
        ] {
            assert_eq!(parse(word), None, "{word}");
        }
    }
}
