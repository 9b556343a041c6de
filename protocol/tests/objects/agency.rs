//! What a distribution hub adds behind the author's block (O1, S9).

use std::io::Cursor;

use cadenza_protocol::cert::Role;
use cadenza_protocol::media::*;

use crate::alter::{MASKS, nothing_passes};
use crate::support::Center;
use crate::support::made::authored;
use crate::support::samples::agency_facts;

fn open(bytes: &[u8], center: &Center) -> Result<(), MediaError> {
    MediaFile::open(Cursor::new(bytes), &center.root)?.verify_all()
}

#[test]
fn a_hub_adds_codes_without_touching_what_the_author_signed() {
    // O1, S9
    let center = Center::new();
    let made = authored(&center.certify(Role::Author));
    let before = made.bytes.clone();
    let made = made.with_agency(&center, &center.certify(Role::Hub));
    assert!(made.bytes.starts_with(&before));
    let file = MediaFile::open(Cursor::new(&made.bytes), &center.root).unwrap();
    assert_eq!(file.agencies().len(), 1);
    assert_eq!(file.agencies()[0].facts, agency_facts(made.id));
    assert_eq!(file.published_length(), made.bytes.len() as u64);
}

#[test]
fn every_altered_byte_and_every_cut_of_a_file_with_agency_codes_is_noticed() {
    // F5, O1. Cut where the author's block ends it is the author's own file again, whole and signed: that much is no forgery, and
    // a delivered copy notices it (see delivery.rs).
    let center = Center::new();
    let made = authored(&center.certify(Role::Author));
    let authored = made.bytes.len();
    let made = made.with_agency(&center, &center.certify(Role::Hub));
    nothing_passes("media file, with agency codes", &made.bytes, &MASKS, &[authored], |bytes| {
        open(bytes, &center).is_ok()
    });
}

#[test]
fn codes_of_another_file_or_by_someone_who_is_no_hub_are_refused() {
    // S9, F5
    let center = Center::new();
    let (author, hub) = (center.certify(Role::Author), center.certify(Role::Hub));
    let first = authored(&author);
    let length = first.bytes.len();
    let first = first.with_agency(&center, &hub);
    let mut second = authored(&author).bytes;
    second.extend(&first.bytes[length..]);
    let moved = open(&second, &center).unwrap_err();
    assert!(matches!(moved, MediaError::Agency { .. }), "{moved}");

    let consumer = center.certify(Role::Consumer);
    let usurped = authored(&author).with_agency(&center, &consumer);
    assert!(matches!(open(&usurped.bytes, &center).unwrap_err(), MediaError::Agency { .. }));
}

#[test]
fn four_hubs_may_add_codes_a_fifth_may_not_nor_one_of_them_twice() {
    // O1, S9
    let center = Center::new();
    let hub = |name| center.certify_as(name, Role::Hub);
    let mut made = authored(&center.certify(Role::Author)).with_agency(&center, &hub("first"));
    let (same, hash) = (hub("first"), author_hash(&made.bytes, &center));
    let again = agency_facts(made.id).sign(&hash, &same.key, same.chain).unwrap().to_bytes();
    let error = open(&[made.bytes.as_slice(), &again].concat(), &center).unwrap_err().to_string();
    assert!(error.contains("second block of one hub"), "{error}");
    for name in ["second", "third", "fourth"] {
        made = made.with_agency(&center, &hub(name));
    }
    open(&made.bytes, &center).unwrap();
    let fifth = made.with_agency(&center, &hub("fifth"));
    assert!(open(&fifth.bytes, &center).is_err());
}

fn author_hash(bytes: &[u8], center: &Center) -> [u8; 32] {
    *MediaFile::open(Cursor::new(bytes), &center.root).unwrap().author_hash()
}

#[test]
fn empty_and_overlong_codes_are_refused_where_they_are_signed() {
    // S9
    let center = Center::new();
    let hub = center.certify(Role::Hub);
    let facts = agency_facts(cadenza_protocol::id::MediaId::random());
    let code = |value: &str| AgencyCode { scheme: "isrc".into(), value: value.into() };
    for codes in [vec![], vec![code("")], vec![code(&"x".repeat(129))], vec![code("x"); 17]] {
        let facts = AgencyFacts { codes, ..facts.clone() };
        assert!(facts.sign(&[0; 32], &hub.key, hub.chain.clone()).is_err());
    }
}
