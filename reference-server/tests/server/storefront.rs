//! The pages for browsers, without one: what they link to, what forms keep, what they refuse.

use std::collections::HashMap;

use cadenza_protocol::card::test_cards;
use cadenza_server::admin::client::AdminClient;

use crate::world::{World, shared};

fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

/// A form as a browser sends it.
async fn send(world: &World, path: &str, cookie: &str, fields: &HashMap<&'static str, String>) -> Page {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = browser().post(format!("{}{path}", world.web)).header("cookie", cookie);
    page(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
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

async fn buy_page(world: &World) -> (String, HashMap<&'static str, String>) {
    let front = page(browser().get(&world.web)).await;
    let album = page(browser().get(format!("{}{}", world.web, link(&front.html, "/album/")))).await;
    assert!(album.html.contains("Morning"));
    let form = page(browser().get(format!("{}{}", world.web, link(&album.html, "/buy?track=")))).await;
    assert_eq!((form.status, form.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
    let cookie = form.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("SameSite=Strict") && cookie.contains("HttpOnly"));
    let fields = ["csrf", "key", "what", "id"].map(|name| (name, hidden(&form.html, name)));
    let mut fields = HashMap::from(fields);
    fields.extend([
        ("quality", "lossless".into()),
        ("name", "Ada Example".into()),
        ("expiry", "12/29".into()),
    ]);
    (cookie.split(';').next().unwrap().to_owned(), fields)
}

// G2, B3, B4
#[test]
fn a_declined_card_keeps_the_form_and_a_good_one_leads_to_the_voucher() {
    shared(async |world| {
        let (cookie, mut fields) = buy_page(world).await;
        fields.insert("number", test_cards::DECLINED.into());
        let declined = send(world, "/buy", &cookie, &fields).await;
        assert_eq!(declined.status, 402);
        assert!(
            declined.html.contains("declined this card")
                && declined.html.contains("value=\"Ada Example\"")
                && declined.html.contains("value=\"12/29\"")
        );
        assert!(!declined.html.contains("0002"), "the card number does not come back");

        assert_eq!(hidden(&declined.html, "key"), fields["key"], "the same order, whatever went wrong");
        fields.insert("number", test_cards::GOOD.into());
        let bought = send(world, "/buy", &cookie, &fields).await;
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
        let (cookie, key) = (cookies(&first), hidden(&first.html, "key"));
        let again = page(browser().get(&form_at).header("cookie", &cookie)).await;
        assert_eq!(hidden(&again.html, "key"), key, "the form opened again is the same order");
        let mut fields = HashMap::from(["csrf", "what", "id"].map(|name| (name, hidden(&again.html, name))));
        for (name, value) in
            [("key", key.as_str()), ("name", "Ada"), ("expiry", "12/29"), ("quality", "lossless")]
        {
            fields.insert(name, value.into());
        }
        let buy = async |number: &str, quality: &str| {
            let mut fields = fields.clone();
            fields.extend([("number", number.to_owned()), ("quality", quality.to_owned())]);
            send(world, "/buy", &cookie, &fields).await
        };
        for number in [test_cards::DECLINED, "4242", test_cards::EXPIRED] {
            let refused = buy(number, "lossless").await;
            assert_eq!(hidden(&refused.html, "key"), key, "{}", refused.status);
        }
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
        let order = lost.headers["location"].to_str().unwrap().trim_start_matches("/order/");
        let database = world.database().await;
        let (taken,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM payments WHERE state = 'captured' AND idempotency_key LIKE $1",
        )
        .bind(format!("%/{order}%"))
        .fetch_one(database.pool())
        .await
        .unwrap();
        database.close().await;
        assert_eq!(taken, 1);

        // paid back: the same form buys it anew, under another key
        AdminClient::open(&world.data).unwrap().refund(order.to_owned()).await.unwrap();
        let refunded = buy(test_cards::GOOD, "lossy").await;
        assert_eq!(refunded.status, 410);
        let fresh = hidden(&refunded.html, "key");
        assert_ne!(fresh, key);
        fields.insert("key", fresh);
        fields.extend([("number", test_cards::GOOD.to_owned()), ("quality", "lossy".to_owned())]);
        let anew = send(world, "/buy", &cookie, &fields).await;
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
            ("card_number", test_cards::DECLINED.into()),
            ("card_expiry", "12/29".into()),
            ("confidential", "A line".into()),
        ]);
        let declined = send(world, "/register", &cookie, &fields).await;
        assert_eq!(declined.status, 402);
        assert!(
            !declined.html.contains("<Example>") && declined.html.contains("Ada &#60;Example&#62;"),
            "what was typed is escaped: {}",
            declined.html
        );
        fields.insert("card_number", test_cards::GOOD.into());
        let passport = send(world, "/register", &cookie, &fields).await;
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
        let (cookie, mut fields) = buy_page(world).await;
        fields.insert("number", test_cards::GOOD.into());
        let no_cookie = send(world, "/buy", "", &fields).await;
        assert_eq!(no_cookie.status, 403);
        fields.insert("csrf", "00".repeat(32));
        let forged = send(world, "/buy", &cookie, &fields).await;
        assert_eq!(forged.status, 403);
        let rebound = page(browser().get(&world.web).header("host", "evil.example")).await;
        assert_eq!(rebound.status, 421);
        let huge = page(
            browser()
                .post(format!("{}/buy", world.web))
                .body("x".repeat(100_000))
                .header("content-type", "application/x-www-form-urlencoded"),
        )
        .await;
        assert_eq!(huge.status, 413);
        let nowhere = page(browser().get(format!("{}/nowhere", world.web))).await;
        assert!(nowhere.status == 404 && nowhere.html.contains("no such page"));
    });
}
