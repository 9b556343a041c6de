//! Sealed messages, opened whole and at any place; bundles of keys; private keys.
#![no_main]

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use cadenza_protocol::crypto::chunked::{DecryptingReader, Sealer, open, plain_len, sealed_len};
use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::crypto::wrap::{KeyBundle, RsaPrivateKey};
use cadenza_protocol::secret::ContentKey;
use libfuzzer_sys::fuzz_target;

const CONTEXT: &[u8] = b"fuzz";

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    match which % 4 {
        0 => {
            open_both_ways(rest, data.len() as u64);
        }
        1 => sealed_altered_and_opened(rest),
        2 => {
            if let Ok(bundle) = KeyBundle::from_bytes(rest) {
                assert_eq!(&bundle.to_bytes()[..], rest);
            }
        }
        _ => {
            let _ = RsaPrivateKey::from_pkcs8_der(rest);
            let _ = SigningKey::from_pkcs8_der(rest);
        }
    }
});

/// Two readers, one answer.
fn open_both_ways(sealed: &[u8], place: u64) -> bool {
    let key = ContentKey::from_bytes([7; 32]);
    let whole = open(&key, CONTEXT, sealed);
    let mut read = Vec::new();
    let reader = DecryptingReader::new(&key, CONTEXT, Cursor::new(sealed));
    let result = reader.and_then(|mut reader| {
        // A look elsewhere first; it changes nothing.
        reader.seek(SeekFrom::Start(place * 257))?;
        let _ = reader.read(&mut [0; 9]);
        reader.seek(SeekFrom::Start(0))?;
        reader.read_to_end(&mut read)
    });
    match (&whole, result) {
        (Ok(plain), Ok(_)) => {
            assert_eq!(**plain, read);
            assert_eq!(plain_len(sealed.len() as u64), Ok(plain.len() as u64));
            assert_eq!(sealed_len(plain.len() as u64), sealed.len() as u64);
        }
        (Err(_), Err(_)) => {}
        (Err(error), Ok(_)) => panic!("opened in pieces, not whole: {error}"),
        (Ok(_), Err(error)) => panic!("opened whole, not in pieces: {error}"),
    }
    whole.is_ok()
}

/// `place (2) | change (1) | repeats (1) | plaintext`: one altered byte, wherever, is noticed.
fn sealed_altered_and_opened(bytes: &[u8]) {
    let [high, low, change, repeats, plain @ ..] = bytes else { return };
    let plain = plain.repeat(usize::from(*repeats).min(40_000 / plain.len().max(1)) + 1);
    let key = ContentKey::from_bytes([7; 32]);
    let mut sealer = Sealer::with_salt(&key, CONTEXT, &[3; 24], Vec::new()).expect("in memory");
    sealer.write_all(&plain).expect("in memory");
    let mut sealed = sealer.finish().expect("in memory");
    let place = usize::from(u16::from_be_bytes([*high, *low])) % sealed.len();
    sealed[place] ^= change;
    assert_eq!(open_both_ways(&sealed, place as u64), *change == 0);
}
