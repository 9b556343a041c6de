//! Worked examples out of `tests/vectors`: one purchase, whose parts fit together. Everything said of them is checked while it is written.

use std::io::Cursor;
use std::path::Path;

use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::wrap::WrapLabel;
use cadenza_protocol::crypto::{sha256, sign};
use cadenza_protocol::id::hex;
use cadenza_protocol::media::MediaFile;
use cadenza_protocol::passport::Passport;
use cadenza_protocol::secret::Passphrase;

/// Page, title, words and bytes.
pub type Example = (&'static str, &'static str, String, Vec<u8>);

const DOMAIN: &str = "cadenza/v1/agency";

fn kept(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name)).unwrap()
}

pub fn examples() -> Vec<Example> {
    let root = Certificate::from_pem(&String::from_utf8(kept("root.pem")).unwrap()).unwrap();
    let media = MediaFile::open(Cursor::new(kept("delivered.cadenza")), &root).unwrap();

    let author = media.author_block().to_bytes();
    let running = sha256(&author[4..]);
    let agency = &media.agencies()[0];
    let block = agency.to_bytes();
    let (signed, signature) = block[12..].split_at(block.len() - 12 - 4 - 64);
    let signature = &signature[4..];
    let message = [&running[..], signed].concat();
    let hub = agency.chain.leaf();
    sign::verify(hub, DOMAIN, &message, signature).unwrap();
    let hashed = sha256(&[DOMAIN.as_bytes(), &[0], &message].concat());

    let passphrase = String::from_utf8(kept("passphrase.txt")).unwrap();
    let passport = Passport::from_json(&kept("passport.cadpassport"), &root).unwrap();
    let passport = passport.unlock(&Passphrase::new(passphrase)).unwrap();
    let facts = &media.transaction().unwrap().facts;
    let to = passport.encryption().fingerprint();
    let label = WrapLabel::purchase(media.media_id(), &facts.grant.voucher_id, &to);
    let bundle = passport.unwrap_keys(&facts.wrapped_keys, &label).unwrap();

    vec![
        (
            "media-file.md",
            "A signature and a chain",
            format!(
                "The agency block of `tests/vectors/delivered.cadenza`, whole. Root: `tests/vectors/root.pem`, fingerprint `{}`. Hub, the first of two \
                 certificates: fingerprint `{}`, key fingerprint `{}`, serial `{}`, key P-256 `{}`. The running hash in front of the block is `{}` \
                 (SHA-256 of the author's block, {} bytes without its length field). What ECDSA signs, the {} bytes of `{DOMAIN}`, a zero byte, running \
                 hash, and the block from media id to the last certificate, has the SHA-256 `{}`. The last 64 bytes are the signature: r, then s.",
                hex(&root.fingerprint()),
                hex(&hub.fingerprint()),
                hex(&hub.key_fingerprint()),
                hub.serial(),
                hex(hub.public_key()),
                hex(&running),
                author.len() - 4,
                DOMAIN.len() + 1 + message.len(),
                hex(&hashed),
            ),
            block,
        ),
        (
            "keys.md",
            "A wrapped bundle",
            format!(
                "The media keys of the same file, RSAES-OAEP to the encryption certificate in `tests/vectors/passport.cadpassport` (its passphrase is \
                 in `passphrase.txt`), fingerprint `{}`, under the label `{}`.",
                hex(&to),
                label.as_str(),
            ),
            facts.wrapped_keys.clone(),
        ),
        (
            "keys.md",
            "What is in it",
            "The bundle that comes out: keys 0 and 1. They open the encrypted items of that file.".to_owned(),
            bundle.to_bytes().to_vec(),
        ),
    ]
}
