//! What a cart or an order costs (requirement B1): the merchant charges by it, the player shows the same beforehand, and the content
//! manager holds a reservation against it.
//!
//! All tracks of an album in one quality cost what the album costs, where that is less. Who has bought some of them before gets the others
//! for the [`rest`]. Amounts are hundredths of a currency; they come from a store, so no sum of them may wrap.

use std::collections::BTreeMap;

use super::money::{self, OutOfBounds};
use super::sold::Sold;
use super::{AlbumCard, Quality};

/// One track in one quality.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The track's album.
    pub album: &'a AlbumCard,
    /// The quality, with the price of this track alone.
    pub quality: &'a Quality,
}

/// A track that was bought before, and counts towards its album.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bought<'a> {
    /// Id of the album that it is on.
    pub album: &'a str,
    /// In which quality.
    pub quality: &'a str,
    /// What was paid for it.
    pub paid_cents: u64,
}

/// What the lines cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Each line, in the order of the lines: what is sold together shares its price, in proportion to the tracks' own.
    pub each: Vec<u64>,
    /// What is sold for less than its tracks alone.
    pub together: Vec<Together>,
    /// All of them, each alone.
    pub items_cents: u64,
    /// What albums, and rests of albums, save.
    pub saving_cents: u64,
    /// What is charged: items less saving, and the sum of `each`.
    pub total_cents: u64,
}

/// An album, or the rest of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Together {
    /// Which of the two.
    pub sold: Sold,
    /// Where its tracks stand among the lines.
    pub lines: Vec<usize>,
    /// Where the tracks that count stand among those that were bought before.
    pub bought: Vec<usize>,
}

/// Adds up lines of which no two are the same track, for someone who has bought these others before: no two the same track either,
/// and all of them on sale. Each alone, and all of them together, are [amounts](super::money).
pub fn price(lines: &[Line<'_>], bought: &[Bought<'_>]) -> Result<Price, OutOfBounds> {
    let mut each: Vec<u64> = lines.iter().map(|line| line.quality.price_cents).collect();
    let items_cents = money::sum(each.iter().copied())?;
    let mut together = Vec::new();
    for places in grouped(lines).into_values() {
        let alone: Vec<u64> = places.iter().map(|place| each[*place]).collect();
        let line = lines[places[0]];
        let counts =
            |before: &Bought<'_>| before.album == line.album.id && before.quality == line.quality.name;
        let before: Vec<usize> = (0..bought.len()).filter(|place| counts(&bought[*place])).collect();
        let Some(album) = whole_album(line, places.len() + before.len()) else { continue };
        let paid: Vec<u64> = before.iter().map(|place| bought[*place].paid_cents).collect();
        let cents = rest(album, &paid, &alone)?;
        if cents == alone.iter().sum::<u64>() {
            continue; // nothing saved: single tracks
        }
        for (place, share) in places.iter().zip(money::shares(cents, &alone)) {
            each[*place] = share;
        }
        let sold = if before.is_empty() { Sold::Album } else { Sold::Completion };
        together.push(Together { sold, lines: places, bought: before });
    }
    let total_cents = money::sum(each.iter().copied())?;
    Ok(Price { each, together, items_cents, saving_cents: items_cents - total_cents, total_cents })
}

/// The rest of an album: its price less what was paid for the tracks before, not below nothing, and not above what the others cost
/// alone. Good for prices and for costs alike. With nothing paid before it is the album itself.
pub fn rest(album_cents: u64, paid: &[u64], alone: &[u64]) -> Result<u64, OutOfBounds> {
    // what was paid is more than one amount when it was bought one by one over a long time
    let paid = paid.iter().fold(0_u64, |sum, cents| sum.saturating_add(*cents));
    Ok(album_cents.saturating_sub(paid).min(money::sum(alone.iter().copied())?))
}

/// Where the tracks of one album in one quality stand.
fn grouped<'a>(lines: &[Line<'a>]) -> BTreeMap<(&'a str, &'a str), Vec<usize>> {
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
        let lines = [whole, single, whole, whole, Line { quality: &lossy, ..single }];
        let price = price(&lines, &[]).unwrap();
        assert_eq!(price.each, [104, 129, 103, 103, 99]);
        assert_eq!(price.together, [Together { sold: Sold::Album, lines: vec![0, 2, 3], bought: vec![] }]);
        assert_eq!((price.items_cents, price.saving_cents, price.total_cents), (615, 77, 538));
    }

    // B10
    #[test]
    fn a_dearer_track_bears_more_of_the_album_s_price() {
        let album = album("a", 2, 200);
        let (long, short) = (quality("lossless", 250), quality("lossless", 99));
        let line = |quality| Line { album: &album, quality };
        assert_eq!(price(&[line(&long), line(&short)], &[]).unwrap().each, [143, 57]);
    }

    #[test]
    fn a_part_of_an_album_or_two_qualities_of_it_save_nothing() {
        let album = album("a", 3, 310);
        let (lossless, lossy) = (quality("lossless", 129), quality("lossy", 99));
        let line = Line { album: &album, quality: &lossless };
        assert_eq!(price(&[line, line], &[]).unwrap().saving_cents, 0);
        assert_eq!(price(&[line, line, Line { quality: &lossy, ..line }], &[]).unwrap().total_cents, 357);
        assert_eq!(price(&[], &[]).unwrap().total_cents, 0);
    }

    #[test]
    fn an_album_that_would_cost_more_than_its_tracks_costs_what_they_cost() {
        let (album, lossless) = (album("a", 2, 300), quality("lossless", 129));
        let line = Line { album: &album, quality: &lossless };
        assert_eq!(price(&[line, line], &[]).unwrap().total_cents, 258);
    }

    #[test]
    fn prices_from_a_store_never_wrap() {
        let (album, lossless) = (album("a", 9, 300), quality("lossless", u64::MAX));
        let line = Line { album: &album, quality: &lossless };
        assert_eq!(price(&[line, line], &[]), Err(OutOfBounds));
        let dear = quality("lossless", 999_999);
        let line = Line { album: &album, quality: &dear };
        assert_eq!(price(&[line], &[]).unwrap().total_cents, 999_999);
        assert_eq!(
            price(&[line, line], &[]),
            Err(OutOfBounds),
            "nor does an order cost more than one amount"
        );
    }

    // B1: the rest of an album
    #[test]
    fn whoever_has_bought_some_tracks_pays_the_album_s_price_less_what_those_cost() {
        let album = album("a", 3, 310);
        let (lossless, lossy) = (quality("lossless", 129), quality("lossy", 99));
        let line = Line { album: &album, quality: &lossless };
        let before = |quality, paid_cents| Bought { album: "a", quality, paid_cents };
        let two = price(&[line, line], &[before("lossless", 129)]).unwrap();
        assert_eq!((two.each.clone(), two.total_cents, two.saving_cents), (vec![91, 90], 181, 77));
        assert_eq!(two.together, [Together { sold: Sold::Completion, lines: vec![0, 1], bought: vec![0] }]);
        let last = price(&[line], &[before("lossless", 129), before("lossless", 91)]).unwrap();
        assert_eq!(last.total_cents, 90, "one after the other costs what all cost at once");

        let total = |lines: &[Line<'_>], bought: &[Bought<'_>]| price(lines, bought).unwrap().total_cents;
        assert_eq!(total(&[line], &[before("lossless", 129)]), 129, "one track is still missing");
        assert_eq!(total(&[line, line], &[before("lossy", 99)]), 258, "in another quality");
        let elsewhere = Bought { album: "b", ..before("lossless", 129) };
        assert_eq!(total(&[line, line], &[elsewhere]), 258);
        let half = Line { quality: &lossy, ..line };
        assert_eq!(total(&[line, half], &[before("lossless", 129)]), 228, "the others in two qualities");
    }

    // B1
    #[test]
    fn the_rest_of_an_album_costs_never_less_than_nothing_and_never_more_than_its_tracks() {
        assert_eq!(rest(310, &[200, 200], &[129]), Ok(0));
        assert_eq!(rest(310, &[50], &[129, 129]), Ok(258), "the first was cheap then");
        assert_eq!(rest(310, &[u64::MAX, u64::MAX], &[129]), Ok(0));
        assert_eq!(rest(310, &[], &[129, 129, 129]), Ok(310));
        assert_eq!(rest(310, &[1], &[u64::MAX]), Err(OutOfBounds));
        let album = album("a", 2, 100);
        let lossless = quality("lossless", 129);
        let line = Line { album: &album, quality: &lossless };
        let paid = Bought { album: "a", quality: "lossless", paid_cents: 129 };
        let free = price(&[line], &[paid]).unwrap();
        assert_eq!((free.total_cents, free.together[0].sold), (0, Sold::Completion));
    }
}
