//! Passport, registration file and renewal (O7, G3 to G8).

use cadenza_protocol::cert::{CertificateChain, CertificateError, RevocationLists, Role, verify_chain};
use cadenza_protocol::crypto::kdf::{KdfParams, LockError};
use cadenza_protocol::crypto::sign;
use cadenza_protocol::passport::{Issue, Passport, PassportError, RegistrationFile, Renewal, RenewalRequest};
use cadenza_protocol::secret::RegistrationKey;
use cadenza_protocol::signed::{SignedError, SignedMessage};

use crate::alter::{nothing_passes, white_space_says_nothing};
use crate::support::made::{PASSPHRASE, issue, passport, phrase, registration, renewal};
use crate::support::samples::owner;
use crate::support::{Center, NOW, RsaKey, rsa_3072};

#[test]
fn a_passport_opens_with_its_passphrase_and_keeps_its_secrets() {
    // O7, G3, G4, G5
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let file = registration(&center.certify(Role::LicensingCenter), &consumer, &RegistrationKey::random());
    let verified = RegistrationFile::verify(&file, &center.root, NOW).unwrap();
    assert_eq!(*verified.personal(), owner());
    let json = verified.lock(&phrase("four winds"), KdfParams::FLOOR).unwrap().to_json();
    let text = String::from_utf8(json.clone()).unwrap();
    // longer words than chance writes in Base64
    for clear in ["\"clear\"", &owner().name, "Babbage", "Analytical"] {
        assert!(!text.contains(clear), "{clear}");
    }

    let read = Passport::from_json(&json, &center.root).unwrap();
    let wrong = read.unlock(&phrase("five winds")).unwrap_err();
    assert!(matches!(wrong, PassportError::Lock(LockError::WrongPassphrase)), "{wrong}");
    assert_eq!(*read.unlock(&phrase("four winds")).unwrap().personal(), owner());
    let changed = read.change_passphrase(&phrase("four winds"), &phrase("five"), KdfParams::FLOOR).unwrap();
    assert!(changed.unlock(&phrase("five")).is_ok() && changed.unlock(&phrase("four winds")).is_err());
}

#[test]
fn a_lock_that_asks_for_too_much_work_is_refused_when_the_file_is_read() {
    // C3: no passphrase is asked for, no memory taken
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let file = passport(&center, &consumer, &RegistrationKey::random()).to_json();
    for (field, most, too_much) in [("m_kib", 131_072, 1_048_576), ("t", 4, 16), ("p", 4, 5)] {
        let with = |cost: u32| {
            let mut json: serde_json::Value = serde_json::from_slice(&file).unwrap();
            json["registration_key"]["locked"]["params"][field] = cost.into();
            Passport::from_json(&serde_json::to_vec(&json).unwrap(), &center.root)
        };
        assert!(with(most).is_ok());
        let refused = with(too_much).unwrap_err();
        assert!(matches!(refused, PassportError::Lock(LockError::BadParameters)), "{field}: {refused}");
    }
}

#[test]
fn a_passphrase_opens_the_passport_however_its_letters_were_typed() {
    // C3, G5: 'ü' as one character, as 'u' and dots, from a file with a byte order mark
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let held = passport(&center, &consumer, &RegistrationKey::random());
    for typed in [PASSPHRASE, "gru\u{308}ne Heide", "\u{feff}grüne Heide"] {
        assert!(held.unlock(&phrase(typed)).is_ok(), "{typed:?}");
    }
    assert!(held.unlock(&phrase("grune Heide")).is_err());
}

#[test]
fn foreign_and_expired_registrations_are_refused() {
    // G4
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let file = registration(&center.certify(Role::LicensingCenter), &consumer, &RegistrationKey::random());
    assert!(RegistrationFile::verify(&file, &Center::new().root, NOW).is_err());
    let late = RegistrationFile::verify(&file, &center.root, NOW.plus_days(400)).unwrap_err();
    assert!(matches!(late, PassportError::Certificate(CertificateError::Expired { .. })));
    let by_a_merchant = registration(&center.certify(Role::Merchant), &consumer, &RegistrationKey::random());
    let usurped = RegistrationFile::verify(&by_a_merchant, &center.root, NOW).unwrap_err();
    assert!(matches!(usurped, PassportError::Certificate(CertificateError::WrongRole { .. })));
}

#[test]
fn each_of_the_two_keys_has_its_own_use() {
    // C5: what signs does not decrypt, what decrypts does not sign, and the certificates say so
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let held = passport(&center, &consumer, &RegistrationKey::random());
    let open = held.unlock(&phrase(PASSPHRASE)).unwrap();
    let (signing, receiving) = (open.chain().leaf(), open.encryption());
    assert!(signing.signs() && !signing.receives_keys());
    assert!(receiving.receives_keys() && !receiving.signs());
    assert_ne!(signing.key_fingerprint(), receiving.key_fingerprint());
    let signature = open.sign("cadenza/v1/test", b"message");
    sign::verify(signing, "cadenza/v1/test", b"message", &signature).unwrap();
    assert!(sign::verify(receiving, "cadenza/v1/test", b"message", &signature).is_err());

    let (licensing, key) = (center.certify(Role::LicensingCenter), RegistrationKey::random());
    let facts = owner();
    for (what, unfit) in center.unfit_receivers(&consumer) {
        let issue = Issue { encryption: unfit, ..issue(&consumer, &facts, &key) };
        let file = RegistrationFile::issue(&issue, &licensing.key, &licensing.chain).to_json();
        let refused = RegistrationFile::verify(&file, &center.root, NOW).unwrap_err();
        assert!(
            matches!(refused, PassportError::Certificate(CertificateError::Unfit { .. })),
            "{what}: {refused}"
        );
    }
    let receiver = consumer.receiver();
    let chain = CertificateChain::new(vec![receiver.certificate.clone(), center.authority.clone()]).unwrap();
    assert!(verify_chain(&chain, &center.root, Role::Consumer, NOW).is_err(), "no request is signed with it");
}

#[test]
fn a_passport_is_no_registration_file_and_the_other_way_about() {
    // G5
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let (licensing, key) = (center.certify(Role::LicensingCenter), RegistrationKey::random());
    let held = passport(&center, &consumer, &key);
    let (new, again) = (registration(&licensing, &consumer, &key), renewal(&licensing, &consumer, &key));
    let wrong_state = |e: PassportError| {
        crate::errors::assert_helps(&e, "passport");
        matches!(e, PassportError::WrongState(_))
    };
    for not_a_passport in [&new, &again] {
        assert!(wrong_state(Passport::from_json(not_a_passport, &center.root).unwrap_err()));
    }
    for not_new in [&held.to_json(), &again] {
        assert!(wrong_state(RegistrationFile::verify(not_new, &center.root, NOW).unwrap_err()));
    }
    for no_renewal in [&held.to_json(), &new] {
        assert!(wrong_state(Renewal::verify(no_renewal, &center.root, NOW, &held).unwrap_err()));
    }
}

#[test]
fn every_altered_byte_and_every_cut_of_a_registration_file_is_noticed() {
    // F5, G4
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let file = registration(&center.certify(Role::LicensingCenter), &consumer, &RegistrationKey::random());
    nothing_passes("registration file", &file, &[0x01, 0x20, 0x80], &[], |bytes| {
        RegistrationFile::verify(bytes, &center.root, NOW).is_ok()
    });
}

#[test]
fn every_altered_byte_and_every_cut_of_a_passport_is_noticed() {
    // F5, O7: by the signature, or by the lock, which is tried with the right passphrase
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let file = passport(&center, &consumer, &RegistrationKey::random()).to_json();
    let read = |bytes: &[u8]| Passport::from_json(bytes, &center.root).ok();
    nothing_passes("passport", &file, &[0x01, 0x20, 0x80], &[], |bytes| {
        read(bytes).is_some_and(|passport| passport.unlock(&phrase(PASSPHRASE)).is_ok())
    });
    white_space_says_nothing("passport", &file, |bytes| read(bytes).map(|passport| passport.to_json()));
}

#[test]
fn every_altered_byte_and_every_cut_of_a_renewal_is_noticed() {
    // F5, G8
    let center = Center::new();
    let consumer = center.certify_rsa(Role::Consumer);
    let key = RegistrationKey::random();
    let held = passport(&center, &consumer, &key);
    let file = renewal(&center.certify(Role::LicensingCenter), &consumer, &key);
    nothing_passes("renewal", &file, &[0x01, 0x20, 0x80], &[], |bytes| {
        Renewal::verify(bytes, &center.root, NOW, &held).is_ok()
    });
}

#[test]
fn a_renewal_takes_the_place_of_its_own_passport_and_of_no_other() {
    // G8
    let center = Center::new();
    let licensing = center.certify(Role::LicensingCenter);
    let key = RegistrationKey::random();
    let consumer = center.issue(Role::Consumer, rsa_3072(RsaKey::Consumer), -300, 60);
    let held = passport(&center, &consumer, &key);
    let renewed = center.issue(Role::Consumer, rsa_3072(RsaKey::Consumer), -1, 365);
    assert_eq!(consumer.chain.leaf().key_fingerprint(), renewed.chain.leaf().key_fingerprint());
    assert_ne!(consumer.chain.leaf().fingerprint(), renewed.chain.leaf().fingerprint());

    let file = renewal(&licensing, &renewed, &key);
    assert!(!String::from_utf8(file.clone()).unwrap().contains("clear"));
    let waiting = || Renewal::verify(&file, &center.root, NOW, &held).unwrap();
    let wrong = waiting().lock(&held, &phrase("five winds"), KdfParams::FLOOR).unwrap_err();
    assert!(matches!(wrong, PassportError::Lock(LockError::WrongPassphrase)));
    let new = waiting().lock(&held, &phrase(PASSPHRASE), KdfParams::FLOOR).unwrap();
    let new = Passport::from_json(&new.to_json(), &center.root).unwrap();
    assert_eq!(new.unlock(&phrase(PASSPHRASE)).unwrap().personal().address, "2 Difference Street, London");

    let refused = |file: &[u8]| match Renewal::verify(file, &center.root, NOW, &held) {
        Err(error) => error,
        Ok(waiting) => waiting.lock(&held, &phrase(PASSPHRASE), KdfParams::FLOOR).unwrap_err(),
    };
    let other = center.issue(Role::Consumer, rsa_3072(RsaKey::Other), -1, 365);
    let other_key = RegistrationKey::random();
    let older = center.issue(Role::Consumer, rsa_3072(RsaKey::Consumer), -1, 30);
    for file in [
        renewal(&licensing, &other, &key),
        renewal(&licensing, &renewed, &other_key),
        renewal(&licensing, &older, &key),
    ] {
        assert!(matches!(refused(&file), PassportError::OtherPassport));
    }
}

#[test]
fn a_request_for_renewal_says_who_sent_it_and_what_for() {
    // G8
    let center = Center::new();
    let consumer = center.certify(Role::Consumer);
    let sign = |domain: &str, message: &[u8]| consumer.key.sign(domain, message);
    let request = RenewalRequest::at(NOW);
    let message = SignedMessage::new(RenewalRequest::DOMAIN, &request, &consumer.chain, sign);
    let json = serde_json::to_vec(&message).unwrap();
    let open = |bytes: &[u8], domain, role, lists: &RevocationLists| {
        let message: SignedMessage = serde_json::from_slice(bytes).map_err(|_| SignedError::Malformed)?;
        message.open::<RenewalRequest>(domain, &center.root, role, NOW, lists)
    };
    let none = RevocationLists::none();
    assert_eq!(open(&json, RenewalRequest::DOMAIN, Role::Consumer, &none).unwrap().at, NOW);
    let other_purpose = open(&json, "cadenza/v1/redeem-request", Role::Consumer, &none).unwrap_err();
    assert_eq!(other_purpose, SignedError::Signature);
    assert!(open(&json, RenewalRequest::DOMAIN, Role::Merchant, &none).is_err());
    let list = center.revocation_list(&[consumer.chain.leaf()], NOW.plus_days(1));
    let lists = RevocationLists::from_ders([list.as_slice()]).unwrap();
    assert!(open(&json, RenewalRequest::DOMAIN, Role::Consumer, &lists).is_err());
    nothing_passes("signed message", &json, &[0x01, 0x20, 0x80], &[], |bytes| {
        open(bytes, RenewalRequest::DOMAIN, Role::Consumer, &none).is_ok()
    });
}
