//! A chain as it stands in binary objects: how many certificates, then each with its length.

use super::{Certificate, CertificateChain, MAX_CERTIFICATE, MAX_CHAIN};
use crate::wire::{Reader, WireError, Writer};

impl CertificateChain {
    pub(crate) fn write(&self, w: &mut Writer) {
        w.u8(u8::try_from(self.iter().count()).expect("a chain holds at most 4"));
        for certificate in self.iter() {
            w.bytes(certificate.der());
        }
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, WireError> {
        let invalid = WireError::Invalid { field: "certificate chain" };
        let count = r.u8("certificate chain")?;
        if usize::from(count) > MAX_CHAIN {
            return Err(invalid);
        }
        let bound = u32::try_from(MAX_CERTIFICATE).expect("8 KiB");
        let mut certificates = Vec::new();
        for _ in 0..count {
            let der = r.bytes(bound, "certificate")?.to_vec();
            certificates.push(Certificate::from_der(der).map_err(|_| invalid.clone())?);
        }
        CertificateChain::new(certificates).map_err(|_| invalid)
    }
}
