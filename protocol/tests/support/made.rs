//! [`samples`] as the services sign them, small enough to be altered byte by byte.

use cadenza_protocol::audit_log::{Checkpoint, EntryKind, LogFile, LogId, LogWriter, StampRecord};
use cadenza_protocol::cert::Role;
use cadenza_protocol::crypto::kdf::KdfParams;
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::crypto::wrap::{KeyBundle, RsaPrivateKey, WrapLabel, wrap_keys};
use cadenza_protocol::id::{KeyId, MediaId, VoucherId};
use cadenza_protocol::media::*;
use cadenza_protocol::passport::{Issue, Passport, PersonalFacts, RegistrationFile};
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::redeem::DeliveryGrant;
use cadenza_protocol::secret::{Passphrase, RegistrationKey, Secret};
use cadenza_protocol::time::UnixTime;
use cadenza_protocol::time_stamp::{Imprint, TimeStampToken};
use cadenza_protocol::voucher::{DeliveryAddress, MediaVoucher, VoucherFile, VoucherKind, VoucherTrack};

use super::samples::{self, agency_facts, owner, parameters, preview, sale};
use super::{Center, Holder, NOW};

/// What stands for a song's encoded bytes.
pub const SONG: &[u8] = &[0xA5; 700];
/// What stands for a preview's.
pub const CLIP: &[u8] = b"a clear clip";
/// What opens the passports.
pub const PASSPHRASE: &str = "grüne Heide";

/// A media file on its way: its bytes so far, and the keys that open it.
pub struct Made {
    pub id: MediaId,
    pub bytes: Vec<u8>,
    pub keys: KeyBundle,
}

/// As the author signs it.
pub fn authored(author: &Holder) -> Made {
    let id = MediaId::random();
    let mut builder = MediaBuilder::new(id);
    builder
        .text(TextKind::Title, "", "Maple Leaf Rag", Protection::Clear)
        .text(TextKind::Artist, "", "Scott Joplin", Protection::Clear)
        .text(TextKind::Lyrics, "en", "(hummed)", Protection::Buyers)
        .graphic(GraphicKind::Cover, "image/png", vec![1, 2, 3, 4], Protection::Clear)
        .graphic(GraphicKind::Waveform, "application/octet-stream", vec![50; 20], Protection::Buyers)
        .promotional("image/png", "EU", "piano,ragtime", vec![5; 40])
        .image(&parameters("preview-96", false), CLIP.to_vec())
        .image(&parameters("lossless", true), SONG.to_vec());
    let mut bytes = Vec::new();
    let keys = builder.finish(&mut bytes, &author.key, &author.chain, NOW).unwrap();
    Made { id, bytes, keys }
}

impl Made {
    /// A hub's codes behind what is there.
    pub fn with_agency(mut self, center: &Center, hub: &Holder) -> Self {
        let file = MediaFile::open(std::io::Cursor::new(&self.bytes), &center.root).unwrap();
        let block = agency_facts(self.id).sign(file.running_hash(), &hub.key, hub.chain.clone()).unwrap();
        self.bytes.extend(block.to_bytes());
        self
    }

    /// As a content manager sells it.
    pub fn published(mut self, center: &Center, manager: &Holder) -> Self {
        let file = MediaFile::open(std::io::Cursor::new(&self.bytes), &center.root).unwrap();
        let facts = PublicationFacts { media_id: self.id, published_at: NOW.plus_seconds(2) };
        let word = facts.sign(file.running_hash(), &manager.key, manager.chain.clone());
        let stamp = stamp(center, &word.imprint(file.running_hash()), NOW.plus_seconds(2));
        self.bytes.extend(word.stamped(stamp).to_bytes());
        self
    }

    /// The record of a purchase behind what is there.
    pub fn delivered(mut self, voucher_id: VoucherId, consumer: &Holder, manager: &Holder) -> Self {
        let to = &consumer.receiver().certificate;
        let label = WrapLabel::purchase(&self.id, &voucher_id, &to.fingerprint());
        let bought = self.keys.only(&[KeyId::DESCRIPTIVE, KeyId(1)]).unwrap();
        let wrapped_keys = wrap_keys(&bought, to, &label).unwrap();
        let grant = DeliveryGrant {
            voucher_id,
            media_id: self.id,
            length: self.bytes.len() as u64,
            sha256: sha256(&self.bytes),
            consumer_fingerprint: consumer.chain.leaf().fingerprint(),
            encryption_fingerprint: to.fingerprint(),
            content_manager_serial: manager.chain.leaf().serial(),
            wrapped_keys_sha256: sha256(&wrapped_keys),
            ..samples::grant()
        };
        let grant_signature = grant.sign(&manager.key);
        let facts = TransactionFacts {
            delivered_at: NOW.plus_seconds(3),
            grant,
            grant_signature,
            wrapped_keys,
            content_manager_chain: manager.chain.clone(),
            consumer_chain: consumer.chain.clone(),
        };
        let private = RsaPrivateKey::from_pkcs8_der(&consumer.pkcs8).unwrap();
        self.bytes.extend(facts.signed(|domain, message| private.sign(domain, message)).to_bytes());
        self
    }
}

/// The licensing center's stamp.
pub fn stamp(center: &Center, imprint: &Imprint, at: UnixTime) -> TimeStampToken {
    let licensing = center.certify(Role::LicensingCenter);
    TimeStampToken::issue(imprint, at, &licensing.key, licensing.chain)
}

pub fn phrase(text: &str) -> Passphrase {
    Passphrase::new(text.into())
}

pub fn issue<'a>(
    consumer: &'a Holder,
    personal: &'a PersonalFacts,
    registration_key: &'a RegistrationKey,
) -> Issue<'a> {
    let receiver = consumer.receiver();
    Issue {
        chain: consumer.chain.clone(),
        encryption: receiver.certificate.clone(),
        signing_key: &consumer.pkcs8,
        decryption_key: &receiver.pkcs8,
        personal,
        registration_key,
        issued_at: NOW,
    }
}

pub fn registration(licensing: &Holder, consumer: &Holder, key: &RegistrationKey) -> Vec<u8> {
    let owner = owner();
    let issue = issue(consumer, &owner, key);
    RegistrationFile::issue(&issue, &licensing.key, &licensing.chain).to_json().to_vec()
}

pub fn renewal(licensing: &Holder, consumer: &Holder, key: &RegistrationKey) -> Vec<u8> {
    let mut owner = owner();
    owner.address = "2 Difference Street, London".into();
    let issue = issue(consumer, &owner, key);
    RegistrationFile::renew(&issue, &licensing.key, &licensing.chain).to_json().to_vec()
}

pub fn passport(center: &Center, consumer: &Holder, key: &RegistrationKey) -> Passport {
    let file = registration(&center.certify(Role::LicensingCenter), consumer, key);
    let verified = RegistrationFile::verify(&file, &center.root, NOW).unwrap();
    verified.lock(&phrase(PASSPHRASE), KdfParams::FLOOR).unwrap()
}

pub fn voucher(center: &Center, manager: &Holder, kind: VoucherKind) -> VoucherFile {
    let track = |n: u8, title: Option<&str>| {
        let sample = samples::track([n; 32]);
        VoucherTrack {
            voucher_id: VoucherId::from_bytes([0xA0 | n; 16]),
            media_id: MediaId::from_bytes([0xB0 | n; 16]),
            part: if kind == VoucherKind::Purchase || n == 1 { PreviewKind::Song } else { PreviewKind::Clip },
            receipt: sample.receipt.filter(|_| kind == VoucherKind::Purchase),
            delivery: DeliveryAddress { rtsp: title.map(|_| 8554), ..sample.delivery },
            title: title.map(str::to_owned),
            quality: sample.quality,
        }
    };
    let tracks = vec![track(1, None), track(2, Some("Maple Leaf Rag"))];
    let (issued, expires) = (NOW, NOW.plus_days(7));
    let (root, merchant_key) = (center.root.fingerprint(), samples::MERCHANT_KEY);
    let voucher = MediaVoucher { kind, tracks, issued, expires, root, merchant_key, gift: false };
    voucher.sign(&manager.key, manager.chain.clone())
}

/// Names the log of the tests.
pub const LOG: LogId = [9; 16];

/// What the log of the tests was started with.
pub const fn log_secret() -> Secret<32> {
    Secret::from_bytes([7; 32])
}

/// A content manager's log and the checkpoint after its last entry. Nothing in it is random.
pub fn log() -> (LogFile, Checkpoint) {
    log_with(|_| Vec::new())
}

/// The same, stamped before it ended.
pub fn stamped_log(center: &Center) -> (LogFile, Checkpoint) {
    log_with(|writer| {
        let head = writer.checkpoint();
        let stamp = stamp(center, &head.imprint(), NOW.plus_seconds(9));
        let record = StampRecord { entries: head.entries, running: head.running, stamp };
        vec![writer.append(EntryKind::Stamped, &record.to_bytes()).unwrap()]
    })
}

fn log_with(more: impl FnOnce(&mut LogWriter) -> Vec<Vec<u8>>) -> (LogFile, Checkpoint) {
    let mut writer = LogWriter::new(LOG, log_secret());
    let first = [
        (EntryKind::Opened, Vec::new()),
        (EntryKind::Sale, sale().to_bytes()),
        (EntryKind::Preview, preview().to_bytes()),
    ];
    let mut entries = first.map(|(kind, content)| writer.append(kind, &content).unwrap()).to_vec();
    entries.extend(more(&mut writer));
    entries.push(writer.append(EntryKind::Closed, b"").unwrap());
    (LogFile { log: LOG, entries }, writer.checkpoint())
}
