//! `cadenza:` links (requirements B4, V1, B12). Any page of any web site can hold one, so reading it does nothing and asks nobody: a
//! person says yes first, to [`Player::link_question`](crate::Player::link_question)'s question.
//!
//! | link | wants |
//! |---|---|
//! | `cadenza://preview/MEDIA_ID` | to play a track's clip |
//! | `cadenza://redeem?url=VOUCHER_URL` | to bring home what an order bought |

use cadenza_protocol::id::MediaId;
use url::Url;

/// Longest link that is looked at, bytes.
const LONGEST: usize = 2_000;

/// What a link wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// To play a track's clip.
    Preview(MediaId),
    /// To bring home what an order bought: the address of its voucher. Only the order's name is taken from it.
    Redeem(Url),
}

impl Link {
    /// Reads a link; nothing when it is none, or none of ours.
    pub fn parse(word: &str) -> Option<Self> {
        if word.len() > LONGEST {
            return None;
        }
        let link = Url::parse(word).ok().filter(|link| link.scheme() == "cadenza")?;
        match link.host_str()? {
            "preview" => link.path().trim_matches('/').to_ascii_lowercase().parse().ok().map(Self::Preview),
            "redeem" => {
                let (_, url) = link.query_pairs().find(|(name, _)| name == "url")?;
                let url = Url::parse(&url).ok()?;
                matches!(url.scheme(), "https" | "http").then_some(Self::Redeem(url))
            }
            _ => None,
        }
    }
}

/// What a person is asked before a link is followed. Nobody was contacted for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkQuestion {
    /// What it wants.
    pub wanted: Wanted,
    /// Host and port of the store that would be asked; none while it is still being started, or none is chosen.
    pub store: Option<String>,
    /// Another host that the link names. It is not asked.
    pub elsewhere: Option<String>,
}

/// What would be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A clip; with its title where the catalogue was looked at before.
    Clip {
        /// The track.
        media_id: MediaId,
        /// Its title.
        title: Option<String>,
    },
    /// What an order bought; with the titles when it was placed in this player.
    Order {
        /// Its tracks.
        titles: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    // V1
    #[test]
    fn a_preview_link_carries_a_media_id_and_nothing_else() {
        let id = "0123456789ABCDEF0123456789abcdef";
        let wanted = id.to_ascii_lowercase().parse().unwrap();
        assert_eq!(Link::parse(&format!("cadenza://preview/{id}")), Some(Link::Preview(wanted)));
        assert_eq!(Link::parse("cadenza://preview/../../etc/passwd"), None);
        assert_eq!(Link::parse("cadenza://preview/0123"), None);
    }

    // B4
    #[test]
    fn a_redeem_link_carries_a_web_address() {
        let wanted = Url::parse("https://store.example/orders/7/voucher").unwrap();
        let link = "cadenza://redeem?url=https%3A%2F%2Fstore.example%2Forders%2F7%2Fvoucher";
        assert_eq!(Link::parse(link), Some(Link::Redeem(wanted)));
        assert_eq!(Link::parse("cadenza://redeem?url=file%3A%2F%2F%2Fetc%2Fpasswd"), None);
        assert_eq!(Link::parse("cadenza://redeem"), None);
    }

    #[test]
    fn what_is_no_link_of_ours_is_none() {
        let long = format!("cadenza://redeem?url=https://a.example/{}", "x".repeat(LONGEST));
        for word in
            ["cadenza:", "cadenza://burn/all", "https://store.example/", "song.flac", "", long.as_str()]
        {
            assert_eq!(Link::parse(word), None, "{word}");
        }
    }
}
