//! What the search looks for, computed from a home folder and its passphrase by the formats alone.
//!
//! A freed block loses its first sixteen bytes to the allocator's own lists. So a needle leaves out the first half of a
//! key, and is cut from the middle of a large number: a copy that was freed and not wiped is found all the same.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::chunked;
use cadenza_protocol::crypto::kdf::{self, LockedKey};
use cadenza_protocol::crypto::wrap::WrapLabel;
use cadenza_protocol::media::MediaFile;
use cadenza_protocol::passport::Passport;
use cadenza_protocol::secret::Passphrase;
use cadenza_protocol::wire::Writer;
use ring::hkdf::{HKDF_SHA512, KeyType, Prk};
use rsa::BigUint;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PrivateKeyParts;
use serde_json::Value;

use crate::player::PASSPHRASE;
use crate::{TestPlayer, TestStore};

/// What a needle would open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: it has to be found.
    Control,
    /// As it was typed.
    Passphrase,
    /// The key that the passphrase opens, what opens it, and what is made from it.
    RegistrationKey,
    /// The passport's own.
    PrivateKey,
    /// A track's.
    MediaKey,
}

/// Bytes to look for.
#[derive(Debug)]
pub struct Needle {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Everything that must not be found, and one thing that must.
pub fn needles(store: &TestStore, player: &TestPlayer) -> Vec<Needle> {
    let root = fs::read_to_string(store.ready("root_cert")).expect("the root certificate");
    let root = Certificate::from_pem(&root).expect("PEM");
    let home = player.home().to_string_lossy().into_owned();
    let mut needles = vec![needle(Kind::Control, "the home folder's path", home.as_bytes())];
    let passport = fs::read(player.home().join("passport.cadpassport")).expect("a passport");
    of_passport(&passport, &root, &mut needles);
    let passport = Passport::from_json(&passport, &root).expect("signed by the licensing center");
    for file in player.purchases() {
        of_track(&file, &root, &passport, &mut needles);
    }
    needles
}

/// `docs/formats/passport.md`
fn of_passport(json: &[u8], root: &Certificate, needles: &mut Vec<Needle>) {
    let holder = Passport::from_json(json, root).expect("signed by the licensing center");
    let holder = holder.chain().leaf().fingerprint();
    let file: Value = serde_json::from_slice(json).expect("JSON");
    let body = base64(&file["body"]);
    let locked: LockedKey =
        serde_json::from_value(file["registration_key"]["locked"].clone()).expect("a locked key");

    needles.push(needle(Kind::Passphrase, "the passphrase", PASSPHRASE.as_bytes()));
    needles.push(needle(
        Kind::RegistrationKey,
        "the passphrase's key that opens it",
        &argon2id(&locked)[16..],
    ));
    let key = kdf::unlock(&locked, &Passphrase::new(PASSPHRASE.to_owned()), &body).expect("the passphrase");
    needles.push(needle(Kind::RegistrationKey, "the key", &key.expose()[16..]));
    let text = STANDARD.encode(key.expose());
    needles.push(needle(Kind::RegistrationKey, "as it is issued, base64", &text.as_bytes()[16..43]));

    let body: Value = serde_json::from_slice(&body).expect("JSON");
    let parts =
        [("signing_key", "signing-key"), ("decryption_key", "decryption-key"), ("personal", "personal")];
    for (part, purpose) in parts {
        let sealed = base64(&body[part]);
        let mut context = Writer::new();
        context.text(&format!("cadenza/v1/passport/{purpose}")).bytes(&holder);
        let context = context.into_bytes();
        let name = format!("made from it for the {purpose}");
        needles.push(needle(Kind::RegistrationKey, &name, &chunk_key(key.expose(), &sealed, &context)[16..]));
        let open = chunked::open(&key, &context, &sealed).expect("sealed under the registration key");
        if part != "personal" {
            of_private_key(&open, needles);
        }
    }
}

fn of_private_key(der: &[u8], needles: &mut Vec<Needle>) {
    let key = rsa::RsaPrivateKey::from_pkcs8_der(der).expect("PKCS #8");
    let (p, q) = (&key.primes()[0], &key.primes()[1]);
    let inverse = key.crt_coefficient().expect("two primes");
    needles.push(needle(Kind::PrivateKey, "its document (DER)", &der[16..]));
    let numbers = [
        ("d", key.d()),
        ("p", p),
        ("q", q),
        ("d mod p-1", key.dp().expect("precomputed")),
        ("d mod q-1", key.dq().expect("precomputed")),
        ("1/q mod p", &inverse),
    ];
    for (name, number) in numbers {
        needles.push(needle(
            Kind::PrivateKey,
            &format!("{name}, most significant first"),
            &middle(&number.to_bytes_be()),
        ));
        needles.push(needle(Kind::PrivateKey, &format!("{name}, in words"), &in_words(number)));
    }
}

/// `docs/formats/media-file.md`
fn of_track(path: &std::path::Path, root: &Certificate, passport: &Passport, needles: &mut Vec<Needle>) {
    let unlocked = passport.unlock(&Passphrase::new(PASSPHRASE.to_owned())).expect("the passphrase");
    let media = MediaFile::open(File::open(path).expect("a bought file"), root).expect("signed");
    let block = media.transaction().expect("a delivered file carries its transaction");
    let grant = &block.facts.grant;
    let label = WrapLabel::purchase(media.media_id(), &grant.voucher_id, &grant.encryption_fingerprint);
    let keys = unlocked.unwrap_keys(&block.facts.wrapped_keys, &label).expect("wrapped to this buyer");
    for id in keys.ids() {
        let key = keys.get(id).expect("it is in the list");
        needles.push(needle(Kind::MediaKey, &format!("number {}", id.0), &key.expose()[16..]));
        for image in media.images().iter().filter(|image| image.key == Some(id)) {
            let mut file = File::open(path).expect("a bought file");
            file.seek(SeekFrom::Start(image.offset)).expect("the image is in the file");
            let mut header = [0; chunked::HEADER];
            file.read_exact(&mut header).expect("the image is in the file");
            let mut context = Writer::new();
            context.text("cadenza/v1/item").bytes(media.media_id().as_bytes()).u32(image.item);
            let chunk = chunk_key(key.expose(), &header, &context.into_bytes());
            needles.push(needle(
                Kind::MediaKey,
                &format!("made from it for {}", image.quality),
                &chunk[16..],
            ));
        }
    }
}

fn argon2id(locked: &LockedKey) -> [u8; 32] {
    let params = Params::new(locked.params.m_kib, locked.params.t, locked.params.p, Some(32)).expect("usual");
    let mut key = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(PASSPHRASE.as_bytes(), &locked.salt, &mut key)
        .expect("usual costs");
    key
}

/// C2SP chunked encryption: the AES-256 key of a message that begins with this header.
fn chunk_key(key: &[u8; 32], header: &[u8], context: &[u8]) -> [u8; 32] {
    struct Length;
    impl KeyType for Length {
        fn len(&self) -> usize {
            76
        }
    }
    let info: [&[u8]; 3] = [b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0", &header[..24], context];
    let mut okm = [0; 76];
    let prk = Prk::new_less_safe(HKDF_SHA512, key);
    prk.expand(&info, Length).and_then(|expanded| expanded.fill(&mut okm)).expect("76 bytes");
    assert_eq!(okm[44..], header[24..56], "the commitment is made from the same key");
    okm[..32].try_into().expect("32 bytes")
}

/// As a number lies in memory: 64-bit words, the least significant first.
fn in_words(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_le();
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    middle(&bytes)
}

fn middle(bytes: &[u8]) -> Vec<u8> {
    let from = bytes.len() / 2 / 8 * 8;
    bytes[from..from + 32].to_vec()
}

fn base64(field: &Value) -> Vec<u8> {
    STANDARD.decode(field.as_str().expect("text")).expect("base64")
}

fn needle(kind: Kind, name: &str, bytes: &[u8]) -> Needle {
    Needle { kind, name: name.to_owned(), bytes: bytes.to_vec() }
}
