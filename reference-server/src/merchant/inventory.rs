//! What is on the shelves: the content manager's inventory with the merchant's mark-up, grouped by album.
//!
//! Kept in memory for [`FRESH`]; when the content manager does not answer, what was there before is shown. It is asked by one at a time,
//! whose answer is everybody's, and for tracks that nobody has heard of not more often than every [`AGAIN`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use cadenza_protocol::id::MediaId;
use cadenza_protocol::shop::money::{self, Currency};
use cadenza_protocol::shop::price::Line;
use cadenza_protocol::shop::{
    AlbumCard, AlbumPage, AlbumPrice, Clip, OrderedTrack, Quality, StoreFront, TrackList, TrackOffer,
};

use tokio::sync::Mutex;

use super::{Merchant, away};
use crate::api::ApiFailure;
use crate::content::catalogue::{CatalogueTrack, Inventory, Offer, album_price};

const FRESH: Duration = Duration::from_secs(5);
/// After a look for a track that was not there it is not looked again for this long.
const AGAIN: Duration = Duration::from_secs(1);
/// Tracks that a search gives at most.
const SEARCH_LIMIT: usize = 200;
/// Words of a search that are looked for.
const SEARCH_WORDS: usize = 16;

/// Everything for sale at one moment.
#[derive(Debug)]
pub struct Shelves {
    filled: Instant,
    currency: Currency,
    content_manager_key: [u8; 32],
    albums: Vec<AlbumPage>,
    art: BTreeMap<MediaId, String>,
}

impl Shelves {
    fn new(inventory: Inventory, markup_percent: u32) -> Self {
        let Inventory { currency, content_manager_key, tracks } = inventory;
        let art = tracks.iter().filter_map(|t| Some((t.media_id, t.art.clone()?))).collect();
        let mut groups: Vec<Vec<CatalogueTrack>> = Vec::new();
        for track in tracks {
            match groups.iter_mut().find(|group| group[0].album_id == track.album_id) {
                Some(group) => group.push(track),
                None => groups.push(vec![track]),
            }
        }
        let mut albums: Vec<AlbumPage> =
            groups.into_iter().filter_map(|group| album(group, markup_percent)).collect();
        for album in &mut albums {
            (album.currency, album.content_manager_key) = (currency.to_string(), content_manager_key);
        }
        albums.sort_by_key(|album| album.card.title.to_lowercase());
        Self { filled: Instant::now(), currency, content_manager_key, albums, art }
    }

    /// What everything here is sold in.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Whose music it is.
    pub const fn content_manager_key(&self) -> [u8; 32] {
        self.content_manager_key
    }

    /// All albums.
    pub fn front(&self) -> StoreFront {
        StoreFront {
            currency: self.currency.to_string(),
            albums: self.albums.iter().map(|a| a.card.clone()).collect(),
        }
    }

    /// One album.
    pub fn album(&self, id: &str) -> Option<&AlbumPage> {
        self.albums.iter().find(|album| album.card.id == id)
    }

    /// One track.
    pub fn track(&self, media_id: &MediaId) -> Option<&TrackOffer> {
        self.albums.iter().flat_map(|album| &album.tracks).find(|track| track.media_id == *media_id)
    }

    /// One track in one quality, with its album's prices.
    pub fn line(&self, item: &OrderedTrack) -> Option<Line<'_>> {
        let track = self.track(&item.media_id)?;
        let quality = track.qualities.iter().find(|quality| quality.name == item.quality)?;
        Some(Line { album: &self.album(&track.album_id)?.card, quality })
    }

    /// Name of a track's cover.
    pub fn art(&self, media_id: &MediaId) -> Option<&str> {
        self.art.get(media_id).map(String::as_str)
    }

    /// Tracks in which every word occurs: in title, artist, album or composer. The first words count.
    pub fn search(&self, words: &str) -> TrackList {
        let words: Vec<String> = words.split_whitespace().take(SEARCH_WORDS).map(str::to_lowercase).collect();
        let fits = |track: &&TrackOffer| {
            let text = format!(
                "{} {} {} {}",
                track.title,
                track.artist,
                track.album,
                track.composer.as_deref().unwrap_or_default()
            )
            .to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let tracks = self
            .albums
            .iter()
            .flat_map(|album| &album.tracks)
            .filter(fits)
            .take(SEARCH_LIMIT)
            .cloned()
            .collect();
        TrackList { currency: self.currency.to_string(), tracks }
    }
}

/// What the content manager has, or why that is not known.
type Found = Result<Arc<Shelves>, ApiFailure>;

/// Who asks the content manager: one at a time.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<LastLook>);

/// When it was asked last, and what came of it.
#[derive(Debug, Default)]
struct LastLook {
    found: Option<(Instant, Found)>,
    for_absent: Option<Instant>,
}

impl Looks {
    /// Asks, unless somebody else has just done that.
    async fn once(&self, why: Why, ask: impl Future<Output = Found>) -> Found {
        let asked = Instant::now();
        let mut last = self.0.lock().await;
        let is_soon = why == Why::NotThere && last.for_absent.is_some_and(|at| at.elapsed() < AGAIN);
        if let Some((at, found)) = &last.found
            && (*at >= asked || is_soon)
        {
            return found.clone();
        }
        let found = ask.await;
        let now = Instant::now();
        last.found = Some((now, found.clone()));
        if why == Why::NotThere {
            last.for_absent = Some(now);
        }
        found
    }
}

/// Why it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Stale,
    NotThere,
}

impl Merchant {
    /// The shelves, filled again when they are stale.
    pub async fn shelves(&self) -> Result<Arc<Shelves>, ApiFailure> {
        if let Some(shelves) = self.shelves.read().await.as_ref().filter(|s| s.filled.elapsed() < FRESH) {
            return Ok(shelves.clone());
        }
        self.looks.once(Why::Stale, self.fill()).await
    }

    /// The shelves with this track, looking again if it is not there: it may just have been published.
    pub async fn shelves_with(&self, media_id: &MediaId) -> Result<Arc<Shelves>, ApiFailure> {
        let shelves = self.shelves().await?;
        if shelves.track(media_id).is_some() {
            return Ok(shelves);
        }
        let shelves = self.looks.once(Why::NotThere, self.fill()).await?;
        let gone = || ApiFailure::not_found("this track is not in the store");
        shelves.track(media_id).is_some().then_some(shelves).ok_or_else(gone)
    }

    /// The shelves with all of these tracks.
    pub async fn shelves_with_all(&self, items: &[OrderedTrack]) -> Result<Arc<Shelves>, ApiFailure> {
        let mut shelves = self.shelves().await?;
        for item in items {
            if shelves.track(&item.media_id).is_none() {
                shelves = self.shelves_with(&item.media_id).await?;
            }
        }
        Ok(shelves)
    }

    async fn fill(&self) -> Result<Arc<Shelves>, ApiFailure> {
        match self.ask().await {
            Ok(inventory) => {
                let shelves = Arc::new(Shelves::new(inventory, self.settings.markup_percent));
                *self.shelves.write().await = Some(shelves.clone());
                Ok(shelves)
            }
            Err(failure) => {
                tracing::warn!(code = %failure.error.code, "the inventory could not be read again");
                self.shelves.read().await.clone().ok_or(failure)
            }
        }
    }

    async fn ask(&self) -> Result<Inventory, ApiFailure> {
        let answer = self.content.get("/v1/commerce/inventory").await.map_err(away)?;
        let inventory: Inventory = answer.json().await.map_err(|e| away(e.into()))?;
        if inventory.currency == self.currency {
            return Ok(inventory);
        }
        let why = format!(
            "this shop counts in {} and its content manager in {}; its operator has to set one currency in both configurations",
            self.currency, inventory.currency
        );
        Err(ApiFailure::new(StatusCode::SERVICE_UNAVAILABLE, "other-currency", why))
    }
}

/// An album with its tracks, as far as they have a price; none when no track has.
fn album(mut group: Vec<CatalogueTrack>, markup_percent: u32) -> Option<AlbumPage> {
    group.sort_by(|a, b| (a.number, &a.title).cmp(&(b.number, &b.title)));
    let first = &group[0];
    let with_art = group.iter().find(|t| t.art.is_some()).unwrap_or(first);
    let said = |text: fn(&CatalogueTrack) -> Option<String>| group.iter().find_map(text);
    let whole = album_price(&group).and_then(|price| price.retail_cents(markup_percent).ok());
    let mut page = AlbumPage {
        card: AlbumCard {
            id: first.album_id.clone(),
            title: if first.album.is_empty() { first.title.clone() } else { first.album.clone() },
            artist: first.album_artist.clone().unwrap_or_else(|| artists(&group)),
            year: group.iter().find_map(|t| t.year),
            genre: said(|t| t.genre.clone()),
            hue: with_art.colour.hue,
            chroma_milli: with_art.colour.chroma_milli,
            art: with_art.art.as_ref().map(|_| with_art.media_id),
            track_count: 0,
            duration_ms: group.iter().map(|t| t.duration_ms).sum(),
            prices: Vec::new(),
        },
        currency: String::new(),
        content_manager_key: [0; 32],
        liner_notes: together(&group, |t| t.liner_notes.as_deref()),
        credits: together(&group, |t| t.credits.as_deref()),
        biography: together(&group, |t| t.biography.as_deref()),
        label: said(|t| t.label.clone()),
        copyright: said(|t| t.copyright.clone()),
        tracks: group.into_iter().map(|track| offer(track, markup_percent)).collect(),
    };
    page.tracks.retain(|track| !track.qualities.is_empty());
    page.card.track_count = u16::try_from(page.tracks.len()).unwrap_or(u16::MAX);
    page.card.prices = album_prices(&page.tracks, whole);
    (!page.tracks.is_empty()).then_some(page)
}

/// The texts of an album's tracks as one: what all of them say stands once, at the end; the rest under the track's title.
fn together(group: &[CatalogueTrack], text: fn(&CatalogueTrack) -> Option<&str>) -> Option<String> {
    let texts: Vec<(&str, Vec<&str>)> =
        group.iter().filter_map(|t| Some((t.title.as_str(), text(t)?.lines().collect()))).collect();
    let (_, first) = texts.first()?;
    let is_common = |line: &str| texts.iter().all(|(_, lines)| lines.contains(&line));
    let common: Vec<&str> = first.iter().copied().filter(|line| is_common(line)).collect();
    let own = texts.iter().filter_map(|(title, lines)| {
        let lines: Vec<&str> = lines.iter().copied().filter(|line| !is_common(line)).collect();
        (!lines.is_empty()).then(|| {
            if texts.len() == 1 { lines.join("\n") } else { format!("{title}\n{}", lines.join("\n")) }
        })
    });
    let common = (!common.is_empty()).then(|| common.join("\n"));
    Some(own.chain(common).collect::<Vec<_>>().join("\n\n"))
}

/// The artists of a compilation, each once, three at most.
fn artists(group: &[CatalogueTrack]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for track in group {
        if !names.contains(&track.artist.as_str()) {
            names.push(&track.artist);
        }
    }
    if names.len() > 3 { format!("{}, {} and others", names[0], names[1]) } else { names.join(", ") }
}

/// Qualities in which every track can be had, with what all of them cost together: the album's price if it has one, and never
/// more than its tracks.
fn album_prices(tracks: &[TrackOffer], whole: Option<u64>) -> Vec<AlbumPrice> {
    let price = |track: &TrackOffer, quality: &str| {
        track.qualities.iter().find(|q| q.name == quality).map(|q| q.price_cents)
    };
    let of = |quality: &Quality| {
        let all: Option<Vec<u64>> = tracks.iter().map(|track| price(track, &quality.name)).collect();
        let sum = all.and_then(|all| money::sum(all).ok())?;
        let price_cents = whole.filter(|_| tracks.len() > 1).map_or(sum, |whole| sum.min(whole));
        Some(AlbumPrice { quality: quality.name.clone(), price_cents })
    };
    tracks.first().map(|track| track.qualities.iter().filter_map(of).collect()).unwrap_or_default()
}

fn offer(track: CatalogueTrack, markup_percent: u32) -> TrackOffer {
    TrackOffer {
        media_id: track.media_id,
        album_id: track.album_id,
        album: track.album,
        number: track.number,
        title: track.title,
        artist: track.artist,
        composer: track.composer,
        duration_ms: track.duration_ms,
        clip: Clip {
            start_ms: track.clip_start_ms,
            duration_ms: track.clip_duration_ms,
            fade_in_ms: track.fade_in_ms,
            fade_out_ms: track.fade_out_ms,
        },
        waveform: track.waveform,
        hue: track.colour.hue,
        chroma_milli: track.colour.chroma_milli,
        qualities: track.offers.into_iter().filter_map(|offer| quality(offer, markup_percent)).collect(),
        credits: track.credits,
        liner_notes: track.liner_notes,
        biography: track.biography,
        may_record: track.may_record,
    }
}

/// A quality with this shop's price; none when the mark-up takes that out of bounds.
fn quality(offer: Offer, markup_percent: u32) -> Option<Quality> {
    let price_cents = offer
        .price
        .retail_cents(markup_percent)
        .inspect_err(|error| tracing::warn!(quality = %offer.quality, %error, "not for sale here: the mark-up is too much"))
        .ok()?;
    Some(Quality {
        price_cents,
        name: offer.quality,
        codec: offer.codec,
        sample_rate: offer.sample_rate,
        channels: offer.channels,
        bits: offer.bits,
        bit_rate: offer.bit_rate,
        size_bytes: offer.size_bytes,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    // F12
    #[tokio::test]
    async fn tracks_that_nobody_has_heard_of_are_looked_for_once_for_everybody_and_not_again_at_once() {
        let (looks, asked) = (Looks::default(), AtomicU32::new(0));
        let ask = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            let inventory =
                Inventory { content_manager_key: [0; 32], currency: Currency::default(), tracks: Vec::new() };
            Ok(Arc::new(Shelves::new(inventory, 0)))
        };
        let crowd = (0..50).map(|_| looks.once(Why::NotThere, ask()));
        assert!(futures_util::future::join_all(crowd).await.iter().all(Result::is_ok));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        looks.once(Why::NotThere, ask()).await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 1, "within a second");
        looks.once(Why::Stale, ask()).await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 2, "shelves that are stale are another matter");
    }
}
