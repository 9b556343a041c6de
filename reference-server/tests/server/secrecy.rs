//! F10: card numbers seeded through every flow are found in no file and no log, and merchant and licensing center have no place for one; secrets lie in
//! files for their owner only.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::listener::{Listener, apply, details};
use crate::world::{LOGS, World, shared};

/// Approved, like any number that passes the check; used by no other test.
const CARD: &str = "5555 5555 5555 4444";
const DIGITS: &str = "5555555555554444";

// F10, C8
#[test]
fn a_card_number_is_nowhere_after_it_was_used_everywhere() {
    shared(async |world| {
        let register = apply(world, details(), CARD).await;
        assert_eq!(register.status(), 200);
        let file = register.text().await.unwrap();
        assert!(!file.contains(DIGITS));
        let track = world.tracks().await[0];
        let (status, order) = world.order(&track, CARD, "secrecy-1").await;
        assert_eq!((status, order["paid_with"].as_str()), (200, Some("Mastercard •••• 4444")));
        // where it does not belong it is refused, or not repeated
        let (status, refusal) = world.order(&track, CARD, &format!("key-{DIGITS}")).await;
        assert_eq!(status, 422);
        assert!(!refusal.to_string().contains(DIGITS));
        let card = json!({ "number": CARD, "expiry": "12/29", "name": "Ada Example" });
        let order = json!({ "items": [{ "media_id": track, "quality": "lossless" }], "total_cents": 129, "currency": "USD", "idempotency_key": "secrecy-2", "card": card });
        let (status, refusal) = world.post("/v1/orders", &order).await;
        assert_eq!(status, 422, "a merchant takes no card");
        assert!(!refusal.to_string().contains(DIGITS));
        for (path, claim) in [
            ("", json!({ "details": details(), "card": card })),
            ("/recover", json!({ "name": "Ada", "email": "a@b.c", "telephone": "12345", "card": card })),
        ] {
            let url = format!("{}/v1/passports{path}", world.licensing);
            let answer = world.licensing_client.post(url).json(&claim).send().await.unwrap();
            assert_eq!(answer.status(), 422, "a licensing center takes no card");
            assert!(!answer.text().await.unwrap().contains(DIGITS));
        }
        search(world);
    });
}

// B12: whoever knows an order's id may fetch what was bought
#[test]
fn the_id_of_an_order_stands_in_no_log_and_with_its_key_in_no_file() {
    shared(async |world| {
        let (order_id, voucher) = Listener::buy(world, 0, "secrecy-order-1").await;
        let ada = Listener::register(world).await;
        ada.redeem(world, &voucher.tracks[0]).await.unwrap();
        let page = reqwest::get(format!("{}/order/{order_id}", world.web)).await.unwrap();
        assert_eq!(page.status(), 200);
        // the tests' log is more talkative than anyone's: what is told by default counts
        let logs = String::from_utf8_lossy(&LOGS.lock().unwrap()).into_owned();
        let told = |line: &&str| [" INFO ", " WARN ", "ERROR "].iter().any(|level| line.contains(level));
        let told: Vec<&str> = logs.lines().filter(told).collect();
        assert!(told.iter().any(|line| line.contains("an order went on")), "the logs were caught");
        assert!(!told.iter().any(|line| line.contains(&order_id)), "a log holds an order's id");
        for path in files(&world.data) {
            let bytes = std::fs::read(&path).unwrap_or_default();
            for secret in [order_id.as_bytes(), b"secrecy-order-1"] {
                assert!(!bytes.windows(secret.len()).any(|w| w == secret), "{}", path.display());
            }
        }
    });
}

fn search(world: &World) {
    let grouped = CARD.as_bytes();
    for path in files(&world.data) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        for needle in [DIGITS.as_bytes(), grouped] {
            assert!(!bytes.windows(needle.len()).any(|w| w == needle), "{}", path.display());
        }
    }
    let logs = LOGS.lock().unwrap();
    assert!(!logs.is_empty(), "the logs were caught");
    for needle in [DIGITS.as_bytes(), grouped] {
        assert!(!logs.windows(needle.len()).any(|w| w == needle), "a log holds the card number");
    }
}

// C6, C7
#[test]
fn keys_and_tokens_are_for_their_owner_only() {
    shared(async |world| {
        let secret = |path: &PathBuf| {
            path.extension().is_some_and(|e| ["account", "key", "token"].iter().any(|s| e == *s))
        };
        let found: Vec<PathBuf> = files(&world.data).into_iter().filter(secret).collect();
        assert!(found.len() >= 8, "{found:?}");
        for path in found {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
        }
    });
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}
