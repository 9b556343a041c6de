//! The store, the cart, orders and deliveries (V1, B1 to B9).

use std::path::Path;

use cadenza_player::store::cart::CartItem as Chosen;
use cadenza_protocol::secret::Passphrase;
use tauri::State;

use super::id;
use crate::convert;
use crate::core::Desk;
use crate::events::NoticeLevel;
use crate::ipc::{
    AlbumId, AppError, AskedLink, Cart, CartChoice, Download, MediaId, Order, PaymentCard, StoreAlbum,
    StoreFront, StoreResults, StoreState,
};

/// Whether the store answers.
#[tauri::command]
#[specta::specta]
pub async fn store_state(desk: State<'_, Desk>) -> Result<StoreState, AppError> {
    Ok(desk.core()?.store_state())
}

/// Tries the store again at once.
#[tauri::command]
#[specta::specta]
pub async fn store_retry(desk: State<'_, Desk>) -> Result<StoreState, AppError> {
    desk.look_for_store().await;
    Ok(desk.core()?.store_state())
}

/// The albums on sale.
#[tauri::command]
#[specta::specta]
pub async fn store_front(desk: State<'_, Desk>) -> Result<StoreFront, AppError> {
    let core = desk.core()?;
    let front = core.player.store_front().await?;
    let albums = front.albums.iter().map(|card| core.album_card(card));
    Ok(StoreFront { albums: albums.collect(), currency: front.currency })
}

/// One album with its tracks.
#[tauri::command]
#[specta::specta]
pub async fn store_album(desk: State<'_, Desk>, album_id: AlbumId) -> Result<StoreAlbum, AppError> {
    let core = desk.core()?;
    Ok(core.store_album(core.player.store_album(&album_id.0).await?))
}

/// What the tracks of an album cost that are neither owned, nor on their way, nor in the cart.
#[tauri::command]
#[specta::specta]
pub async fn album_rest(desk: State<'_, Desk>, album_id: AlbumId) -> Result<u32, AppError> {
    let rest = desk.core()?.player.album_rest(&album_id.0).await?;
    Ok(convert::cents(&rest.price))
}

/// Albums and tracks in which all the words appear.
#[tauri::command]
#[specta::specta]
pub async fn store_search(desk: State<'_, Desk>, query: String) -> Result<StoreResults, AppError> {
    let core = desk.core()?;
    let found = core.player.search_store(&query).await?;
    Ok(StoreResults {
        currency: found.currency,
        albums: found.albums.iter().map(|card| core.album_card(card)).collect(),
        tracks: found.tracks.iter().map(|offer| core.store_track(offer)).collect(),
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
    let chosen = |item: CartChoice| Ok(Chosen { media_id: id(&item.media_id)?, quality: item.quality });
    core.player.cart_add(items.into_iter().map(chosen).collect::<Result<_, AppError>>()?)?;
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
    core.player.cart_set_quality(id(&media_id)?, quality)?;
    core.cart().await
}

/// Empties the cart.
#[tauri::command]
#[specta::specta]
pub async fn cart_clear(desk: State<'_, Desk>) -> Result<Cart, AppError> {
    let core = desk.core()?;
    core.player.cart_clear()?;
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
    if let Some(passphrase) = passphrase {
        core.player.unlock(Passphrase::new(passphrase)).await?;
    }
    let order = core.player.buy(&core.player.cart(), &convert::card(card)).await?;
    desk.deliver();
    Ok(core.order(&order))
}

/// Past orders, newest first.
#[tauri::command]
#[specta::specta]
pub async fn orders(desk: State<'_, Desk>) -> Result<Vec<Order>, AppError> {
    let core = desk.core()?;
    if let Some(trouble) = core.player.orders_trouble() {
        core.notice(NoticeLevel::Warning, trouble);
    }
    Ok(core.player.orders().iter().map(|past| core.order(past)).collect())
}

/// The same, once the store was asked which of them were refunded since.
#[tauri::command]
#[specta::specta]
pub async fn refresh_orders(desk: State<'_, Desk>) -> Result<Vec<Order>, AppError> {
    let core = desk.core()?;
    Ok(core.player.refresh_orders().await?.iter().map(|past| core.order(past)).collect())
}

/// Deliveries of this session and those that are not finished, newest first.
#[tauri::command]
#[specta::specta]
pub async fn downloads(desk: State<'_, Desk>) -> Result<Vec<Download>, AppError> {
    let core = desk.core()?;
    Ok(core.player.deliveries().iter().map(|delivery| core.download(delivery)).collect())
}

/// Tries a failed delivery again, or brings an owned track here once more (B9).
#[tauri::command]
#[specta::specta]
pub async fn download_retry(desk: State<'_, Desk>, media_id: MediaId) -> Result<Download, AppError> {
    let core = desk.core()?;
    let delivery = core.player.fetch_again(id(&media_id)?).await?;
    desk.deliver();
    Ok(core.download(&delivery))
}

/// Redeems a voucher file that a browser brought (B4); a preview voucher plays.
#[tauri::command]
#[specta::specta]
pub async fn redeem_voucher(desk: State<'_, Desk>, path: String) -> Result<Vec<Download>, AppError> {
    desk.open_voucher(Path::new(&path)).await
}

/// The link that waits for a yes, if one does.
#[tauri::command]
#[specta::specta]
pub async fn asked_link(desk: State<'_, Desk>) -> Result<Option<AskedLink>, AppError> {
    Ok(desk.core()?.asked_link())
}

/// Follows a link, or lets it go; gives the next one that waits.
#[tauri::command]
#[specta::specta]
pub async fn answer_link(
    desk: State<'_, Desk>,
    number: u32,
    follow: bool,
) -> Result<Option<AskedLink>, AppError> {
    let core = desk.core()?;
    if let Some(link) = core.answered_link(number).filter(|_| follow) {
        desk.follow_link(link);
    }
    Ok(core.asked_link())
}
