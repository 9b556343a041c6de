//! The store, the cart, orders and deliveries (V1, B1 to B9).

use std::path::Path;

use cadenza_player::store::cart::CartItem as Chosen;
use cadenza_player::store::payment::TypedCard;
use cadenza_protocol::secret::Passphrase;
use tauri::State;

use super::id;
use crate::convert;
use crate::core::{Core, Desk};
use crate::ipc::{
    AlbumId, AppError, Cart, CartChoice, Download, MediaId, Order, Ownership, PaymentCard, StoreAlbum,
    StoreFront, StoreResults, StoreState,
};

/// Whether the store answers.
#[tauri::command]
#[specta::specta]
pub async fn store_state(desk: State<'_, Desk>) -> Result<StoreState, AppError> {
    Ok(desk.core()?.store.state())
}

/// Tries the store again at once.
#[tauri::command]
#[specta::specta]
pub async fn store_retry(desk: State<'_, Desk>) -> Result<StoreState, AppError> {
    desk.look_for_store().await;
    Ok(desk.core()?.store.state())
}

/// The albums on sale.
#[tauri::command]
#[specta::specta]
pub async fn store_front(desk: State<'_, Desk>) -> Result<StoreFront, AppError> {
    let core = desk.core()?;
    core.store.known().await;
    let front = core.player.store_front().await;
    core.store.learn(&front);
    let front = front?;
    let albums = front.albums.iter().map(|card| convert::album_card(card, core.owned_tracks(&card.id)));
    Ok(StoreFront { albums: albums.collect(), currency: front.currency })
}

/// One album with its tracks.
#[tauri::command]
#[specta::specta]
pub async fn store_album(desk: State<'_, Desk>, album_id: AlbumId) -> Result<StoreAlbum, AppError> {
    let core = desk.core()?;
    let page = core.fresh_album(&album_id.0).await?;
    Ok(StoreAlbum {
        card: convert::album_card(&page.card, core.owned_tracks(&page.card.id)),
        currency: page.currency,
        tracks: page
            .tracks
            .iter()
            .map(|offer| convert::store_track(offer, core.ownership(offer.media_id)))
            .collect(),
        liner_notes: page.liner_notes,
        credits: page.credits,
        label: page.label,
        copyright: page.copyright,
    })
}

/// Albums and tracks in which all the words appear.
#[tauri::command]
#[specta::specta]
pub async fn store_search(desk: State<'_, Desk>, query: String) -> Result<StoreResults, AppError> {
    let core = desk.core()?;
    core.store.known().await;
    let found = tokio::try_join!(core.player.store_front(), core.player.catalogue(&query));
    core.store.learn(&found);
    let (front, list) = found?;
    core.offers.see(&list.tracks);
    let words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let albums = front.albums.iter().filter(|card| {
        let text = format!("{} {}", card.title, card.artist).to_lowercase();
        words.iter().all(|word| text.contains(word))
    });
    Ok(StoreResults {
        albums: albums.map(|card| convert::album_card(card, core.owned_tracks(&card.id))).collect(),
        tracks: list
            .tracks
            .iter()
            .map(|offer| convert::store_track(offer, core.ownership(offer.media_id)))
            .collect(),
    })
}

/// What is about to be bought.
#[tauri::command]
#[specta::specta]
pub async fn cart(desk: State<'_, Desk>) -> Result<Cart, AppError> {
    desk.core()?.cart().await
}

/// Adds tracks; one that is there, owned already or on its way is left as it is.
#[tauri::command]
#[specta::specta]
pub async fn cart_add(desk: State<'_, Desk>, items: Vec<CartChoice>) -> Result<Cart, AppError> {
    let core = desk.core()?;
    for item in items {
        let media_id = id(&item.media_id)?;
        if core.ownership(media_id) == Ownership::None {
            core.player.cart_add(Chosen { media_id, quality: item.quality })?;
        }
    }
    core.cart().await
}

/// Takes tracks out.
#[tauri::command]
#[specta::specta]
pub async fn cart_remove(desk: State<'_, Desk>, media_ids: Vec<MediaId>) -> Result<Cart, AppError> {
    let core = desk.core()?;
    core.player.cart_remove(&media_ids.iter().map(id).collect::<Result<Vec<_>, _>>()?)?;
    core.cart().await
}

/// Chooses another quality.
#[tauri::command]
#[specta::specta]
pub async fn cart_set_quality(
    desk: State<'_, Desk>,
    media_id: MediaId,
    quality: String,
) -> Result<Cart, AppError> {
    let core = desk.core()?;
    core.player.cart_add(Chosen { media_id: id(&media_id)?, quality: Some(quality) })?;
    core.cart().await
}

/// Empties the cart.
#[tauri::command]
#[specta::specta]
pub async fn cart_clear(desk: State<'_, Desk>) -> Result<Cart, AppError> {
    let core = desk.core()?;
    let all: Vec<_> = core.player.cart().into_iter().map(|chosen| chosen.media_id).collect();
    core.player.cart_remove(&all)?;
    core.cart().await
}

/// Pays for the cart; deliveries begin at once. `passphrase` only where the settings ask for it every time.
#[tauri::command]
#[specta::specta]
pub async fn checkout(
    desk: State<'_, Desk>,
    card: PaymentCard,
    passphrase: Option<String>,
) -> Result<Order, AppError> {
    let core = desk.core()?;
    let card = TypedCard { number: card.number.into(), expiry: card.expiry, name: card.name };
    if let Some(passphrase) = passphrase {
        core.player.unlock(Passphrase::new(passphrase)).await?;
    }
    let order = core.checkout(card).await?;
    desk.deliver();
    Ok(order)
}

/// Past orders, newest first.
#[tauri::command]
#[specta::specta]
pub async fn orders(desk: State<'_, Desk>) -> Result<Vec<Order>, AppError> {
    Ok(desk.core()?.orders())
}

/// Deliveries of this session and those that are not finished, newest first.
#[tauri::command]
#[specta::specta]
pub async fn downloads(desk: State<'_, Desk>) -> Result<Vec<Download>, AppError> {
    Ok(desk.core()?.downloads())
}

/// Tries a failed delivery again, or brings an owned track here once more (B9).
#[tauri::command]
#[specta::specta]
pub async fn download_retry(desk: State<'_, Desk>, media_id: MediaId) -> Result<Download, AppError> {
    let download = desk.core()?.fetch_again(id(&media_id)?).await?;
    desk.deliver();
    Ok(download)
}

/// Redeems a voucher file that a browser brought (B4); a preview voucher plays.
#[tauri::command]
#[specta::specta]
pub async fn redeem_voucher(desk: State<'_, Desk>, path: String) -> Result<Vec<Download>, AppError> {
    desk.open_voucher(Path::new(&path)).await
}

impl Core {
    /// How many tracks of an album are here already.
    fn owned_tracks(&self, album: &str) -> u16 {
        let tracks = self.offers.album(album).map(|page| page.tracks).unwrap_or_default();
        let owned = tracks.iter().filter(|offer| self.player.owns(offer.media_id, None)).count();
        u16::try_from(owned).unwrap_or(u16::MAX)
    }
}
