//! The parts of media and delivered files, one by one: what is read must be written back as the same bytes.
#![no_main]

use cadenza_fuzz::{center, insider};
use cadenza_protocol::media::{
    AgencyBlock, AuthorBlock, ImageParameters, PublicationBlock, TableOfContents, TransactionBlock,
};
use cadenza_protocol::redeem::DeliveryGrant;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    match which % 7 {
        0 => {
            // Behind the last item; the input's first bytes say where that is.
            let Some((end, rest)) = rest.split_first_chunk() else { return };
            if let Ok(toc) = TableOfContents::from_bytes(rest, u64::from_be_bytes(*end)) {
                assert_eq!(toc.to_bytes(), rest);
            }
        }
        1 => {
            if let Ok(block) = AuthorBlock::from_bytes(rest) {
                assert_eq!(&block.to_bytes()[4..], rest);
                let _ = block.verify(center::root(), &[0; 48], b"");
            }
        }
        2 => {
            if let Ok(parameters) = ImageParameters::from_bytes(rest) {
                assert_eq!(parameters.to_bytes(), rest);
                let point = parameters.seek_point(parameters.frames);
                assert!(point.frame <= parameters.frames);
                let _ = parameters.duration_ms();
            }
        }
        3 => {
            if let Ok(block) = TransactionBlock::from_bytes(rest) {
                assert_eq!(block.to_bytes(), rest);
                let _ = block.verify(center::root(), &insider::MEDIA);
            }
        }
        4 => {
            if let Ok(grant) = DeliveryGrant::from_bytes(rest) {
                assert_eq!(grant.to_bytes(), rest);
            }
        }
        5 => {
            if let Ok(block) = PublicationBlock::from_bytes(rest) {
                assert_eq!(&block.to_bytes()[12..], rest);
                let _ = block.verify(center::root(), &insider::MEDIA, &[0; 32]);
            }
        }
        _ => {
            if let Ok(block) = AgencyBlock::from_bytes(rest) {
                assert_eq!(&block.to_bytes()[12..], rest);
                let _ = block.verify(center::root(), &insider::MEDIA, &[0; 32]);
            }
        }
    }
});
