//! Time stamps (C2): what is sold says when by the licensing center's clock, so no stolen key dates anything back.

use std::io::Cursor;

use cadenza_protocol::audit_log::{Checkpoint, StampRecord};
use cadenza_protocol::cert::{CertificateError, RevocationLists, Role};
use cadenza_protocol::media::*;
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::time_stamp::{AHEAD_SECONDS, StampError, TimeStampToken};

use crate::alter::{MASKS, nothing_passes};
use crate::errors::assert_helps;
use crate::support::made::{LOG, Made, authored, stamp};
use crate::support::{Center, Holder, NOW};

/// A content manager's word for a file, and what it shows to have that stamped.
fn word_for(
    made: &Made,
    center: &Center,
    manager: &Holder,
    at: UnixTime,
) -> (Publication, [u8; 32], StampRequest) {
    let mut file = MediaFile::open(Cursor::new(&made.bytes), &center.root).unwrap();
    let running_hash = *file.running_hash();
    let facts = PublicationFacts { media_id: made.id, published_at: at };
    let word = facts.sign(&running_hash, &manager.key, manager.chain.clone());
    let request = StampRequest::new(file.blocks().unwrap(), &word);
    (word, running_hash, request)
}

/// The file with this word, stamped at this time.
fn sold(
    made: &Made,
    center: &Center,
    word: Publication,
    running_hash: &[u8; 32],
    at: UnixTime,
) -> Result<(), MediaError> {
    let token = stamp(center, &word.imprint(running_hash), at);
    let bytes = [made.bytes.clone(), word.stamped(token).to_bytes()].concat();
    MediaFile::open(Cursor::new(bytes), &center.root).map(drop)
}

#[test]
fn the_licensing_center_stamps_what_everybody_in_good_standing_signed_and_readers_believe_it() {
    // C2, O1
    let center = Center::new();
    let made = authored(&center.certify(Role::Author)).with_agency(&center, &center.certify(Role::Hub));
    let manager = center.certify(Role::ContentManager);
    let (word, running_hash, request) = word_for(&made, &center, &manager, NOW);
    let list = center.revocation_list(&[], NOW.plus_days(1));
    let none = RevocationLists::from_ders([list.as_slice()]).unwrap();
    let request: StampRequest = serde_json::from_slice(&serde_json::to_vec(&request).unwrap()).unwrap();
    assert_eq!(request.judge(&center.root, NOW, &none).unwrap(), word.imprint(&running_hash));
    sold(&made, &center, word, &running_hash, NOW).unwrap();
}

#[test]
fn whoever_was_withdrawn_gets_no_stamp_whatever_time_their_signature_states() {
    // C2, C5: the key of an author, of a hub, of a content manager is stolen and its certificate revoked; the thief dates back
    let center = Center::new();
    let (author, hub) = (center.certify(Role::Author), center.certify(Role::Hub));
    let manager = center.certify(Role::ContentManager);
    let made = authored(&author).with_agency(&center, &hub);
    let (_, _, request) = word_for(&made, &center, &manager, NOW);
    for withdrawn in [&author, &hub, &manager] {
        let list = center.revocation_list(&[withdrawn.chain.leaf()], NOW.plus_days(2));
        let lists = RevocationLists::from_ders([list.as_slice()]).unwrap();
        let refusal = request.judge(&center.root, NOW.plus_days(1), &lists).unwrap_err();
        assert!(refusal.to_string().contains("revoked"), "{refusal}");
    }
}

#[test]
fn a_key_whose_certificate_has_run_out_sells_nothing_more_by_stating_an_earlier_time() {
    // C2
    let center = Center::new();
    let lapsed = |role| center.certify_for(role, -10, 20);
    let later = NOW.plus_days(30);
    let good = authored(&center.certify(Role::Author));
    let (word, hash, request) = word_for(&good, &center, &lapsed(Role::ContentManager), NOW);
    let refusal = sold(&good, &center, word, &hash, later).unwrap_err();
    assert!(matches!(refusal, MediaError::Publication { .. }), "{refusal}");
    assert_helps(&refusal, "media file");
    assert!(request.judge(&center.root, later, &RevocationLists::none()).is_err());

    let by_lapsed_author = authored(&lapsed(Role::Author));
    let (word, hash, _) = word_for(&by_lapsed_author, &center, &center.certify(Role::ContentManager), later);
    let refusal = sold(&by_lapsed_author, &center, word, &hash, later).unwrap_err().to_string();
    assert!(refusal.contains("author, when it was stamped"), "{refusal}");
}

#[test]
fn a_signature_that_states_a_time_after_its_stamp_is_refused() {
    // C2: a few minutes are the difference of two clocks
    let center = Center::new();
    let made = authored(&center.certify(Role::Author));
    let manager = center.certify(Role::ContentManager);
    for (ahead, fits) in [(AHEAD_SECONDS, true), (AHEAD_SECONDS + 1, false)] {
        let (word, hash, request) = word_for(&made, &center, &manager, NOW.plus_seconds(ahead));
        assert_eq!(request.judge(&center.root, NOW, &RevocationLists::none()).is_ok(), fits);
        assert_eq!(sold(&made, &center, word, &hash, NOW).is_ok(), fits);
    }
}

#[test]
fn a_stamp_is_good_for_one_thing_and_only_the_licensing_center_stamps() {
    // C2
    let center = Center::new();
    let token = stamp(&center, &[7; 32], NOW);
    token.verify(&[7; 32], &center.root).unwrap();
    assert!(matches!(token.verify(&[8; 32], &center.root), Err(StampError::Signature(_))));
    assert!(token.verify(&[7; 32], &Center::new().root).is_err());
    let manager = center.certify(Role::ContentManager);
    let usurped = TimeStampToken::issue(&[7; 32], NOW, &manager.key, manager.chain);
    let refusal = usurped.verify(&[7; 32], &center.root).unwrap_err();
    assert!(matches!(refusal, StampError::Certificate(CertificateError::WrongRole { .. })), "{refusal:?}");

    let made = authored(&center.certify(Role::Author));
    let manager = center.certify(Role::ContentManager);
    let (first, hash, _) = word_for(&made, &center, &manager, NOW);
    let (second, ..) = word_for(&made, &center, &manager, NOW.plus_seconds(1));
    let token = stamp(&center, &first.imprint(&hash), NOW);
    let bytes = [made.bytes.clone(), second.stamped(token).to_bytes()].concat();
    let moved = MediaFile::open(Cursor::new(bytes), &center.root).unwrap_err();
    assert!(matches!(moved, MediaError::Publication { .. }), "{moved}");
}

#[test]
fn every_altered_byte_and_every_cut_of_a_stamp_is_noticed() {
    // C2, F5
    let center = Center::new();
    let head = Checkpoint { log: LOG, entries: 12, running: [5; 32] };
    let record = StampRecord { entries: 12, running: [5; 32], stamp: stamp(&center, &head.imprint(), NOW) };
    nothing_passes("stamp of a log", &record.to_bytes(), &MASKS, &[], |bytes| {
        StampRecord::from_bytes(bytes).is_ok_and(|record| record.verify(LOG, &center.root).is_ok())
    });
    assert!(record.verify([1; 16], &center.root).is_err(), "the stamp of another log");
}
