//! The store's shapes: whether it answers, the cart, orders, deliveries.

use cadenza_player::event::{Delivery, Stage};
use cadenza_player::store::basket::{Basket, BasketLine};
use cadenza_player::store::orders::{OrderStanding, PastOrder};
use cadenza_player::store::payment::TypedCard;
use cadenza_player::store::{LinkQuestion, Reach, Standing, Wanted};
use cadenza_protocol::id::MediaId as CoreMediaId;
use cadenza_protocol::shop::price::Price;

use super::{quality, seconds, small};
use crate::ipc::{
    AlbumId, AppError, AskedLink, Cart, CartItem, Download, DownloadState, MediaId, Order, OrderId,
    OrderItem, OrderState, PaymentCard, Sleeve, StoreState, StoreStatus, WantedByLink,
};
use crate::sleeve;

/// Whether the store answers.
pub fn store_state(standing: Standing, bundled: bool) -> StoreState {
    let (status, error) = match standing.reach {
        Reach::Starting | Reach::Unasked => (StoreStatus::Starting, None),
        Reach::Answers => (StoreStatus::Reachable, None),
        Reach::Silent(failure) => (StoreStatus::Unreachable, Some(AppError::from(failure))),
    };
    StoreState { status, bundled, address: standing.name, error }
}

/// A card as the core takes it; its number is wiped with it.
pub fn card(typed: PaymentCard) -> TypedCard {
    TypedCard { number: typed.number.into(), expiry: typed.expiry, name: typed.name }
}

/// What is asked for all of it.
pub fn cents(price: &Price) -> u32 {
    small(price.total_cents)
}

/// The cart.
pub fn cart(basket: &Basket) -> Cart {
    Cart {
        currency: basket.currency.clone(),
        items: basket.lines.iter().map(cart_item).collect(),
        items_cents: small(basket.price.items_cents),
        saving_cents: small(basket.price.saving_cents),
        total_cents: small(basket.price.total_cents),
    }
}

fn cart_item(line: &BasketLine) -> CartItem {
    let offer = &line.offer;
    let id = offer.media_id.to_string();
    CartItem {
        album_id: AlbumId(offer.album_id.clone()),
        title: offer.title.clone(),
        artist: offer.artist.clone(),
        album: offer.album.clone(),
        sleeve: sleeve::of_store(Some(&id), offer.hue, offer.chroma_milli),
        duration_ms: small(offer.duration_ms),
        quality: line.quality.name.clone(),
        price_cents: small(line.quality.price_cents),
        qualities: offer.qualities.iter().map(quality).collect(),
        may_record: offer.may_record,
        media_id: MediaId(id),
    }
}

/// A past order; `sleeve` knows the covers.
pub fn order(past: &PastOrder, standing: OrderStanding, sleeve: impl Fn(CoreMediaId) -> Sleeve) -> Order {
    let order = &past.order;
    let items = order.items.iter().map(|item| OrderItem {
        media_id: MediaId(item.media_id.to_string()),
        title: item.title.clone(),
        artist: item.artist.clone(),
        quality: item.quality.clone(),
        price_cents: small(item.price_cents),
        sleeve: sleeve(item.media_id),
    });
    Order {
        order_id: OrderId(order.order_id.clone()),
        placed_at: seconds(past.placed_at),
        currency: order.currency.clone(),
        total_cents: small(order.total_cents),
        paid_with: order.paid_with.clone(),
        state: match standing {
            OrderStanding::Arriving => OrderState::Arriving,
            OrderStanding::Delivered => OrderState::Delivered,
            OrderStanding::Incomplete => OrderState::Incomplete,
            OrderStanding::Refunding => OrderState::Refunding,
            OrderStanding::Refunded => OrderState::Refunded,
        },
        items: items.collect(),
    }
}

/// A delivery.
pub fn download(delivery: &Delivery, sleeve: Sleeve) -> Download {
    let (received, total) = match delivery.stage {
        Stage::Receiving { received, total } => (received, total),
        Stage::Waiting | Stage::Redeeming | Stage::Checking | Stage::Ready | Stage::Failed(_) => (0, 0),
    };
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    Download {
        media_id: MediaId(delivery.media_id.to_string()),
        order_id: delivery.order_id.clone().map(OrderId),
        title: said(&delivery.title),
        artist: said(&delivery.artist),
        album: said(&delivery.album),
        sleeve,
        quality: said(&delivery.quality),
        state: match &delivery.stage {
            Stage::Waiting => DownloadState::Waiting,
            Stage::Redeeming => DownloadState::Redeeming,
            Stage::Receiving { .. } => DownloadState::Receiving,
            Stage::Checking => DownloadState::Checking,
            Stage::Ready => DownloadState::Ready,
            Stage::Failed(_) => DownloadState::Failed,
        },
        received_bytes: small(received),
        total_bytes: small(total),
        error: match &delivery.stage {
            Stage::Failed(failure) => Some(failure.clone().into()),
            Stage::Waiting | Stage::Redeeming | Stage::Receiving { .. } | Stage::Checking | Stage::Ready => {
                None
            }
        },
    }
}

/// What a person is asked about a link.
pub fn asked_link(number: u32, question: LinkQuestion) -> AskedLink {
    let (wanted, titles) = match question.wanted {
        Wanted::Clip { title, .. } => (WantedByLink::Clip, title.into_iter().collect()),
        Wanted::Order { titles } => (WantedByLink::Order, titles),
    };
    AskedLink { number, wanted, titles, store: question.store, elsewhere: question.elsewhere }
}
