//! A merchant's JSON at the player, a buyer's at the merchant and at the payment processor; what a cart of such offers costs.

use cadenza_protocol::card::TypedCard;
use cadenza_protocol::counts::CountsReport;
use cadenza_protocol::pay::TokenRequest;
use cadenza_protocol::shop::price::{Line, price};
use cadenza_protocol::shop::{
    About, AlbumPage, Order, OrderedTrack, StoreFront, TrackList, TrackOffer, list,
};
use cadenza_protocol::voucher::DeliveryAddress;
use cadenza_server::merchant::messages::{FindOrder, OrderRequest, PreviewRequest};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::NOW;

/// The first byte chooses what is read.
pub fn read(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else { return };
    match which % 9 {
        0 => drop(round_trip::<About>(rest)),
        1 => drop(round_trip::<StoreFront>(rest)),
        2 => {
            if let Some(page) = round_trip::<AlbumPage>(rest) {
                cart_of(&page);
            }
        }
        3 => drop((round_trip::<TrackList>(rest), round_trip::<TrackOffer>(rest))),
        4 => drop(round_trip::<Order>(rest)),
        5 => drop((round_trip::<DeliveryAddress>(rest), round_trip::<CountsReport>(rest))),
        6 => {
            let _ = serde_json::from_slice::<OrderRequest>(rest);
            if let Ok(shown) = serde_json::from_slice::<TokenRequest<TypedCard>>(rest)
                && let Ok(card) = shown.card.check(NOW)
            {
                assert!(card.number.last4().bytes().all(|digit| digit.is_ascii_digit()));
            }
        }
        7 => {
            let _ = serde_json::from_slice::<FindOrder>(rest);
            let _ = serde_json::from_slice::<Vec<OrderedTrack>>(rest);
            drop(round_trip::<PreviewRequest>(rest));
        }
        _ => price_list(rest),
    }
}

/// All of an album's tracks, each in every quality: the sum is exact, or it is refused.
fn cart_of(page: &AlbumPage) {
    let qualities = page.tracks.iter().flat_map(|track| &track.qualities);
    let lines: Vec<Line<'_>> = qualities.map(|quality| Line { album: &page.card, quality }).collect();
    if let Ok(sum) = price(&lines, &[]) {
        assert_eq!(sum.each.iter().sum::<u64>(), sum.total_cents);
        assert_eq!(sum.items_cents - sum.saving_cents, sum.total_cents);
    }
}

fn price_list(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(lines) = list::parse(text) else { return };
    assert_eq!(list::parse(&list::to_text(&lines)).expect("what was written can be read"), lines);
    for line in &lines {
        if let Ok(retail) = line.price.retail_cents(20) {
            assert!(line.price.allows(retail));
        }
    }
}

fn round_trip<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let object: T = serde_json::from_slice(bytes).ok()?;
    let written = serde_json::to_vec(&object).expect("what was read can be written");
    let again: T = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_vec(&again).expect("once more"), written);
    Some(object)
}
