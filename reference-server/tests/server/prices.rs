//! What authors and merchants may ask, whose it is, and what stays with buyers whatever becomes of the shelf.

use std::path::PathBuf;
use std::time::Duration;

use cadenza_protocol::card::test_cards;
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::id::hex;
use cadenza_server::config::ServerConfig;
use cadenza_server::content::publish::StartUpload;
use cadenza_server::content::publish::client::PublishClient;
use cadenza_server::identity::Identity;
use serde_json::Value;

use crate::author::{account, refused, song, song_about};
use crate::listener::{Listener, download, report, voucher_of};
use crate::secure_log::sales_of;
use crate::world::{World, alone, shared};

fn client(world: &World, account: &Identity) -> PublishClient {
    PublishClient::new(&world.content, account.clone(), world.root.clone(), world.clock.clone()).unwrap()
}

async fn offer(world: &World, title: &str) -> Option<Value> {
    let list = world.get(&format!("/v1/tracks?q={title}")).await;
    list["tracks"].as_array().unwrap().first().cloned()
}

// B10
#[test]
fn a_price_in_another_currency_is_refused_by_name_and_no_price_is_invented() {
    alone(async {
        let world = World::start("currencies", ServerConfig::default()).await;
        let bob = account(&world, "Bob").await;
        let shop = client(&world, &bob);
        let euros = song_about(&world, &bob, "Euros", "[price]\ncurrency = \"EUR\"\nlossless = 900\n");
        let refusal = shop.publish(&euros, "euros.cadenza", false).await.unwrap_err();
        assert!(refusal.to_string().contains("EUR") && refusal.to_string().contains("USD"), "{refusal}");
        assert_eq!(refused(refusal), "other-currency");

        let free = song_about(&world, &bob, "Unpriced", "");
        shop.publish(&free, "unpriced.cadenza", false).await.unwrap();
        assert!(!shop.info("unpriced.cadenza").await.unwrap().for_sale);
        let half = song_about(&world, &bob, "Halfpriced", "[price]\ncurrency = \"USD\"\nlossy = 70\n");
        let id = shop.publish(&half, "half.cadenza", false).await.unwrap().media_id;
        let (status, _) = world.order(&id, test_cards::GOOD, "half-priced-1").await;
        assert_eq!(status, 404, "lossless has no price, so it is not sold");
        assert_eq!(offer(&world, "Halfpriced").await.unwrap()["qualities"].as_array().unwrap().len(), 1);
        assert!(offer(&world, "Unpriced").await.is_none());
        world.stop().await;
    });
}

// B10
#[test]
fn a_shop_sells_in_the_one_currency_of_its_configuration() {
    alone(async {
        let config = ServerConfig { currency: "EUR".parse().unwrap(), ..ServerConfig::default() };
        let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("server/euros");
        let _ = std::fs::remove_dir_all(&data);
        let album = data.join("album");
        crate::world::make_album(&album);
        for file in ["1.toml", "2.toml"] {
            let about = std::fs::read_to_string(album.join(file)).unwrap();
            std::fs::write(album.join(file), about.replace("USD", "EUR")).unwrap();
        }
        let clock = cadenza_server::clock::Clock::movable(crate::world::START);
        let world = World::open(&data.join("data"), &album, config, clock).await;
        assert_eq!(world.get("/v1/about").await["currency"], "EUR");
        let (status, order) = world.order(&world.tracks().await[0], test_cards::GOOD, "in-euros-1").await;
        assert_eq!((status, order["currency"].as_str()), (200, Some("EUR")), "{order}");
        assert_eq!(world.count("SELECT COUNT(*) FROM payments WHERE currency = 'EUR'").await, 1);
        world.stop().await;
    });
}

// B10, B9
#[test]
fn what_was_priced_in_a_currency_is_not_sold_in_another_and_stays_with_its_buyers() {
    alone(async {
        let world = World::start("new-currency", ServerConfig::default()).await;
        let track = world.tracks().await[0];
        let (_, voucher) = Listener::buy(&world, 0, "new-currency-1").await;
        let (data, album) = (world.data.clone(), world.data.parent().unwrap().join("album"));
        let clock = world.clock.clone();
        world.stop().await;
        let config = ServerConfig { currency: "EUR".parse().unwrap(), ..ServerConfig::default() };
        let world = World::open(&data, &album, config, clock).await;
        assert!(world.tracks().await.is_empty(), "1.29 dollars are not 1.29 euros");
        assert_eq!(world.order(&track, test_cards::GOOD, "new-currency-2").await.0, 404);
        let mut wish = World::reserving(&track);
        wish["currency"] = "EUR".into();
        let reserve =
            world.as_service("merchant").post(format!("{}/v1/commerce/reserve", world.content)).json(&wish);
        let refused: Value = reserve.send().await.unwrap().json().await.unwrap();
        assert_eq!(refused["code"], "not-for-sale", "{refused}");
        let ada = Listener::register(&world).await;
        let approval = ada.redeem(&world, &voucher.tracks[0]).await.unwrap();
        download(&world, &approval, 0).await;
        world.stop().await;
    });
}

// B10
#[test]
fn a_fixed_retail_price_is_charged_by_every_merchant_and_the_cost_is_what_it_owes() {
    alone(async {
        let mut config = ServerConfig::default();
        config.merchant.markup_percent = 20;
        let world = World::start("fixed-retail", config).await;
        let bob = account(&world, "Bob").await;
        let about = "[price]\ncurrency = \"USD\"\nlossless = { cost = 60, retail = 99 }\nlossy = 50\n";
        let id = client(&world, &bob)
            .publish(&song_about(&world, &bob, "Fixed", about), "fixed.cadenza", false)
            .await;
        let id = id.unwrap().media_id;
        let (status, order) = world.order(&id, test_cards::GOOD, "fixed-retail-1").await;
        assert_eq!((status, order["total_cents"].as_u64()), (200, Some(99)), "{order}");
        let prices = offer(&world, "Fixed").await.unwrap();
        assert_eq!(prices["qualities"][1]["price_cents"], 60, "50 and 20 %");
        let ada = Listener::register(&world).await;
        let voucher = voucher_of(&world, order["order_id"].as_str().unwrap()).await;
        let approval = ada.redeem(&world, &voucher.tracks[0]).await.unwrap();
        let bytes = download(&world, &approval, 0).await;
        assert_eq!(report(&world, &approval, &bytes).await, 204);
        let sale = &sales_of(&world, &voucher.tracks[0].voucher_id.to_string()).await[0];
        assert_eq!((sale.cost_cents, sale.retail_cents), (60, 99));
        world.stop().await;
    });
}

// B1, C9
#[test]
fn another_author_with_the_same_words_changes_no_album_and_no_price() {
    alone(async {
        let world = World::start("stolen-album", ServerConfig::default()).await;
        let before = world.get("/v1/albums").await;
        let eve = account(&world, "Cadenza Editions").await; // even the name
        let about = "album = \"Two Tones\"\nalbum_artist = \"The Testers\"\n[price]\ncurrency = \"USD\"\nlossless = 0\nlossy = 0\nalbum = 0\n";
        let shop = client(&world, &eve);
        shop.publish(&song_about(&world, &eve, "Third", about), "third.cadenza", false).await.unwrap();
        assert_eq!(
            refused(shop.rename("demo/1.cadenza", "mine.cadenza").await.unwrap_err()),
            "not-your-file"
        );
        assert_eq!(refused(shop.delete("demo/1.cadenza").await.unwrap_err()), "not-your-file");
        let data = (world.data.clone(), world.clock.clone());
        world.stop().await;
        let world = World::open(&data.0, &data.0, ServerConfig::default(), data.1).await; // shelves filled anew
        let after = world.get("/v1/albums").await;
        let albums = after["albums"].as_array().unwrap();
        assert_eq!(albums.len(), 2);
        assert!(albums.contains(&before["albums"][0]), "{after}");
        world.stop().await;
    });
}

// S11: overwritten, renamed, overwritten by another song, deleted
#[test]
fn what_was_sold_stays_deliverable_whatever_becomes_of_the_shelf() {
    alone(async {
        let world = World::start("sold-stays", ServerConfig::default()).await;
        let bob = account(&world, "Bob").await;
        let (shop, file) = (client(&world, &bob), song(&world, &bob, "Sold"));
        let id = shop.publish(&file, "album/one.cadenza", false).await.unwrap().media_id;
        let sold = std::fs::read(&file).unwrap();
        let (_, order) = world.order(&id, test_cards::GOOD, "sold-stays-1").await;
        let order_id = order["order_id"].as_str().unwrap().to_owned();
        let ada = Listener::register(&world).await;
        let begun = ada.redeem(&world, &voucher_of(&world, &order_id).await.tracks[0]).await.unwrap();

        shop.rename("album/one.cadenza", "album/uno.cadenza").await.unwrap();
        let other = song(&world, &bob, "Other");
        shop.publish(&other, "album/uno.cadenza", true).await.unwrap(); // another song in its place
        // the download that was begun is complete, and judged by what was granted
        let bytes = download(&world, &begun, 0).await;
        assert!(bytes.starts_with(&sold), "what the author made, and the store's word for it");
        assert_eq!(report(&world, &begun, &bytes).await, 204);
        let sale = &sales_of(&world, &begun.grant.voucher_id.to_string()).await[0];
        let then = ("Sold", "album/one.cadenza");
        assert_eq!(
            (sale.title.as_str(), sale.file_name.as_str()),
            then,
            "as it was called when it was redeemed"
        );

        shop.delete("album/uno.cadenza").await.unwrap();
        let again = ada.redeem(&world, &voucher_of(&world, &order_id).await.tracks[0]).await.unwrap();
        assert_eq!(hex(&again.grant.sha256), hex(&sha256(&bytes)));
        assert_eq!(download(&world, &again, 0).await, bytes);
        let (status, _) = world.order(&id, test_cards::GOOD, "sold-stays-2").await;
        assert_ne!(status, 200, "it is not on the shelf");
        assert_eq!(world.count("SELECT COUNT(*) FROM editions e WHERE NOT EXISTS (SELECT 1 FROM media m WHERE m.media_id = e.media_id)").await, 1, "what nobody bought is gone");
        world.stop().await;
    });
}

// S3
#[test]
fn what_was_announced_takes_no_space_what_came_does_and_what_is_left_alone_lapses() {
    alone(async {
        let mut config = ServerConfig::default();
        config.content.upload_space_per_author = 1_000_000;
        let world = World::start("uploads", config).await;
        let (bob, carol) = (account(&world, "Bob").await, account(&world, "Carol").await);
        let (bobs, carols) = (client(&world, &bob), client(&world, &carol));
        let http = world.with_identity(bob.clone());
        let start = async |path: &str, length: u64| {
            let wish = StartUpload { path: path.into(), length, sha256: "0".repeat(64), overwrite: false };
            let answer =
                http.post(format!("{}/v1/publish/uploads", world.content)).json(&wish).send().await.unwrap();
            let (status, said) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
            (status, said["upload_id"].as_str().or(said["code"].as_str()).unwrap().to_owned())
        };
        let put = async |upload: &str, bytes: usize| {
            let url = format!("{}/v1/publish/uploads/{upload}?offset=0", world.content);
            http.put(url).body(vec![7; bytes]).send().await.unwrap().status().as_u16()
        };
        let free = async |author: &PublishClient| author.space().await.unwrap().free_kb;
        let whole = free(&bobs).await;
        for n in 0..20 {
            assert_eq!(start(&format!("announced-{n}"), 900_000).await.0, 200);
        }
        assert_eq!(
            (free(&bobs).await, free(&carols).await),
            (whole, whole),
            "nothing came, nothing is taken"
        );
        assert_eq!(start("too-much", 1_000_001).await, (507, "no-space".into()));

        let (_, first) = start("first", 600_000).await;
        assert_eq!(put(&first, 600_000).await, 200);
        assert_eq!(
            (free(&bobs).await, free(&carols).await),
            ((1_000_000 - 600_000) / 1024, whole),
            "each author's own"
        );
        let (_, second) = start("second", 600_000).await;
        assert_eq!(put(&second, 600_000).await, 507, "no more than the quota");
        assert_eq!(bobs.abort("first").await.unwrap(), 1);
        assert_eq!(bobs.abort("first").await.unwrap(), 0);
        assert_eq!(carols.abort("second").await.unwrap(), 0, "another author's");
        assert!(free(&bobs).await > (1_000_000 - 600_000) / 1024);

        world.clock.advance(Duration::from_secs(25 * 3600));
        world.server.as_ref().unwrap().maintain().await;
        assert_eq!((bobs.unfinished().await.unwrap().len(), free(&bobs).await), (0, whole));
        let left: Vec<_> = std::fs::read_dir(world.data.join("uploads")).unwrap().flatten().collect();
        assert!(left.iter().all(|file| file.path().extension().is_none_or(|e| e != "part")), "{left:?}");
        world.stop().await;
    });
}

// S3: a quota is shared by pieces that come at once, and a path has one owner
#[test]
fn pieces_and_publications_at_the_same_time_share_a_quota_and_do_not_overwrite_each_other() {
    alone(async {
        let mut config = ServerConfig::default();
        config.content.upload_space_per_author = 3_000_000;
        let world = World::start("at-once", config).await;
        let (bob, carol) = (account(&world, "Bob").await, account(&world, "Carol").await);
        let http = world.with_identity(bob.clone());
        let put = async |n: u8| {
            let wish = StartUpload {
                path: format!("part-{n}"),
                length: 1_500_000,
                sha256: "0".repeat(64),
                overwrite: false,
            };
            let begun = http.post(format!("{}/v1/publish/uploads", world.content)).json(&wish);
            let begun: Value = begun.send().await.unwrap().json().await.unwrap();
            let id = begun["upload_id"].as_str().unwrap();
            let url = format!("{}/v1/publish/uploads/{id}?offset=0", world.content);
            http.put(url).body(vec![7; 1_500_000]).send().await.unwrap().status().as_u16()
        };
        let answers: [u16; 4] = tokio::join!(put(1), put(2), put(3), put(4)).into();
        assert!(answers.iter().filter(|status| **status == 200).count() <= 2, "{answers:?}");
        let sum = "SELECT CAST(COALESCE(SUM(received), 0) AS BIGINT) FROM uploads";
        assert!(world.count(sum).await <= 3_000_000);
        for n in 1..=4 {
            client(&world, &bob).abort(&format!("part-{n}")).await.unwrap();
        }

        let songs = [song(&world, &bob, "Bobs"), song(&world, &carol, "Carols")];
        let (bobs, carols) = (client(&world, &bob), client(&world, &carol));
        let (first, second) = tokio::join!(
            bobs.publish(&songs[0], "same.cadenza", false),
            carols.publish(&songs[1], "same.cadenza", false)
        );
        let (published, refusal) = match (first, second) {
            (Ok(published), Err(refusal)) | (Err(refusal), Ok(published)) => (published, refusal),
            both => panic!("one of the two: {both:?}"),
        };
        assert_eq!(refused(refusal), "not-your-file");
        assert_eq!(bobs.info("same.cadenza").await.unwrap().media_id, published.media_id);
        assert_eq!(offer(&world, &published.title).await.unwrap()["title"], published.title.as_str());
        world.stop().await;
    });
}

// B10, S9: shared by all tests that do not mind a shop with one more track
#[test]
fn a_price_out_of_bounds_is_not_authored() {
    shared(async |world| {
        let bob = account(world, "Bounds").await;
        for (price, words) in [
            ("currency = \"USD\"\nlossless = 1000000", "9,999.99"),
            ("currency = \"USD\"\nlossless = { cost = 99, retail = 60 }", "below"),
            ("currency = \"usd\"\nlossless = 99", "three capital letters"),
            ("lossless = 99", "three capital letters"),
        ] {
            let folder = world.data.join("bounds");
            std::fs::create_dir_all(&folder).unwrap();
            let (input, about) = (folder.join("x.wav"), folder.join("x.toml"));
            std::fs::write(&input, crate::world::wav(4, 330.0)).unwrap();
            std::fs::write(&about, format!("title = \"X\"\nartist = \"Y\"\nclip = {{ start = 0.5, duration = 2.0 , fade_in = 0.2, fade_out = 0.2 }}\n[price]\n{price}\n")).unwrap();
            let options =
                cadenza_server::authoring::AuthorOptions { input, about, out: folder.join("x.cadenza") };
            let refusal = cadenza_server::authoring::author(&options, &bob, crate::world::START).unwrap_err();
            assert!(refusal.to_string().contains(words), "{refusal}");
        }
    });
}
