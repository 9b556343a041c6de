//! Key pairs. RSA-3072 takes up to seconds to make, so a few wait ready: registration never waits for prime numbers.

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use rsa::pkcs8::EncodePrivateKey;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit, mpsc};
use zeroize::Zeroizing;

/// Key pairs kept ready.
const READY: usize = 2;
/// People who may wait for one at the same time: more would wait longer than anyone does.
const WAITING: usize = 8;
const BITS: usize = 3072;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Generation or encoding failed.
    #[error("no key pair could be made; check that the system provides random numbers: {0}")]
    Generation(String),
}

/// A fresh P-256 key, PKCS#8 DER.
pub fn p256() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let pair =
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|e| KeyError::Generation(e.to_string()))?;
    Ok(Zeroizing::new(pair.serialize_der()))
}

/// A fresh RSA-3072 key, PKCS#8 DER. Slow: on a thread of its own.
pub fn rsa_3072() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |e: &dyn std::fmt::Display| KeyError::Generation(e.to_string());
    let key = rsa::RsaPrivateKey::new(&mut rand_core::OsRng, BITS).map_err(|e| failed(&e))?;
    Ok(key.to_pkcs8_der().map_err(|e| failed(&e))?.to_bytes())
}

/// RSA keys made ahead by a thread that sleeps while enough are ready.
#[derive(Debug)]
pub struct RsaKeys {
    ready: Mutex<mpsc::Receiver<Result<Zeroizing<Vec<u8>>, KeyError>>>,
    places: Semaphore,
}

impl RsaKeys {
    /// Starts making keys. The thread ends by itself after its current key once this is dropped; it is not joined, as
    /// nobody should wait for primes at shutdown.
    pub fn start() -> std::io::Result<Self> {
        let (made, ready) = mpsc::channel(READY);
        std::thread::Builder::new()
            .name("rsa-keys".into())
            .spawn(move || while made.blocking_send(rsa_3072()).is_ok() {})?;
        Ok(Self { ready: Mutex::new(ready), places: Semaphore::new(WAITING) })
    }

    /// A place among those who wait, or none: then it is better to come back later.
    pub fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.places.try_acquire().ok()
    }

    /// Takes a key, at once when one is ready.
    pub async fn take(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let made = self.ready.lock().await.recv().await;
        made.unwrap_or_else(|| Err(KeyError::Generation("the key maker stopped".into())))
    }
}
