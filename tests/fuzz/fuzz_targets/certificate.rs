//! Certificates, chains and revocation lists, in DER and PEM; and what is made of them.
#![no_main]

use cadenza_fuzz::center::{self, NOW};
use cadenza_protocol::cert::{
    Certificate, CertificateChain, RevocationLists, Role, verify_chain, verify_unrevoked_chain,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    match which % 4 {
        0 => {
            if let Ok(certificate) = Certificate::from_der(rest.to_vec()) {
                assert_eq!(certificate.der(), rest);
                assert_eq!(Certificate::from_pem(&certificate.to_pem()).as_ref(), Ok(&certificate));
                judge(vec![certificate]);
            }
        }
        1 => {
            let Ok(text) = std::str::from_utf8(rest) else { return };
            if let Ok(chain) = CertificateChain::from_pem(text) {
                assert_eq!(CertificateChain::from_pem(&chain.to_pem()).as_ref(), Ok(&chain));
                judge(chain.iter().cloned().collect());
            }
        }
        2 => {
            let Ok(lists) = RevocationLists::from_ders([rest]) else { return };
            let _ = verify_unrevoked_chain(
                &center::manager().chain,
                center::root(),
                Role::ContentManager,
                NOW,
                &lists,
            );
        }
        // A certificate of a stranger as the root.
        _ => {
            let Ok(root) = Certificate::from_der(rest.to_vec()) else { return };
            let _ = verify_chain(&center::author().chain, &root, Role::Author, NOW);
        }
    }
});

fn judge(mut certificates: Vec<Certificate>) {
    for behind in center::author().chain.iter().skip(1).chain([center::root()]) {
        if let Ok(chain) = CertificateChain::new(certificates.clone()) {
            let _ = verify_chain(&chain, center::root(), Role::Author, NOW);
        }
        certificates.push(behind.clone());
    }
}
