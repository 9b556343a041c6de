//! `catalogue`, `buy`, `redeem`.

use std::path::Path;

use cadenza_player::event::{News, Stage};
use cadenza_player::passport::vault::day;
use cadenza_player::player::Delivered;
use cadenza_player::store::Link;
use cadenza_player::store::cart::CartItem;
use cadenza_player::store::orders::{OrderStanding, PastOrder};
use cadenza_player::store::payment::TypedCard;
use cadenza_player::{Code, Failure, Player, atomic, form_file};
use cadenza_protocol::id::{MediaId, VoucherId};
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use super::{links, open, unlock};
use crate::args::Global;
use crate::output::{Output, minutes, price, table};

const CARD_BOUND: u64 = 64 << 10;
/// What a refund means.
const KEPT: &str = "what was delivered stays playable, nothing more can be downloaded";

pub async fn catalogue(global: &Global, words: &str, output: &Output) -> Result<(), Failure> {
    let player = open(global)?;
    let list = player.catalogue(words).await?;
    output.result(&list, || {
        if list.tracks.is_empty() {
            return format!("Nothing on sale matches '{words}'.");
        }
        let row = |t: &cadenza_protocol::shop::TrackOffer| {
            let qualities =
                t.qualities.iter().map(|q| format!("{} {}", q.name, price(q.price_cents, &list.currency)));
            let (time, qualities) = (minutes(t.duration_ms), qualities.collect::<Vec<_>>().join(", "));
            vec![t.media_id.to_string(), t.title.clone(), t.artist.clone(), t.album.clone(), time, qualities]
        };
        table(&list.tracks.iter().map(row).collect::<Vec<_>>())
    });
    Ok(())
}

pub async fn buy(
    global: &Global,
    media_ids: &[String],
    quality: Option<&str>,
    card_file: &Path,
    output: &Output,
) -> Result<(), Failure> {
    let player = open(global)?;
    let mut items = Vec::new();
    for id in media_ids {
        items.push(CartItem { media_id: media_id(id)?, quality: quality.map(str::to_owned) });
    }
    let card = read_card(card_file)?;
    unlock(&player, global).await?;
    let before = player.orders();
    let order = player.buy(&items, &card).await?.order;
    drop(card);
    let is_earlier = before.iter().any(|past| past.order.order_id == order.order_id);
    let now = if is_earlier { " before; nothing was charged now" } else { "" };
    let paid = price(order.total_cents, &order.currency);
    output.progress(&format!("Paid {paid} ({}){now}.", order.paid_with));
    let ours = order.items.iter().map(|i| i.voucher_id).collect::<Vec<_>>();
    let delivered = deliver(&player, output).await?;
    finish(only(&ours, delivered, output), output, json!({ "order": order }))
}

pub async fn redeem(
    global: &Global,
    voucher: Option<&Path>,
    yes: bool,
    output: &Output,
) -> Result<(), Failure> {
    let player = open(global)?;
    let voucher = voucher.map(|given| brought(&player, given, yes)).transpose()?;
    find_lost(&player, output).await;
    let ours = match voucher {
        Some(Brought::File(file)) => Some(player.take_voucher(player.read_voucher(file).await?)?),
        Some(Brought::Link(url)) => Some(player.take_voucher(player.voucher_at(&url).await?)?),
        None => None,
    };
    if ours.is_none() && !player.has_open_deliveries() {
        output.result(&json!({ "tracks": [] }), || "Everything that was bought is in the library.".into());
        return Ok(());
    }
    unlock(&player, global).await?;
    let delivered = deliver(&player, output).await?;
    let delivered = ours.map_or(delivered.clone(), |ours| only(&ours, delivered, output));
    finish(delivered, output, json!({}))
}

/// Where a voucher is.
enum Brought<'a> {
    File(&'a Path),
    Link(Url),
}

/// Reads what was given; a link only goes on once the person said yes, before anyone is contacted (B12).
fn brought<'a>(player: &Player, given: &'a Path, yes: bool) -> Result<Brought<'a>, Failure> {
    match links::read(given.to_str().unwrap_or_default())? {
        None => Ok(Brought::File(given)),
        Some(link) => {
            links::confirm(player, &link, yes)?;
            match link {
                Link::Redeem(url) => Ok(Brought::Link(url)),
                Link::Preview(_) => Err(links::other("this link is for listening: give it to `preview`")),
            }
        }
    }
}

/// Asks the store for orders whose answer was lost, and tells of those it has.
async fn find_lost(player: &Player, output: &Output) {
    match player.find_lost_orders().await {
        Ok(found) => {
            for past in found {
                let paid = price(past.order.total_cents, &past.order.currency);
                output.progress(&format!(
                    "Found an order whose answer was lost: {}, {paid}.",
                    past.order.order_id
                ));
            }
        }
        Err(failure) => {
            output.progress(&format!("Whether an earlier order was taken is not known yet: {failure}"))
        }
    }
    for order in player.unanswered_orders() {
        let ids = order.items.iter().map(|i| i.media_id.to_string()).collect::<Vec<_>>().join(" ");
        output.progress(&format!(
            "An order was never answered: `buy {ids}` asks for it again, and it is paid once."
        ));
    }
}

pub async fn orders(global: &Global, output: &Output) -> Result<(), Failure> {
    let player = open(global)?;
    find_lost(&player, output).await;
    if player.store().is_ok()
        && let Err(failure) = player.refresh_orders().await
    {
        output.progress(&format!("Whether an order was refunded since is not known now: {failure}"));
    }
    let (orders, trouble) = (player.orders(), player.orders_trouble());
    if let Some(trouble) = &trouble {
        output.progress(&trouble.message);
    }
    let document: Vec<_> = orders
        .iter()
        .map(|past| {
            json!({ "placed_at": past.placed_at, "standing": player.order_standing(&past.order), "order": past.order })
        })
        .collect();
    output.result(&json!({ "orders": document, "trouble": trouble }), || {
        if orders.is_empty() && trouble.is_some() {
            return "No orders are listed.".into();
        }
        if orders.is_empty() {
            return "Nothing was bought with this player.".into();
        }
        orders.iter().map(|past| told(&player, past)).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// An order: a line for itself, and one for each of its tracks.
fn told(player: &Player, past: &PastOrder) -> String {
    let order = &past.order;
    let paid = price(order.total_cents, &order.currency);
    let standing = match player.order_standing(order) {
        OrderStanding::Arriving => "on its way: `redeem` brings it".to_owned(),
        OrderStanding::Delivered => "in the library".to_owned(),
        OrderStanding::Incomplete => {
            "not all of it has arrived: `redeem` or `orders --again` brings it".to_owned()
        }
        OrderStanding::Refunding => format!("{paid} on its way back to {}; {KEPT}", order.paid_with),
        OrderStanding::Refunded => format!("{paid} refunded to {}; {KEPT}", order.paid_with),
    };
    let head = format!("{}  {}  {paid}  {standing}", order.order_id, day(past.placed_at));
    let lines = order.items.iter().map(|item| {
        let price = price(item.price_cents, &order.currency);
        format!("  {}  {}, {} ({}) {price}", item.media_id, item.title, item.artist, item.quality)
    });
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}

pub async fn order_again(global: &Global, order_id: &str, output: &Output) -> Result<(), Failure> {
    let player = open(global)?;
    unlock(&player, global).await?;
    let ours = player.order_again(order_id).await?;
    let delivered = deliver(&player, output).await?;
    finish(only(&ours, delivered, output), output, json!({ "order_id": order_id }))
}

/// What was asked for now; how older deliveries went is told beside it.
fn only(ours: &[VoucherId], delivered: Vec<Delivered>, output: &Output) -> Vec<Delivered> {
    let (wanted, others): (Vec<_>, Vec<_>) =
        delivered.into_iter().partition(|d| ours.contains(&d.voucher_id));
    for other in others {
        let title = other.title.unwrap_or_else(|| other.media_id.to_string());
        match other.outcome {
            Ok(_) => output.progress(&format!("{title}, bought earlier, has arrived too.")),
            Err(failure) => output.progress(&format!("{title}, bought earlier, is still missing: {failure}")),
        }
    }
    wanted
}

/// Delivers, saying how far it is.
async fn deliver(player: &Player, output: &Output) -> Result<Vec<Delivered>, Failure> {
    let mut news = player.news();
    let told = *output;
    let telling = tokio::spawn(async move {
        let mut last_tenth = 0;
        while let Ok(change) = news.recv().await {
            let News::Delivery(delivery) = change else { continue };
            let title = delivery.title.unwrap_or_else(|| delivery.media_id.to_string());
            match delivery.stage {
                Stage::Redeeming => {
                    last_tenth = 0;
                    told.progress(&format!("{title}: redeeming"));
                }
                Stage::Receiving { received, total } if total > 0 => {
                    let tenth = received * 10 / total;
                    if tenth > last_tenth {
                        last_tenth = tenth;
                        told.progress(&format!("{title}: {} %", tenth * 10));
                    }
                }
                Stage::Receiving { .. }
                | Stage::Waiting
                | Stage::Checking
                | Stage::Ready
                | Stage::Failed(_) => {}
            }
        }
    });
    let delivered = player.deliver_all().await;
    telling.abort();
    delivered
}

/// Everything that arrived, and a failure if anything did not.
fn finish(
    delivered: Vec<Delivered>,
    output: &Output,
    mut document: serde_json::Value,
) -> Result<(), Failure> {
    let failed = delivered.iter().find_map(|d| d.outcome.as_ref().err());
    let row = |d: &Delivered| match &d.outcome {
        Ok(track) => {
            json!({ "media_id": d.media_id, "voucher_id": d.voucher_id, "title": d.title, "track": track })
        }
        Err(failure) => {
            json!({ "media_id": d.media_id, "voucher_id": d.voucher_id, "title": d.title, "error": failure })
        }
    };
    if let Some(failure) = failed {
        let others = delivered.iter().filter(|d| d.outcome.is_ok()).count();
        let mut failure = failure.clone();
        if delivered.len() > 1 {
            failure.message =
                format!("{} of {} tracks arrived; {}", others, delivered.len(), failure.message);
        }
        return Err(failure);
    }
    document["tracks"] = delivered.iter().map(row).collect();
    output.result(&document, || {
        let line = |d: &Delivered| {
            let title = d.title.clone().unwrap_or_default();
            format!("Ready to play: {title} ({})", d.media_id)
        };
        delivered.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// A media id as typed.
pub fn media_id(typed: &str) -> Result<MediaId, Failure> {
    typed.parse().map_err(|e| {
        Failure::new(Code::NotFound, format!("{e}; `catalogue` and `library list` show the ids"))
    })
}

fn read_card(path: &Path) -> Result<TypedCard, Failure> {
    let bytes = Zeroizing::new(atomic::read_bounded(path, CARD_BOUND)?);
    form_file::read(&bytes, path, "buy --help")
}
