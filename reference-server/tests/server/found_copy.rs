//! A found copy: whose it is when all of it holds, and nobody's when anything does not.

use std::path::{Path, PathBuf};

use cadenza_protocol::media::TransactionFacts;
use cadenza_protocol::redeem::RedeemApproval;
use cadenza_server::licensing::archive::Archive;
use cadenza_server::licensing::found_copy::{TraceError, trace};
use cadenza_server::rest::Vault;

use crate::listener::{Listener, download, report};
use crate::world::{World, shared};

/// A delivered copy as the player leaves it on the disk: the file, and where its record of purchase begins.
async fn delivered(world: &World, key: &str) -> (Vec<u8>, usize, RedeemApproval) {
    let (_, voucher) = Listener::buy(world, 0, key).await;
    let ada = Listener::register(world).await;
    let approval = ada.redeem(world, &voucher.tracks[0]).await.unwrap();
    let mut bytes = download(world, &approval, 0).await;
    assert_eq!(report(world, &approval, &bytes).await, 204);
    let facts = TransactionFacts {
        delivered_at: world.clock.now(),
        grant: approval.grant.clone(),
        grant_signature: approval.grant_signature.clone(),
        wrapped_keys: approval.wrapped_keys.clone(),
        content_manager_chain: approval.content_manager_chain.clone(),
        consumer_chain: ada.passport.chain().clone(),
    };
    let published = bytes.len();
    bytes.extend(facts.signed(|domain, message| ada.passport.sign(domain, message)).to_bytes());
    (bytes, published, approval)
}

fn found(world: &World, name: &str, bytes: &[u8]) -> PathBuf {
    let folder = world.data.join("found");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

async fn archive(data: &Path) -> Archive {
    Archive::open(data, None, None, &Vault::default()).await.unwrap()
}

// R3
#[test]
fn a_found_copy_names_transaction_certificates_and_person() {
    shared(async |world| {
        let (bytes, _, approval) = delivered(world, "found-copy-1").await;
        let origin =
            trace(&archive(&world.data).await, &found(world, "whole.cadenza", &bytes)).await.unwrap();
        assert_eq!(origin.voucher_id, approval.grant.voucher_id);
        assert_eq!((origin.title.as_deref(), origin.quality.as_str()), (Some("Morning"), "lossless"));
        assert_eq!(origin.content_manager_serial, world.identity("content-manager").chain().leaf().serial());
        assert_eq!(origin.sale.entry, approval.grant.sale.number);
        assert_eq!(origin.delivered_at, world.clock.now());
        assert_eq!(
            (origin.person.name.as_str(), origin.person.email.as_str()),
            ("Ada Example", "ada@example.org")
        );
    });
}

// O5, R3, C8
#[test]
fn a_bought_file_tells_nobody_but_the_licensing_center_who_bought_it() {
    shared(async |world| {
        let (bytes, _, approval) = delivered(world, "found-copy-5").await;
        for personal in ["Ada", "Example", "ada@example.org", "4242", "Fugue"] {
            let needle = personal.as_bytes();
            assert!(!bytes.windows(needle.len()).any(|window| window == needle), "{personal}");
        }
        let copy = found(world, "pseudonym.cadenza", &bytes);
        let origin = trace(&archive(&world.data).await, &copy).await.unwrap();
        assert_eq!(
            (origin.voucher_id, origin.person.name.as_str()),
            (approval.grant.voucher_id, "Ada Example")
        );
        let names = world.count("SELECT COUNT(*) FROM certificates WHERE subject LIKE '%Ada%'").await;
        assert_eq!(names, 0);

        let (one, other) = (Listener::register(world).await, Listener::register(world).await);
        assert_ne!(one.passport.chain().leaf().subject(), other.passport.chain().leaf().subject());
        let kept = serde_json::to_string(one.passport.personal()).unwrap();
        assert!(!kept.contains("12/29") && !kept.contains("expiry"), "{kept}");
    });
}

// R3, F5
#[test]
fn a_copy_that_does_not_hold_names_nobody_and_says_why() {
    shared(async |world| {
        let (bytes, published, _) = delivered(world, "found-copy-2").await;
        let archive = archive(&world.data).await;
        let refusal =
            async |name: &str, bytes: &[u8]| trace(&archive, &found(world, name, bytes)).await.unwrap_err();
        let without = refusal("published.cadenza", &bytes[..published]).await;
        assert!(matches!(without, TraceError::NoRecord), "{without}");
        let half = refusal("half.cadenza", &bytes[..bytes.len() - 200]).await;
        assert!(matches!(half, TraceError::CutOff(_)), "{half}");
        let altered_at = async |at: usize| {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            refusal("altered.cadenza", &altered).await
        };
        let audio = altered_at(published / 2).await;
        assert!(matches!(audio, TraceError::Altered(_)), "{audio}");
        let delivery_time = altered_at(published + 12 + 32 + 7).await;
        assert!(matches!(delivery_time, TraceError::FalseRecord(_)), "{delivery_time}");
        for at in (published..bytes.len()).step_by(97) {
            altered_at(at).await; // unwrap_err inside: no byte of the record can be changed and still name someone
        }
        let not_ours = refusal("noise.cadenza", b"just some bytes").await;
        assert!(matches!(not_ours, TraceError::NotMedia), "{not_ours}");
        assert!(matches!(trace(&archive, Path::new("nowhere.cadenza")).await, Err(TraceError::Read(..))));
    });
}

// R3
#[test]
fn one_person_s_record_of_purchase_cannot_be_hung_on_another_file() {
    shared(async |world| {
        let (first, published, _) = delivered(world, "found-copy-3").await;
        let (_, voucher) = Listener::buy(world, 1, "found-copy-4").await;
        let eve = Listener::register(world).await;
        let approval = eve.redeem(world, &voucher.tracks[0]).await.unwrap();
        let mut other = download(world, &approval, 0).await;
        other.extend(&first[published..]);
        let refusal =
            trace(&archive(&world.data).await, &found(world, "framed.cadenza", &other)).await.unwrap_err();
        assert!(matches!(refusal, TraceError::FalseRecord(_)), "{refusal}");
    });
}
