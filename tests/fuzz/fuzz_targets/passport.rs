//! Passports, registrations, renewals and the lock on their key: of strangers, and of a licensing center that means harm.
//!
//! No passphrase is tried at a cost that is allowed: a try takes a noticeable time on purpose. A cost that is not allowed must be
//! refused before any memory is taken for it.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cadenza_fuzz::center::{self, NOW};
use cadenza_protocol::crypto::kdf::{KdfParams, LockError, LockedKey, unlock};
use cadenza_protocol::passport::{Issue, Passport, PersonalFacts, RegistrationFile, Renewal};
use cadenza_protocol::secret::{Passphrase, RegistrationKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    let root = center::root();
    match which % 6 {
        0 => {
            if let Ok(passport) = Passport::from_json(rest, root) {
                let json = passport.to_json();
                let again = Passport::from_json(&json, root).expect("what was written is read");
                assert_eq!(again.to_json(), json);
            }
        }
        1 => {
            let _ = RegistrationFile::verify(rest, root, NOW);
        }
        2 => {
            let _ = Renewal::verify(rest, root, NOW, center::passport());
        }
        3 => {
            let _ = RegistrationFile::verify(&signed_body(rest), root, NOW);
        }
        4 => {
            let _ = RegistrationFile::verify(&with_private_key(rest), root, NOW);
        }
        _ => {
            if let Ok(locked) = serde_json::from_slice::<LockedKey>(rest) {
                refuse_unusual_costs(&locked);
            }
        }
    }
});

/// Any body at all, signed by the center; its sealed parts open with 32 bytes of 5.
fn signed_body(body: &[u8]) -> Vec<u8> {
    let center = center::licensing();
    let signature = center.key.sign("cadenza/v1/passport", body);
    let chain = serde_json::to_value(&center.chain).expect("a chain is JSON");
    let file = serde_json::json!({
        "format": "cadenza-passport", "version": 1, "body": STANDARD.encode(body),
        "signature": STANDARD.encode(signature), "signer": chain,
        "registration_key": { "clear": STANDARD.encode([5; 32]) },
    });
    file.to_string().into_bytes()
}

/// A genuine registration but for the private keys in it.
fn with_private_key(pkcs8: &[u8]) -> Vec<u8> {
    let text = String::new;
    let personal = PersonalFacts {
        name: "Ada".into(),
        address: text(),
        telephone: text(),
        email: text(),
        card_brand: text(),
        card_last4: text(),
        confidential: text(),
        region: text(),
        interests: Vec::new(),
    };
    let issue = Issue {
        chain: center::consumer().chain.clone(),
        encryption: center::receiver().chain.leaf().clone(),
        signing_key: pkcs8,
        decryption_key: pkcs8,
        personal: &personal,
        registration_key: &RegistrationKey::from_bytes([5; 32]),
        issued_at: NOW,
    };
    let center = center::licensing();
    RegistrationFile::issue(&issue, &center.key, &center.chain).to_json().to_vec()
}

fn refuse_unusual_costs(locked: &LockedKey) {
    let (cost, low, high) = (locked.params, KdfParams::FLOOR, KdfParams::CAP);
    let allowed = (low.m_kib..=high.m_kib).contains(&cost.m_kib)
        && (low.t..=high.t).contains(&cost.t)
        && (low.p..=high.p).contains(&cost.p);
    if !allowed {
        let answer = unlock(locked, &Passphrase::new("four winds".into()), b"body");
        assert_eq!(answer.err(), Some(LockError::BadParameters));
    }
}
