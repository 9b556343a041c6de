//! The pages for browsers, without one: what they link to, what forms keep, what they refuse.

use std::collections::HashMap;

use cadenza_protocol::card::test_cards;
use cadenza_server::admin::client::AdminClient;
use cadenza_server::config::ServerConfig;

use crate::world::{World, alone, row_of, shared};

fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

/// A form as a browser sends it.
async fn send(world: &World, path: &str, cookie: &str, fields: &HashMap<&'static str, String>) -> Page {
    post(&format!("{}{path}", world.web), cookie, fields).await
}

async fn post(url: &str, cookie: &str, fields: &HashMap<&'static str, String>) -> Page {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = browser().post(url).header("content-type", "application/x-www-form-urlencoded");
    if !cookie.is_empty() {
        request = request.header("cookie", cookie);
    }
    page(request.body(body)).await
}

struct Page {
    status: u16,
    headers: reqwest::header::HeaderMap,
    html: String,
}

async fn page(request: reqwest::RequestBuilder) -> Page {
    let answer = request.send().await.unwrap();
    Page {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        html: answer.text().await.unwrap(),
    }
}

fn hidden(html: &str, name: &str) -> String {
    let from = html
        .split(&format!("name=\"{name}\" value=\""))
        .nth(1)
        .unwrap_or_else(|| panic!("no {name} in {html}"));
    from.split('"').next().unwrap().to_owned()
}

fn link(html: &str, start: &str) -> String {
    let from = html.split(&format!("href=\"{start}")).nth(1).unwrap_or_else(|| panic!("no link {start}"));
    format!("{start}{}", from.split('"').next().unwrap())
}

/// Where the form on a page leads.
fn action(html: &str) -> String {
    html.split("<form method=\"post\" action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The wish of the quality on a page that sells.
fn wish_of(html: &str, quality: &str) -> String {
    let before = html.split(&format!("\" data-quality=\"{quality}\"")).next().unwrap();
    before.rsplit("value=\"").next().unwrap().to_owned()
}

/// The processor's answer to a card on its own page: to the page that leads back, or the form again.
async fn show_card(pay_at: &str, wish: &str, number: &str) -> Page {
    let asked = post(pay_at, "", &HashMap::from([("wish", wish.to_owned())])).await;
    assert_eq!(asked.status, 200, "{}", asked.html);
    let mut card = HashMap::from([("wish", hidden(&asked.html, "wish"))]);
    let typed = [("name", "Ada Example"), ("number", number), ("expiry", "12/29")];
    card.extend(typed.map(|(name, value)| (name, value.to_owned())));
    post(&pay_at.replace("/pay", "/card"), "", &card).await
}

/// What the page that leads back sends to the shop.
fn returned(done: &Page) -> HashMap<&'static str, String> {
    assert_eq!(done.status, 200, "{}", done.html);
    HashMap::from(["state", "token"].map(|name| (name, hidden(&done.html, name))))
}

/// The whole way of a card: shop's form, processor's page, back to the shop.
async fn pay(world: &World, cookie: &str, form: &str, quality: &str, number: &str) -> Page {
    let done = show_card(&action(form), &wish_of(form, quality), number).await;
    send(world, "/buy", cookie, &returned(&done)).await
}

async fn buy_page(world: &World) -> (String, Page) {
    let front = page(browser().get(&world.web)).await;
    let album = page(browser().get(format!("{}{}", world.web, link(&front.html, "/album/")))).await;
    assert!(album.html.contains("Morning"));
    let form = page(browser().get(format!("{}{}", world.web, link(&album.html, "/buy?track=")))).await;
    assert_eq!((form.status, form.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
    let cookie = form.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("SameSite=Strict") && cookie.contains("HttpOnly"));
    (cookie.split(';').next().unwrap().to_owned(), form)
}

// G2, B3, B4
#[test]
fn a_declined_card_keeps_the_form_and_a_good_one_leads_to_the_voucher() {
    shared(async |world| {
        let (cookie, form) = buy_page(world).await;
        let policy = form.headers["content-security-policy"].to_str().unwrap();
        let site = action(&form.html).trim_end_matches("/pay").to_owned();
        assert!(policy.ends_with(&format!("form-action 'self' {site}")) && site != world.web, "{policy}");
        let declined = pay(world, &cookie, &form.html, "lossless", test_cards::DECLINED).await;
        assert_eq!(declined.status, 402);
        assert!(declined.html.contains("declined this card"), "{}", declined.html);
        assert!(!declined.html.contains("0002"), "the card number does not come back");

        let bought = pay(world, &cookie, &declined.html, "lossless", test_cards::GOOD).await;
        assert_eq!(bought.status, 303, "{}", bought.html);
        let order =
            page(browser().get(format!("{}{}", world.web, bought.headers["location"].to_str().unwrap())))
                .await;
        assert!(
            order.html.contains("Retrieve it") && order.html.contains("cadenza://redeem?url=https%3A%2F%2F")
        );
        let voucher = page(browser().get(format!("{}{}", world.web, link(&order.html, "/order/")))).await;
        assert_eq!(voucher.headers["content-type"], "application/vnd.cadenza.voucher+json");
        assert!(voucher.headers["content-disposition"].to_str().unwrap().contains(".cadvoucher"));
    });
}

// B1, B3
#[test]
fn a_price_that_changed_since_the_form_was_shown_is_shown_again_before_anything_is_charged() {
    alone(async {
        let world = World::start("price-changed", ServerConfig::default()).await;
        let (cookie, form) = buy_page(&world).await;
        let database = world.database().await;
        let changing = sqlx::query("UPDATE editions SET facts = REPLACE(facts, ':129}', ':229}')");
        changing.execute(database.pool()).await.unwrap();
        database.close().await;
        // a track that is not there makes the merchant look again
        world.get(&format!("/v1/tracks/{}", "0".repeat(32))).await;
        let changed = pay(&world, &cookie, &form.html, "lossless", test_cards::GOOD).await;
        assert_eq!(changed.status, 409, "{}", changed.html);
        assert!(
            changed.html.contains("price has changed") && changed.html.contains("$2.29"),
            "{}",
            changed.html
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM payments").await, 0);
        assert_eq!(pay(&world, &cookie, &changed.html, "lossless", test_cards::GOOD).await.status, 303);
        world.stop().await;
    });
}

/// The cookies that an answer sets, as a browser sends them back.
fn cookies(page: &Page) -> String {
    let set = page
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap().split(';').next().unwrap());
    set.collect::<Vec<_>>().join("; ")
}

// B7: the answer was lost, the way back, another choice in the same form
#[test]
fn one_cart_in_a_browser_is_one_order_until_it_is_paid() {
    shared(async |world| {
        let front = page(browser().get(&world.web)).await;
        let at = format!("{}{}", world.web, link(&front.html, "/album/"));
        let form_at = format!("{}{}", world.web, link(&page(browser().get(at)).await.html, "/buy?track="));
        let first = page(browser().get(&form_at)).await;
        let cookie = cookies(&first);
        let again = page(browser().get(&form_at).header("cookie", &cookie)).await;
        let key = |page: &Page| {
            let order = page.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
            order
                .filter_map(|line| line.split(';').next())
                .find(|pair| pair.contains("order_"))
                .unwrap()
                .to_owned()
        };
        assert_eq!(key(&again), key(&first), "the form opened again is the same order");
        let buy = async |number: &str, quality: &str| pay(world, &cookie, &again.html, quality, number).await;
        for number in [test_cards::DECLINED, test_cards::EXPIRED] {
            let refused = buy(number, "lossless").await;
            assert_eq!((refused.status, key(&refused)), (402, key(&first)));
        }
        let mistyped = show_card(&action(&again.html), &wish_of(&again.html, "lossless"), "4242").await;
        assert_eq!(mistyped.status, 422);
        assert!(
            mistyped.html.contains("not a whole card number")
                && mistyped.html.contains("value=\"Ada Example\"")
        );
        // another quality after a refusal is the same cart; its answer is lost, and everything is sent once more
        let lost = buy(test_cards::GOOD, "lossy").await;
        assert_eq!(lost.status, 303, "{}", lost.html);
        for quality in ["lossy", "lossless"] {
            let found = buy(test_cards::GOOD, quality).await;
            assert_eq!(
                (found.status, &found.headers["location"]),
                (303, &lost.headers["location"]),
                "{quality}"
            );
            let spent = found.headers["set-cookie"].to_str().unwrap();
            assert!(spent.contains("Max-Age=0") && spent.contains("Path=/buy") && spent.contains("HttpOnly"));
        }
        // the form that is opened again leads to what was bought, as long as the browser has the key
        let opened = page(browser().get(&form_at).header("cookie", &cookie)).await;
        assert_eq!((opened.status, &opened.headers["location"]), (303, &lost.headers["location"]));
        let order = lost.headers["location"].to_str().unwrap().trim_start_matches("/order/");
        let database = world.database().await;
        let (taken,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM payments WHERE state = 'captured' AND idempotency_key LIKE $1",
        )
        .bind(format!("%/{}%", row_of(order)))
        .fetch_one(database.pool())
        .await
        .unwrap();
        database.close().await;
        assert_eq!(taken, 1);

        // paid back: the same form buys it anew, under another key
        AdminClient::open(&world.data).unwrap().refund(order.to_owned()).await.unwrap();
        let refunded = buy(test_cards::GOOD, "lossy").await;
        assert_eq!(refunded.status, 410);
        assert_ne!(key(&refunded), key(&first));
        let anew = pay(world, &cookies(&refunded), &refunded.html, "lossy", test_cards::GOOD).await;
        assert_eq!(anew.status, 303, "{}", anew.html);
        assert_ne!(anew.headers["location"], lost.headers["location"]);
    });
}

// V1
#[test]
fn a_preview_link_gives_a_voucher_by_its_media_type() {
    shared(async |world| {
        let track = world.tracks().await[0];
        let voucher = page(browser().get(format!("{}/preview/{track}?kind=clip", world.web))).await;
        assert_eq!(
            (voucher.status, voucher.headers["content-type"].to_str().unwrap()),
            (200, "application/vnd.cadenza.voucher+json")
        );
        assert!(voucher.html.contains("\"kind\": \"preview\""));
    });
}

// G2, G4
#[test]
fn a_browser_gets_a_passport_or_its_form_back() {
    shared(async |world| {
        let form = page(browser().get(format!("{}/register", world.web))).await;
        let cookie = form.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut fields = HashMap::from([
            ("csrf", hidden(&form.html, "csrf")),
            ("name", "Ada <Example>".to_owned()),
            ("address", "1 Street".into()),
            ("telephone", "555 0100".into()),
            ("email", "ada@example.org".into()),
            ("confidential", "A line".into()),
        ]);
        let unfit = HashMap::from([("email", "nobody".to_owned())]);
        let unfit: HashMap<_, _> = fields.clone().into_iter().chain(unfit).collect();
        let refused = send(world, "/register", &cookie, &unfit).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.html.contains("not an e-mail address") && refused.html.contains("value=\"1 Street\"")
        );
        fields.insert("email", "ada@example.org".into());
        let shown = async |number: &str| {
            let card = send(world, "/register", &cookie, &fields).await;
            assert!(!action(&card.html).starts_with(&world.web) && !card.html.contains("1 Street"));
            let done = show_card(&action(&card.html), &hidden(&card.html, "wish"), number).await;
            send(world, "/register/card", &cookie, &returned(&done)).await
        };
        let declined = shown(test_cards::DECLINED).await;
        assert_eq!(declined.status, 402);
        assert!(
            !declined.html.contains("<Example>") && declined.html.contains("Ada &#60;Example&#62;"),
            "what was typed is escaped: {}",
            declined.html
        );
        let passport = shown(test_cards::GOOD).await;
        assert_eq!(
            (passport.status, passport.headers["content-type"].to_str().unwrap()),
            (200, "application/vnd.cadenza.passport+json")
        );
        assert_eq!(passport.headers["cache-control"], "no-store");
    });
}

#[test]
fn forms_from_elsewhere_and_strange_host_names_are_refused() {
    shared(async |world| {
        let (cookie, form) = buy_page(world).await;
        let done = show_card(&action(&form.html), &wish_of(&form.html, "lossless"), test_cards::GOOD).await;
        let mut fields = returned(&done);
        // another browser, and one that keeps its cookies to itself when it comes from another site: one more button, and then the cookie must be there
        let elsewhere = send(world, "/buy", &format!("cadenza_session={}", "00".repeat(16)), &fields).await;
        assert_eq!(elsewhere.status, 403);
        let no_cookie = send(world, "/buy", "", &fields).await;
        assert!(no_cookie.status == 200 && no_cookie.html.contains("One more step"), "{}", no_cookie.html);
        fields.insert("again", hidden(&no_cookie.html, "again"));
        assert_eq!(send(world, "/buy", "", &fields).await.status, 403);
        let altered = HashMap::from([("state", "AAAA".to_owned()), ("token", fields["token"].clone())]);
        assert_eq!(send(world, "/buy", &cookie, &altered).await.status, 403);
        assert_eq!(send(world, "/buy", &cookie, &fields).await.status, 303, "and its own browser pays");
        let stray = post(&action(&form.html), "", &HashMap::from([("wish", "nothing".to_owned())])).await;
        assert!(stray.status == 400 && stray.html.contains("nothing to pay"));
        let rebound = page(browser().get(&world.web).header("host", "evil.example")).await;
        assert_eq!(rebound.status, 421);
        let bare = browser().post(format!("{}/buy", world.web)).body("what=track");
        let bare =
            page(bare.header("content-type", "application/x-www-form-urlencoded").header("cookie", &cookie))
                .await;
        assert!(bare.status == 422 && bare.html.contains("did not arrive whole"), "{}", bare.html);
        let method = page(browser().delete(format!("{}/buy", world.web))).await;
        assert!(method.status == 405 && method.html.contains("no such request"), "{}", method.html);
        let huge = page(
            browser()
                .post(format!("{}/buy", world.web))
                .body("x".repeat(200_000))
                .header("content-type", "application/x-www-form-urlencoded"),
        )
        .await;
        assert_eq!(huge.status, 413);
        let nowhere = page(browser().get(format!("{}/nowhere", world.web))).await;
        assert!(nowhere.status == 404 && nowhere.html.contains("no such page"));
    });
}

// B1: what an author says of the artist is free to read unless only buyers may
#[test]
fn a_biography_stands_with_the_album_for_players_and_browsers() {
    shared(async |world| {
        let front = world.get("/v1/albums").await;
        let id = front["albums"][0]["id"].as_str().unwrap().to_owned();
        let album = world.get(&format!("/v1/albums/{id}")).await;
        assert_eq!(album["biography"], "They test by day.");
        assert_eq!(album["tracks"][0]["biography"], "They test by day.");
        let page = reqwest::get(format!("{}/album/{id}", world.web)).await.unwrap().text().await.unwrap();
        assert!(page.contains("The artist") && page.contains("They test by day."), "{page}");
    });
}
