//! What people read when something is refused: every message names its object and says what to do, and none tells which part of a
//! secret was wrong.

use std::fmt::Display;

use cadenza_protocol::audit_log::LogError;
use cadenza_protocol::cert::{CertificateError, Role};
use cadenza_protocol::crypto::chunked::ChunkedError;
use cadenza_protocol::crypto::kdf::LockError;
use cadenza_protocol::crypto::mac::MacError;
use cadenza_protocol::crypto::sign::{SignatureError, SigningKeyError};
use cadenza_protocol::crypto::wrap::{KeyBundle, RsaPrivateKey, WrapError, WrapLabel, wrap_keys};
use cadenza_protocol::id::{IdError, KeyId, MediaId, VoucherId};
use cadenza_protocol::media::MediaError;
use cadenza_protocol::passport::PassportError;
use cadenza_protocol::redeem::ProofError;
use cadenza_protocol::secret::ContentKey;
use cadenza_protocol::signed::SignedError;
use cadenza_protocol::voucher::VoucherError;
use cadenza_protocol::wire::WireError;

use crate::support::{Center, RsaKey, rsa_3072};

/// Words with which an instruction begins.
const IMPERATIVES: &[&str] = &[
    "ask", "buy", "check", "choose", "contact", "copy", "download", "export", "fetch", "get", "have",
    "import", "make", "publish", "recover", "register", "renew", "send", "shorten", "try", "update", "use",
];

/// Whether the message names `object` first and ends with something to do.
pub fn assert_helps(error: &dyn Display, object: &str) {
    let message = error.to_string();
    let (fault, advice) =
        message.rsplit_once("; ").or_else(|| message.rsplit_once(": ")).unwrap_or((&message, ""));
    assert!(fault.contains(object), "'{message}' does not name the {object}");
    let first_words = advice.split(", ").filter_map(|clause| clause.split(' ').next());
    assert!(first_words.into_iter().any(|w| IMPERATIVES.contains(&w)), "'{message}' does not say what to do");
    assert!(!message.ends_with('.') && message.len() < 400, "'{message}'");
}

#[test]
fn every_error_names_its_object_and_says_what_to_do() {
    let subject = || "Ada".to_owned();
    let field = WireError::Truncated { field: "title" };
    let media: Vec<MediaError> = vec![
        MediaError::NotMedia,
        MediaError::NewerVersion { major: 2, minor: 0 },
        MediaError::Malformed { item: "title".into(), source: field.clone() },
        MediaError::Altered { item: "title".into() },
        MediaError::AuthorSignature,
        MediaError::Author(CertificateError::Expired { subject: subject() }),
        MediaError::Agency { reason: "they belong to other media".into() },
        MediaError::Publication { reason: SignatureError.to_string() },
        MediaError::Transaction { reason: SignatureError.to_string() },
        MediaError::Sealed { item: "lyrics".into(), source: ChunkedError::WrongKey },
        MediaError::NoSuchImage { quality: "lossless".into() },
        MediaError::Io(std::io::Error::other("broken")),
    ];
    media.iter().for_each(|e| assert_helps(e, "media file"));
    assert_helps(&MediaError::Locked { item: "lyrics".into() }, "lyrics");

    let certificates = [
        CertificateError::Malformed,
        CertificateError::BadChain,
        CertificateError::Expired { subject: subject() },
        CertificateError::NotYetValid { subject: subject() },
        CertificateError::Revoked { subject: subject() },
        CertificateError::UnknownIssuer { subject: subject(), issuer: "Other".into() },
        CertificateError::Forged { subject: subject() },
        CertificateError::CrossSigned { subject: subject() },
        CertificateError::RevocationUnknown { subject: subject() },
        CertificateError::WrongRole { subject: subject(), wanted: Role::Author.name() },
        CertificateError::Unfit { subject: subject(), rule: "it was altered".into() },
    ];
    certificates.iter().for_each(|e| assert_helps(e, "certificate"));

    let expired = || CertificateError::Expired { subject: subject() };
    let vouchers = [
        VoucherError::TooLarge,
        VoucherError::Malformed("line 1, column 2".into()),
        VoucherError::NewerVersion(2),
        VoucherError::Altered,
        VoucherError::Certificate(expired()),
        VoucherError::OtherCenter,
        VoucherError::Expired,
    ];
    vouchers.iter().for_each(|e| assert_helps(e, "voucher"));

    let passports = [
        PassportError::Malformed,
        PassportError::NewerVersion(2),
        PassportError::Altered,
        PassportError::Certificate(expired()),
        PassportError::Lock(LockError::WrongPassphrase),
        PassportError::Lock(LockError::BadParameters),
    ];
    passports.iter().for_each(|e| assert_helps(e, "passport"));
    assert_helps(&PassportError::OtherPassport, "renewal");

    let log = [
        LogError::Malformed { entry: 3, source: field.clone() },
        LogError::OutOfOrder { entry: 3 },
        LogError::Altered { entry: 3 },
        LogError::Cut { promised: 5, present: 3 },
        LogError::TooLong,
        LogError::NotALog { source: field },
    ];
    log.iter().for_each(|e| assert_helps(e, "log"));

    for sealed in [
        ChunkedError::WrongKey,
        ChunkedError::Truncated,
        ChunkedError::Altered { chunk: 4 },
        ChunkedError::TooLong,
    ] {
        assert_helps(&sealed, "encrypted part");
    }
    assert_helps(&WrapError::UnfitKey { subject: subject() }, "certificate");
    assert_helps(&WrapError::UnfitPrivateKey, "private key");
    assert_helps(&WrapError::NotForUs, "media keys");
    assert_helps(&WrapError::BadBundle, "media keys");
    assert_helps(&SignatureError, "signature");
    assert_helps(&SigningKeyError, "private key");
    assert_helps(&MacError, "voucher");
    assert_helps(&SignedError::Signature, "request");
    assert_helps(&SignedError::Malformed, "request");
    assert_helps(&ProofError::OtherKeys, "media keys");
    assert_helps(&IdError::NotHex { text: "x".into(), digits: 32 }, "id");
    assert_helps(&IdError::NotServerId("x/".into()), "delivery server");
}

#[test]
fn media_keys_that_do_not_open_say_the_same_whatever_was_wrong() {
    // C2, C7: key, label or ciphertext, one answer; anything else helps an attacker to guess
    let center = Center::new();
    let buyer = center.certify_rsa(Role::Consumer);
    let leaf = &buyer.receiver().certificate;
    let private = RsaPrivateKey::from_pkcs8_der(&buyer.receiver().pkcs8).unwrap();
    let another = RsaPrivateKey::from_pkcs8_der(&rsa_3072(RsaKey::Other)).unwrap();
    let (media, voucher) = (MediaId::random(), VoucherId::random());
    let to = leaf.fingerprint();
    let label = WrapLabel::purchase(&media, &voucher, &to);
    let keys = KeyBundle::new(vec![(KeyId(0), ContentKey::random())]).unwrap();
    let wrapped = wrap_keys(&keys, leaf, &label).unwrap();
    private.unwrap_keys(&wrapped, &label).unwrap();

    let mut altered = wrapped.clone();
    altered[100] ^= 1;
    let refusals = [
        another.unwrap_keys(&wrapped, &label),
        private.unwrap_keys(&wrapped, &WrapLabel::purchase(&media, &VoucherId::random(), &to)),
        private.unwrap_keys(&wrapped, &WrapLabel::custody(&media, leaf)),
        private.unwrap_keys(&altered, &label),
        private.unwrap_keys(&wrapped[1..], &label),
        private.unwrap_keys(&[], &label),
        private.unwrap_keys(&[0xff; 384], &label),
    ];
    for refusal in refusals {
        assert_eq!(refusal.unwrap_err(), WrapError::NotForUs);
    }
}
