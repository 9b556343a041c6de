//! The free part of a file, passed on from hand to hand (V9).

use std::io::{Cursor, Read};

use cadenza_protocol::cert::Role;
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::media::*;

use crate::alter::nothing_passes;
use crate::support::Center;
use crate::support::made::{CLIP, SONG, authored};

fn open<'b>(bytes: &'b [u8], center: &Center) -> Result<MediaFile<Cursor<&'b [u8]>>, MediaError> {
    MediaFile::open(Cursor::new(bytes), &center.root)
}

fn free_part(bytes: &[u8], center: &Center) -> Vec<u8> {
    let mut free = Vec::new();
    open(bytes, center).unwrap().write_free_part(&mut free).unwrap();
    free
}

/// Published by a store, and the same bought by somebody.
fn bought(center: &Center) -> (Vec<u8>, Vec<u8>) {
    let (manager, consumer) = (center.certify(Role::ContentManager), center.certify_rsa(Role::Consumer));
    let made = authored(&center.certify(Role::Author)).with_agency(center, &center.certify(Role::Hub));
    let made = made.published(center, &manager);
    let published = made.bytes.clone();
    (published, made.delivered(VoucherId::random(), &consumer, &manager).bytes)
}

#[test]
fn the_free_part_of_a_bought_file_proves_itself_and_holds_nothing_for_buyers() {
    // V9, O1, O5
    let center = Center::new();
    let (published, delivered) = bought(&center);
    let free = free_part(&delivered, &center);
    assert_eq!(free, free_part(&published, &center), "nothing tells who passed it on");
    assert_eq!(free, free_part(&free, &center), "and it can be passed on again");
    assert!(free.len() < published.len() - SONG.len());

    let mut file = open(&free, &center).unwrap();
    file.verify_all().unwrap();
    assert_eq!((file.agencies().len(), file.transaction().is_none()), (1, true));
    assert!(file.publication().is_some());
    assert_eq!(file.text(TextKind::Title).unwrap().as_deref(), Some("Maple Leaf Rag"));
    assert_eq!(file.graphic(GraphicKind::Cover).unwrap().unwrap().bytes, [1, 2, 3, 4]);
    let mut clip = Vec::new();
    file.open_image("preview-96", None).unwrap().read_to_end(&mut clip).unwrap();
    assert_eq!(clip, CLIP);
    let encrypted = file.toc().iter().filter(|entry| entry.key.is_some()).map(|entry| entry.number);
    assert_eq!(file.absent(), encrypted.collect::<Vec<_>>());
    assert!(file.image("lossless").unwrap().for_sale, "what could be bought is told");
    assert!(matches!(file.open_image("lossless", None), Err(MediaError::Locked { .. })));
    assert!(matches!(file.text(TextKind::Lyrics), Err(MediaError::Locked { .. })));
    assert!(open(&published, &center).unwrap().absent().is_empty());
}

#[test]
fn a_file_without_anything_for_buyers_is_its_own_free_part() {
    // V9
    let center = Center::new();
    let author = center.certify(Role::Author);
    let mut builder = MediaBuilder::new(cadenza_protocol::id::MediaId::random());
    builder.text(TextKind::Title, "", "Free as it is", Protection::Clear);
    let mut bytes = Vec::new();
    builder.finish(&mut bytes, &author.key, &author.chain, crate::support::NOW).unwrap();
    assert_eq!(free_part(&bytes, &center), bytes);
}

#[test]
fn a_list_that_leaves_out_something_else_is_refused() {
    // V9, F5: the signed table says what is encrypted and how long it is
    let center = Center::new();
    let (published, _) = bought(&center);
    let free = free_part(&published, &center);
    let mut file = open(&free, &center).unwrap();
    let absent = file.absent().to_vec();
    file.verify_all().unwrap();
    let (at, tail) = (free.len() - 20 - 4 * absent.len(), free.len() - 20);
    let refused = |list: &[u32], bytes: u64| {
        let numbers: Vec<u8> = list.iter().flat_map(|number| number.to_be_bytes()).collect();
        let count = u32::try_from(list.len()).unwrap().to_be_bytes();
        let forged = [&free[..at], &numbers, &bytes.to_be_bytes(), &count, b"CDZFREE1"].concat();
        assert!(open(&forged, &center).is_err(), "{list:?}, {bytes}");
    };
    let bytes = u64::from_be_bytes(free[tail..tail + 8].try_into().unwrap());
    let mut title = absent.clone();
    title[0] = 0;
    let mut twice = absent.clone();
    twice[1] = twice[0];
    let backwards: Vec<u32> = absent.iter().rev().copied().collect();
    for list in [&title, &twice, &backwards, &vec![400; absent.len()]] {
        refused(list, bytes);
    }
    for wrong in [0, bytes - 1, bytes + 1, u64::MAX] {
        refused(&absent, wrong);
    }
    assert!(open(&[published.as_slice(), &free[at..]].concat(), &center).is_err(), "nothing is absent there");
    assert!(open(&free[..at], &center).is_err());
}

#[test]
fn every_altered_byte_and_every_cut_of_a_free_part_is_noticed() {
    // F5, V9
    let center = Center::new();
    let free = free_part(&bought(&center).0, &center);
    nothing_passes("media file, free part", &free, &[0x01], &[], |bytes| {
        open(bytes, &center).and_then(|mut file| file.verify_all()).is_ok()
    });
}
