//! Any bytes as a sealed message, opened whole and at any place.
#![no_main]

use std::io::{Cursor, Read, Seek, SeekFrom};

use cadenza_protocol::crypto::chunked::{DecryptingReader, open, plain_len};
use cadenza_protocol::crypto::wrap::KeyBundle;
use cadenza_protocol::secret::ContentKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let key = ContentKey::from_bytes([7; 32]);
    let _ = plain_len(data.len() as u64);
    let _ = open(&key, b"fuzz", data);
    if let Ok(mut reader) = DecryptingReader::new(&key, b"fuzz", Cursor::new(data)) {
        let _ = reader.seek(SeekFrom::Start(u64::from(data[0]) * 257));
        let _ = reader.read_to_end(&mut Vec::new());
    }
    if let Ok(bundle) = KeyBundle::from_bytes(data) {
        assert_eq!(&bundle.to_bytes()[..], data);
    }
});
