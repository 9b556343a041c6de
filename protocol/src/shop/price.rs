//! What a cart or an order costs (requirement B1): the merchant charges by it, and the player shows the same beforehand.
//!
//! All tracks of an album in one quality cost what the album costs, where that is less. Amounts are hundredths of a currency; they
//! come from a store, so no sum of them may wrap.

use std::collections::BTreeMap;

use super::money::{self, OutOfBounds};
use super::{AlbumCard, Quality};

/// One track in one quality.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The track's album.
    pub album: &'a AlbumCard,
    /// The quality, with the price of this track alone.
    pub quality: &'a Quality,
}

/// What the lines cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Each line, in the order of the lines: the tracks of a whole album share the album's price, in proportion to their own.
    pub each: Vec<u64>,
    /// Where the tracks of each whole album stand among the lines.
    pub albums: Vec<Vec<usize>>,
    /// All of them, each alone.
    pub items_cents: u64,
    /// What the whole albums among them save.
    pub saving_cents: u64,
    /// What is charged: items less saving, and the sum of `each`.
    pub total_cents: u64,
}

/// Adds up lines of which no two are the same track. Each alone, and all of them together, are [amounts](super::money).
pub fn price(lines: &[Line<'_>]) -> Result<Price, OutOfBounds> {
    let mut each: Vec<u64> = lines.iter().map(|line| line.quality.price_cents).collect();
    let items_cents = money::sum(each.iter().copied())?;
    let mut albums = Vec::new();
    for places in together(lines).into_values() {
        let alone: Vec<u64> = places.iter().map(|place| each[*place]).collect();
        let Some(whole) =
            whole_album(lines[places[0]], places.len()).filter(|whole| *whole < alone.iter().sum())
        else {
            continue;
        };
        for (place, share) in places.iter().zip(money::shares(whole, &alone)) {
            each[*place] = share;
        }
        albums.push(places);
    }
    let total_cents = money::sum(each.iter().copied())?;
    Ok(Price { each, albums, items_cents, saving_cents: items_cents - total_cents, total_cents })
}

/// Where the tracks of one album in one quality stand.
fn together<'a>(lines: &[Line<'a>]) -> BTreeMap<(&'a str, &'a str), Vec<usize>> {
    let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        groups.entry((line.album.id.as_str(), line.quality.name.as_str())).or_default().push(place);
    }
    groups
}

/// The album's price in this quality, when these are all of its tracks.
fn whole_album(line: Line<'_>, tracks: usize) -> Option<u64> {
    let price = line.album.prices.iter().find(|price| price.quality == line.quality.name)?;
    (tracks == usize::from(line.album.track_count)).then_some(price.price_cents)
}

#[cfg(test)]
mod tests {
    use super::super::AlbumPrice;
    use super::*;

    fn quality(name: &str, price_cents: u64) -> Quality {
        Quality {
            name: name.into(),
            codec: "flac".into(),
            sample_rate: 44_100,
            channels: 2,
            bits: 16,
            bit_rate: 0,
            size_bytes: 0,
            price_cents,
        }
    }

    fn album(id: &str, track_count: u16, price_cents: u64) -> AlbumCard {
        AlbumCard {
            id: id.into(),
            title: String::new(),
            artist: String::new(),
            year: None,
            genre: None,
            hue: 0,
            chroma_milli: 0,
            art: None,
            track_count,
            duration_ms: 0,
            prices: vec![AlbumPrice { quality: "lossless".into(), price_cents }],
        }
    }

    // B1
    #[test]
    fn a_whole_album_in_one_quality_costs_the_album_s_price_and_shares_it_to_the_last_cent() {
        let (album, other) = (album("a", 3, 310), album("b", 2, 200));
        let (lossless, lossy) = (quality("lossless", 129), quality("lossy", 99));
        let whole = Line { album: &album, quality: &lossless };
        let single = Line { album: &other, quality: &lossless };
        let price = price(&[whole, single, whole, whole, Line { quality: &lossy, ..single }]).unwrap();
        assert_eq!(price.each, [104, 129, 103, 103, 99]);
        assert_eq!(price.albums, [[0, 2, 3]]);
        assert_eq!((price.items_cents, price.saving_cents, price.total_cents), (615, 77, 538));
    }

    // B10
    #[test]
    fn a_dearer_track_bears_more_of_the_album_s_price() {
        let album = album("a", 2, 200);
        let (long, short) = (quality("lossless", 250), quality("lossless", 99));
        let line = |quality| Line { album: &album, quality };
        assert_eq!(price(&[line(&long), line(&short)]).unwrap().each, [143, 57]);
    }

    #[test]
    fn a_part_of_an_album_or_two_qualities_of_it_save_nothing() {
        let album = album("a", 3, 310);
        let (lossless, lossy) = (quality("lossless", 129), quality("lossy", 99));
        let line = Line { album: &album, quality: &lossless };
        assert_eq!(price(&[line, line]).unwrap().saving_cents, 0);
        assert_eq!(price(&[line, line, Line { quality: &lossy, ..line }]).unwrap().total_cents, 357);
        assert_eq!(price(&[]).unwrap().total_cents, 0);
    }

    #[test]
    fn an_album_that_would_cost_more_than_its_tracks_costs_what_they_cost() {
        let (album, lossless) = (album("a", 2, 300), quality("lossless", 129));
        let line = Line { album: &album, quality: &lossless };
        assert_eq!(price(&[line, line]).unwrap().total_cents, 258);
    }

    #[test]
    fn prices_from_a_store_never_wrap() {
        let (album, lossless) = (album("a", 9, 300), quality("lossless", u64::MAX));
        let line = Line { album: &album, quality: &lossless };
        assert_eq!(price(&[line, line]), Err(OutOfBounds));
        let dear = quality("lossless", 999_999);
        let line = Line { album: &album, quality: &dear };
        assert_eq!(price(&[line]).unwrap().total_cents, 999_999);
        assert_eq!(price(&[line, line]), Err(OutOfBounds), "nor does an order cost more than one amount");
    }
}
