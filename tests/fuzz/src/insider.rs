//! A media file by an author who means harm: whatever items the fuzzer wrote, with offsets, hashes and signature as they should be.
//!
//! ```text
//! plan: agency blocks (low 3 bits), publication block (0x40), transaction block (0x80) (1)
//! then per item: type (1) subtype (1) flags (1: 1 encrypted, 2 really sealed, 4 a wrong hash) key id (1)
//!                media type, language, region, interests (each length 1, bytes) | content (length 2, bytes)
//! ```

use cadenza_protocol::crypto::chunked::Sealer;
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::crypto::wrap::KeyBundle;
use cadenza_protocol::id::KeyId;
use cadenza_protocol::media::{
    AgencyFacts, AuthorBlock, HEADER, MAGIC, PublicationFacts, TransactionFacts, VERSION,
};
use cadenza_protocol::redeem::DeliveryGrant;
use cadenza_protocol::secret::ContentKey;
use cadenza_protocol::time_stamp::{Imprint, TimeStampToken};
use cadenza_protocol::wire::{Reader, WireError, Writer};
use std::io::Write as _;

use crate::center::{self, NOW};
use crate::samples;

pub use crate::samples::{MEDIA, VOUCHER};

/// One item as planned.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    pub kind: [u8; 2],
    pub flags: u8,
    pub key: u8,
    pub texts: [&'a [u8]; 4],
    pub content: &'a [u8],
}

impl<'a> Plan<'a> {
    fn read(r: &mut Reader<'a>) -> Result<Self, WireError> {
        let kind = r.array("kind")?;
        let (flags, key) = (r.u8("flags")?, r.u8("key")?);
        let mut texts = [&[][..]; 4];
        for text in &mut texts {
            let length = r.u8("length")?;
            *text = r.take(length.into(), "text")?;
        }
        let length = usize::from(r.u16("length")?).min(r.remaining());
        Ok(Self { kind, flags, key, texts, content: r.take(length, "content")? })
    }

    /// The mirror of reading, for seeds.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.raw(&self.kind).u8(self.flags).u8(self.key);
        for text in self.texts {
            w.u8(u8::try_from(text.len()).expect("short")).raw(text);
        }
        w.u16(u16::try_from(self.content.len()).expect("short")).raw(self.content);
        w.into_bytes()
    }
}

/// The keys of every encrypted item.
pub fn keys() -> KeyBundle {
    let key = |n: u8| (KeyId(n.into()), ContentKey::from_bytes([n; 32]));
    KeyBundle::new((0..7).map(key).collect()).expect("seven different keys")
}

/// The file, signed by everyone whom it needs; `None` if the bytes hold not one item.
pub fn media_file(bytes: &[u8]) -> Option<Vec<u8>> {
    let (plan, rest) = bytes.split_first()?;
    let mut r = Reader::new(rest);
    let items: Vec<Plan<'_>> = std::iter::from_fn(|| Plan::read(&mut r).ok()).take(260).collect();
    let count = u32::try_from(items.len()).expect("at most 260");
    let (mut body, mut rows) = (Vec::new(), Writer::new());
    rows.u32(count);
    for (n, item) in (0..).zip(&items) {
        let stored = item.stored(n);
        let mut hash = sha256(&stored);
        hash[0] ^= item.flags & 4;
        rows.raw(&item.kind).bool(item.flags & 1 != 0).u16(item.key.into());
        for text in item.texts {
            rows.bytes(text);
        }
        rows.u64((HEADER + body.len()) as u64).u64(stored.len() as u64).raw(&hash);
        body.extend(stored);
    }
    let toc = rows.into_bytes();
    let mut header = Writer::new();
    header.raw(&MAGIC).u16(VERSION.0).u16(VERSION.1).u32(0).raw(MEDIA.as_bytes());
    header.u64((HEADER + body.len()) as u64).count(toc.len()).u32(0);
    let header: [u8; HEADER] = header.into_bytes().try_into().expect("48 bytes");
    let author = center::author();
    let block = AuthorBlock::sign(&author.key, author.chain.clone(), NOW, &header, &toc).to_bytes();
    let mut file = [&header[..], &body, &toc, &block].concat();
    let mut running = sha256(&block[4..]);
    for n in 0..plan & 7 {
        let agency = agency_block(n, &running);
        running = sha256(&[&running[..], &agency].concat());
        file.extend(agency);
    }
    if plan & 0x40 != 0 {
        file.extend(publication_block(&running));
    }
    if plan & 0x80 != 0 {
        file.extend(transaction_block(&file));
    }
    Some(file)
}

/// An agency block for a file of this running hash.
pub fn agency_block(n: u8, running_hash: &[u8; 32]) -> Vec<u8> {
    let facts =
        AgencyFacts { agent: format!("Agency {n}"), agent_key: [n; 32], ..samples::agency_facts(MEDIA) };
    let hub = center::hub();
    facts.sign(running_hash, &hub.key, hub.chain.clone()).expect("the facts fit").to_bytes()
}

/// A publication block for a file of this running hash.
pub fn publication_block(running_hash: &[u8; 32]) -> Vec<u8> {
    let manager = center::manager();
    let facts = PublicationFacts { media_id: MEDIA, published_at: NOW };
    let word = facts.sign(running_hash, &manager.key, manager.chain.clone());
    let stamp = stamp(&word.imprint(running_hash));
    word.stamped(stamp).to_bytes()
}

/// The licensing center's stamp.
pub fn stamp(imprint: &Imprint) -> TimeStampToken {
    let licensing = center::licensing();
    TimeStampToken::issue(imprint, NOW, &licensing.key, licensing.chain.clone())
}

/// The purchase of a file as it was published.
pub fn transaction_block(published: &[u8]) -> Vec<u8> {
    let (manager, listener) = (center::manager(), center::listener());
    let wrapped_keys = vec![7; 384];
    let grant = DeliveryGrant {
        length: published.len() as u64,
        sha256: sha256(published),
        consumer_fingerprint: listener.chain.leaf().fingerprint(),
        encryption_fingerprint: center::receiver().chain.leaf().fingerprint(),
        content_manager_serial: manager.chain.leaf().serial(),
        wrapped_keys_sha256: sha256(&wrapped_keys),
        ..samples::grant()
    };
    let facts = TransactionFacts {
        delivered_at: NOW,
        grant_signature: grant.sign(&manager.key),
        grant,
        wrapped_keys,
        content_manager_chain: manager.chain.clone(),
        consumer_chain: listener.chain.clone(),
    };
    facts.signed(|domain, message| listener.key.sign(domain, message)).to_bytes()
}

impl Plan<'_> {
    fn stored(&self, number: u32) -> Vec<u8> {
        if self.flags & 2 == 0 {
            return self.content.to_vec();
        }
        let mut context = Writer::new();
        context.text("cadenza/v1/item").bytes(MEDIA.as_bytes()).u32(number);
        let key = ContentKey::from_bytes([self.key; 32]);
        let mut sealer =
            Sealer::with_salt(&key, &context.into_bytes(), &[3; 24], Vec::new()).expect("in memory");
        sealer.write_all(self.content).expect("in memory");
        sealer.finish().expect("in memory")
    }
}
