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
fn codes_cannot_be_removed_or_put_in_another_order_once_a_store_sells_the_file() {
    // O1, S9: a hub signs what precedes it, a content manager signs the whole
    let center = Center::new();
    let (first, second) = (center.certify(Role::Hub), center.certify(Role::Hub));
    let made = authored(&center.certify(Role::Author));
    let author_end = made.bytes.len();
    let made = made.with_agency(&center, &first);
    let first_end = made.bytes.len();
    let made = made.with_agency(&center, &second);
    let second_end = made.bytes.len();
    let made = made.published(&center, &center.certify(Role::ContentManager));
    let manager = MediaFile::open(Cursor::new(&made.bytes), &center.root).unwrap();
    assert_eq!(manager.publication().unwrap().word.facts.media_id, made.id);

    let (author, rest) = made.bytes.split_at(author_end);
    let (one, rest) = rest.split_at(first_end - author_end);
    let (two, publication) = rest.split_at(second_end - first_end);
    open(&[author, one, two, publication].concat(), &center).unwrap();
    open(&[author, one].concat(), &center).unwrap();
    let refused = |parts: &[&[u8]]| open(&parts.concat(), &center).unwrap_err();
    for agency in [&[author, two, one, publication][..], &[author, two, publication], &[author, two]] {
        assert!(matches!(refused(agency), MediaError::Agency { .. }));
    }
    for publication in [&[author, one, publication][..], &[author, publication]] {
        let error = refused(publication);
        crate::errors::assert_helps(&error, "media file");
        assert!(matches!(error, MediaError::Publication { .. }), "{error}");
    }
    assert!(open(&[author, one, two, publication, publication].concat(), &center).is_err());
    assert!(open(&[author, one, publication, two].concat(), &center).is_err());

    let consumer = center.certify(Role::Consumer);
    let usurped = authored(&center.certify(Role::Author)).published(&center, &consumer);
    assert!(matches!(open(&usurped.bytes, &center).unwrap_err(), MediaError::Publication { .. }));
}

#[test]
fn every_altered_byte_and_every_cut_of_a_published_file_is_noticed() {
    // F5, O1: cut behind a block it is the file of whoever added that block
    let center = Center::new();
    let made = authored(&center.certify(Role::Author));
    let authored = made.bytes.len();
    let made = made.with_agency(&center, &center.certify(Role::Hub));
    let coded = made.bytes.len();
    let made = made.published(&center, &center.certify(Role::ContentManager));
    nothing_passes("media file, published", &made.bytes, &MASKS, &[authored, coded], |bytes| {
        open(bytes, &center).is_ok()
    });
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
    // Keys say who is who, not names.
    let hub = || center.certify_as("A Hub", Role::Hub);
    let first = hub();
    let mut made = authored(&center.certify(Role::Author)).with_agency(&center, &first);
    let hash = running_hash(&made.bytes, &center);
    let add = |facts: AgencyFacts| {
        let block = facts.sign(&hash, &first.key, first.chain.clone()).unwrap().to_bytes();
        open(&[made.bytes.as_slice(), &block].concat(), &center)
    };
    let facts = || agency_facts(made.id);
    let error = add(AgencyFacts { agent: "Gema".into(), ..facts() }).unwrap_err().to_string();
    assert!(error.contains("second block of one hub"), "{error}");
    add(AgencyFacts { agent_key: [1; 32], ..facts() }).unwrap();
    for _ in ["second", "third", "fourth"] {
        made = made.with_agency(&center, &hub());
    }
    open(&made.bytes, &center).unwrap();
    let fifth = made.with_agency(&center, &hub());
    assert!(open(&fifth.bytes, &center).is_err());
}

fn running_hash(bytes: &[u8], center: &Center) -> [u8; 32] {
    *MediaFile::open(Cursor::new(bytes), &center.root).unwrap().running_hash()
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
