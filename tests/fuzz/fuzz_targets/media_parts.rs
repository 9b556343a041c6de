//! Tables of contents, author's blocks, parameters, transaction blocks, grants: what is read must be written back as the same bytes.
#![no_main]

use cadenza_protocol::media::{AuthorBlock, ImageParameters, TableOfContents, TransactionBlock};
use cadenza_protocol::redeem::DeliveryGrant;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    match which % 5 {
        0 => {
            let end = rest.len() as u64 + 48;
            if let Ok(toc) = TableOfContents::from_bytes(rest, end) {
                assert_eq!(toc.to_bytes(), rest);
            }
        }
        1 => {
            if let Ok(block) = AuthorBlock::from_bytes(rest) {
                assert_eq!(&block.to_bytes()[4..], rest);
            }
        }
        2 => {
            if let Ok(parameters) = ImageParameters::from_bytes(rest) {
                assert_eq!(parameters.to_bytes(), rest);
            }
        }
        3 => {
            if let Ok(block) = TransactionBlock::from_bytes(rest) {
                assert_eq!(block.to_bytes(), rest);
            }
        }
        _ => {
            if let Ok(grant) = DeliveryGrant::from_bytes(rest) {
                assert_eq!(grant.to_bytes(), rest);
            }
        }
    }
});
