//! Covers for the page: the `sleeve:` scheme, and the colour that a cover gives to the page around it.
//!
//! `sleeve://localhost/store/MEDIA_ID` is the cover of a track on sale, `sleeve://localhost/library/TRACK_ID` that
//! of one that is here; `?size=96` asks for a small one. Bytes come from the store or out of the file and stay in a
//! bounded cache, so that scrolling asks nobody twice.

mod cache;
mod picture;

pub use cache::CoverCache;
pub use cadenza_protocol::colour::SleeveColour;
pub use picture::{Picture, colour_of};

use crate::ipc::Sleeve;

/// Name of the scheme.
pub const SCHEME: &str = "sleeve";

/// Sizes that are kept, in pixels; a request gets the next larger one.
const SIZES: [u32; 3] = [96, 320, 1200];

/// Which cover.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CoverOf {
    /// A track on sale.
    Store(String),
    /// A track of the library.
    Library(String),
}

/// A cover and how large it has to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CoverRequest {
    pub of: CoverOf,
    /// One of 96, 320, 1200 pixels.
    pub size: u32,
}

impl CoverRequest {
    /// Reads path and query of an address; nothing for one that is not ours.
    pub fn parse(path: &str, query: Option<&str>) -> Option<Self> {
        let (place, id) = path.trim_start_matches('/').split_once('/')?;
        let is_id = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let of = match place {
            "store" if is_id => CoverOf::Store(id.to_owned()),
            "library" if is_id => CoverOf::Library(id.to_owned()),
            _ => return None,
        };
        let asked = query.and_then(|q| q.strip_prefix("size=")).and_then(|s| s.parse::<u32>().ok());
        let asked = asked.unwrap_or(SIZES[2]);
        let size = SIZES.into_iter().find(|size| *size >= asked).unwrap_or(SIZES[2]);
        Some(Self { of, size })
    }
}

/// The sleeve of a track on sale.
pub fn of_store(art: Option<&str>, hue: u16, chroma: u16) -> Sleeve {
    Sleeve { cover: art.map(|id| address("store", id)), hue, chroma }
}

/// The sleeve of a track of the library.
pub fn of_library(track: Option<&str>, colour: SleeveColour) -> Sleeve {
    Sleeve { cover: track.map(|id| address("library", id)), hue: colour.hue, chroma: colour.chroma_milli }
}

/// WebView2 and Android's web view know only http for a scheme of one's own.
fn address(place: &str, id: &str) -> String {
    if cfg!(windows) {
        format!("http://{SCHEME}.localhost/{place}/{id}")
    } else {
        format!("{SCHEME}://localhost/{place}/{id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn an_address_names_a_cover_and_its_size() {
        let small = CoverRequest::parse(&format!("/store/{ID}"), Some("size=97"));
        assert_eq!(small, Some(CoverRequest { of: CoverOf::Store(ID.into()), size: 320 }));
        let whole = CoverRequest::parse(&format!("/library/{ID}"), None);
        assert_eq!(whole, Some(CoverRequest { of: CoverOf::Library(ID.into()), size: 1200 }));
    }

    #[test]
    fn anything_else_names_nothing() {
        for path in
            ["/", "/store", "/store/../../passport", "/disc/0123456789abcdef0123456789abcdef", "/store/0123"]
        {
            assert_eq!(CoverRequest::parse(path, None), None, "{path}");
        }
    }
}
