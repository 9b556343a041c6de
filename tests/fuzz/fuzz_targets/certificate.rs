//! Any bytes as a certificate, and as PEM.
#![no_main]

use cadenza_protocol::cert::{Certificate, CertificateChain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(data.to_vec()) {
        assert_eq!(certificate.der(), data);
        assert_eq!(Certificate::from_pem(&certificate.to_pem()).as_ref(), Ok(&certificate));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = CertificateChain::from_pem(text);
    }
});
