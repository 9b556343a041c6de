//! Buying in a browser (B1, B3, B4): what is bought and in which quality, the order, and the page with the 'Retrieve it' link.
//!
//! The card is typed on the payment processor's page, from where the browser comes back with a token ([`super::wish`]). A refused payment shows the form again. The
//! order's key is drawn once for what is bought and stays with the browser, over every error, a lost answer and a restart of the store, until that is paid: one
//! cart is one order, and a form that is opened again after it was paid leads to the order.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::get;
use cadenza_protocol::api::code;
use cadenza_protocol::id::hex;
use cadenza_protocol::pay::{OrderAnswer, OrderName, Purpose, Till};
use cadenza_protocol::secret::Secret;
use cadenza_protocol::shop::money::Currency;
use cadenza_protocol::shop::price::{Line, price};
use cadenza_protocol::shop::{Order, OrderItem, OrderState, OrderedTrack, TrackOffer};
use serde::{Deserialize, Serialize};

use super::view::{money, quality_in_words};
use super::wish::{Begun, CardWish, Coming, Returned};
use super::{Notice, PageForm, Pages, cart, guard, render, sentence};
use crate::api::{ApiFailure, RefusalCode};
use crate::merchant::inventory::Shelves;
use crate::merchant::messages::OrderRequest;
use crate::merchant::orders::{KEY_REUSED, ORDER_REFUNDED, PRICE_CHANGED};
use crate::merchant::service::voucher_response;

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/buy", get(form).post(pay))
        .route("/order/{id}", get(order))
        .route("/order/{id}/voucher", get(voucher))
}

/// A link into the form: a track or an album.
#[derive(Debug, Deserialize)]
struct Wish {
    track: Option<String>,
    album: Option<String>,
    quality: Option<String>,
}

/// What is being bought, while the card is shown elsewhere.
#[derive(Serialize, Deserialize)]
struct Ordering {
    csrf: String,
    key: String,
    what: String,
    id: String,
    quality: String,
    /// What stood beside it.
    total_cents: u64,
    currency: Currency,
}

impl Begun for Ordering {
    fn csrf(&self) -> &str {
        &self.csrf
    }
}

/// What is about to be bought.
struct Goods {
    what: &'static str,
    id: String,
    title: String,
    by: String,
    hue: u16,
    art: Option<String>,
    tracks: Vec<TrackOffer>,
    shelves: Arc<Shelves>,
}

struct QualityOption {
    name: String,
    wish: String,
    words: String,
    price: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "buy.html")]
struct BuyPage<'a> {
    shop: &'a str,
    page_url: String,
    title: &'a str,
    by: &'a str,
    count: String,
    total: String,
    hue: u16,
    art: Option<&'a str>,
    qualities: Vec<QualityOption>,
    problem: Option<String>,
}

async fn form(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Query(wish): Query<Wish>,
) -> Result<Response, Notice> {
    let (what, id) = match (wish.track, wish.album) {
        (Some(track), None) => ("track", track),
        (None, Some(album)) => ("album", album),
        _ => return Err(ApiFailure::not_found("choose a track or an album to buy").into()),
    };
    let goods = goods(&pages, what, &id).await?;
    if let Some(key) = cart::key(&headers, goods.what, &goods.id)
        && let Some(order) = pages.front.merchant.paid_under(&key).await?
    {
        return Ok(bought(&order, &cart::spent(goods.what, &goods.id))); // the answer was lost
    }
    show(&pages, &headers, &goods, wish.quality.as_deref(), None, None).await
}

async fn pay(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    PageForm(returned): PageForm<Returned>,
) -> Result<Response, Notice> {
    let page = (pages.front.merchant.settings.name.as_str(), "/buy");
    let (ordering, token): (Ordering, _) = match pages.sealer.back(&pages.forms, &headers, page, &returned)? {
        Coming::Back(ordering, token) => (ordering, token),
        Coming::OnceMore(page) => return Ok(page),
    };
    let Ordering { key, what, id, quality, total_cents, currency, .. } = ordering;
    let mut goods = goods(&pages, &what, &id).await?;
    let item = |t: &TrackOffer| OrderedTrack { media_id: t.media_id, quality: quality.clone() };
    let items = goods.tracks.iter().map(item).collect();
    let request = OrderRequest {
        items,
        total_cents,
        currency,
        token: Some(token),
        wallet: None,
        idempotency_key: key.clone(),
        signed: None,
    };
    let merchant = pages.front.merchant.clone();
    // on a task of its own: a browser that goes away does not stop a payment half-way
    let ordered = tokio::spawn(async move { merchant.order(request).await })
        .await
        .map_err(|e| Notice::from(ApiFailure::internal(e)))?;
    let failure = match ordered {
        Ok(OrderAnswer::Paid(order)) => return Ok(bought(&order, &cart::spent(goods.what, &goods.id))),
        Ok(OrderAnswer::PaymentNeeded(_)) => None, // not with a token
        Err(failure) => Some(failure),
    };
    if failure.as_ref().is_some_and(|failure| failure.error.code == KEY_REUSED)
        && let Ok(order) = pages.front.merchant.find_order(&key).await
    {
        // paid in another quality, and the answer was lost: what was bought is shown before anything else is
        return Ok(bought(&order, &cart::spent(goods.what, &goods.id)));
    }
    let code = failure.as_ref().map(|failure| failure.error.code.clone()).unwrap_or_default();
    if code == PRICE_CHANGED {
        goods = self::goods(&pages, &what, &id).await?;
    }
    let status = failure.as_ref().map_or(StatusCode::OK, |failure| failure.status);
    // what was paid back is bought anew under another key
    let key = if code == ORDER_REFUNDED { drawn() } else { key };
    let mut page = show(&pages, &headers, &goods, Some(&quality), Some(&key), failure.as_ref()).await?;
    *page.status_mut() = status;
    page.extensions_mut().insert(RefusalCode(code));
    Ok(page)
}

/// To what was bought; the next order of the same has a key of its own.
fn bought(order: &Order, spent: &HeaderValue) -> Response {
    let headers = [(header::SET_COOKIE, spent.clone())];
    (headers, Redirect::to(&format!("/order/{}", order.order_id))).into_response()
}

async fn goods(pages: &Pages, what: &str, id: &str) -> Result<Goods, Notice> {
    let shelves = pages.front.merchant.shelves().await?;
    let gone = || Notice::from(ApiFailure::not_found("this is not in the store any more"));
    if what == "album" {
        let album = shelves.album(id).ok_or_else(gone)?;
        let (title, by) = (album.card.title.clone(), album.card.artist.clone());
        let art = album.card.art.map(|art| art.to_string());
        return Ok(Goods {
            what: "album",
            id: id.to_owned(),
            title,
            by,
            hue: album.card.hue,
            art,
            tracks: album.tracks.clone(),
            shelves: shelves.clone(),
        });
    }
    let track = id.parse().ok().and_then(|id| shelves.track(&id)).ok_or_else(gone)?;
    let art = shelves.art(&track.media_id).map(|_| track.media_id.to_string());
    let (title, by) = (track.title.clone(), track.artist.clone());
    Ok(Goods {
        what: "track",
        id: id.to_owned(),
        title,
        by,
        hue: track.hue,
        art,
        tracks: vec![track.clone()],
        shelves: shelves.clone(),
    })
}

impl Goods {
    /// Qualities in which all of it can be had, with the price of all of it.
    fn qualities(&self) -> Vec<(String, String, u64)> {
        let together = |quality: &str| -> Option<u64> {
            let line = |track: &TrackOffer| {
                self.shelves.line(&OrderedTrack { media_id: track.media_id, quality: quality.to_owned() })
            };
            let lines: Vec<Line<'_>> = self.tracks.iter().map(line).collect::<Option<_>>()?;
            Some(price(&lines, &[]).ok()?.total_cents)
        };
        let first = self.tracks.first().map(|track| track.qualities.as_slice()).unwrap_or_default();
        first.iter().filter_map(|q| Some((q.name.clone(), quality_in_words(q), together(&q.name)?))).collect()
    }
}

/// The form. Each quality is a wish of its own, since each has its price.
async fn show(
    pages: &Pages,
    headers: &HeaderMap,
    goods: &Goods,
    chosen: Option<&str>,
    key: Option<&str>,
    failure: Option<&ApiFailure>,
) -> Result<Response, Notice> {
    let session = pages.forms.session(headers);
    let key =
        key.map(str::to_owned).or_else(|| cart::key(headers, goods.what, &goods.id)).unwrap_or_else(drawn);
    let kept = cart::keep(goods.what, &goods.id, &key);
    let till = pages.front.merchant.till().await?;
    let currency = goods.shelves.currency().to_string();
    let qualities = goods.qualities();
    let chosen = qualities.iter().position(|(name, ..)| Some(name.as_str()) == chosen).unwrap_or_default();
    let total = qualities.get(chosen).map(|(.., cents)| *cents).unwrap_or_default();
    let mut options = Vec::with_capacity(qualities.len());
    for (i, (name, words, cents)) in qualities.into_iter().enumerate() {
        let ordering = Ordering {
            csrf: session.token.clone(),
            key: key.clone(),
            what: goods.what.to_owned(),
            id: goods.id.clone(),
            quality: name.clone(),
            total_cents: cents,
            currency: goods.shelves.currency(),
        };
        let wish = wish(pages, headers, &till, &ordering, cents).to_field();
        options.push(QualityOption {
            name,
            wish,
            words,
            price: money(cents, &currency),
            chosen: i == chosen,
        });
    }
    let page = BuyPage {
        shop: &pages.front.merchant.settings.name,
        page_url: format!("{}/pay", till.page.trim_end_matches('/')),
        title: &goods.title,
        by: &goods.by,
        count: if goods.tracks.len() == 1 {
            "1 track".into()
        } else {
            format!("{} tracks", goods.tracks.len())
        },
        total: money(total, &currency),
        hue: goods.hue,
        art: goods.art.as_deref(),
        qualities: options,
        problem: failure.map(|f| sentence(&f.error.message)),
    };
    let set = [
        (header::SET_COOKIE, session.set_cookie),
        (header::SET_COOKIE, kept),
        (header::CONTENT_SECURITY_POLICY, guard::policy(&till.page)),
    ];
    Ok((AppendHeaders(set), render(&page)).into_response())
}

/// What the processor's page hears of an order: never its key.
fn wish(pages: &Pages, headers: &HeaderMap, till: &Till, ordering: &Ordering, amount_cents: u64) -> CardWish {
    let merchant = &pages.front.merchant;
    let order = OrderName::of_key(&ordering.key);
    let back = format!("{}/buy", guard::origin(headers));
    CardWish {
        purpose: Purpose { payee: till.payee, order, amount_cents, currency: merchant.currency },
        shop: merchant.settings.name.clone(),
        back,
        state: pages.sealer.seal("/buy", ordering),
    }
}

fn drawn() -> String {
    hex(Secret::<16>::random().expose())
}

struct BoughtItem {
    title: String,
    artist: String,
    quality: String,
    price: String,
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage<'a> {
    shop: &'a str,
    order_id: &'a str,
    paid_with: &'a str,
    open_link: String,
    is_refunded: bool,
    items: Vec<BoughtItem>,
    total: String,
}

async fn order(State(pages): State<Arc<Pages>>, Path(id): Path<String>) -> Result<Response, Notice> {
    let order = pages.front.merchant.paid_order(&id).await?;
    let voucher =
        format!("{}/v1/orders/{}/voucher", pages.front.store_url.trim_end_matches('/'), order.order_id);
    let escaped: String = url::form_urlencoded::byte_serialize(voucher.as_bytes()).collect();
    let item = |item: OrderItem| BoughtItem {
        title: item.title,
        artist: item.artist,
        quality: item.quality,
        price: money(item.price_cents, &order.currency),
    };
    Ok(render(&OrderPage {
        shop: &pages.front.merchant.settings.name,
        order_id: &order.order_id,
        paid_with: &order.paid_with,
        is_refunded: matches!(order.state, OrderState::Refunding | OrderState::Refunded),
        open_link: format!("cadenza://redeem?url={escaped}"),
        items: order.items.into_iter().map(item).collect(),
        total: money(order.total_cents, &order.currency),
    }))
}

async fn voucher(State(pages): State<Arc<Pages>>, Path(id): Path<String>) -> Result<Response, Notice> {
    let found = pages.front.merchant.order_voucher(&id).await.map_err(|failure| {
        match failure.error.code.as_str() {
            code::VOUCHER_EXPIRED => ApiFailure::new(
                StatusCode::GONE,
                code::VOUCHER_EXPIRED,
                "this purchase was not retrieved in time; write to the store",
            ),
            _ => failure,
        }
    })?;
    Ok(voucher_response(&found, "music"))
}
