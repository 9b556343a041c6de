//! Key pairs. Primes for RSA-3072 may take a second to find, so a few pairs wait ready: registration never waits for them.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit, mpsc};
use zeroize::Zeroizing;

/// Key pairs kept ready beside the one in their maker's hand: together the two of a passport.
const READY: usize = 1;
/// People who may wait for theirs at the same time: more would wait longer than anyone does.
const WAITING: usize = 8;

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
    let failed = |_| KeyError::Generation("RSA-3072".into());
    let pair = RsaKeyPair::generate(KeySize::Rsa3072).map_err(failed)?;
    let der: Pkcs8V1Der<'static> = pair.as_der().map_err(failed)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

/// RSA keys made ahead by a thread that sleeps while enough are ready.
#[derive(Debug)]
pub struct RsaKeys {
    ready: Mutex<Ready>,
    places: Semaphore,
}

#[derive(Debug)]
struct Ready {
    made: mpsc::Receiver<Result<Zeroizing<Vec<u8>>, KeyError>>,
    /// The first of two: it stays here while the second is waited for, also when nobody waits any longer.
    kept: Option<Zeroizing<Vec<u8>>>,
}

impl RsaKeys {
    /// Starts making keys. The thread ends by itself after its current key once this is dropped; it is not joined, as
    /// nobody should wait for primes at shutdown.
    pub fn start() -> std::io::Result<Self> {
        let (maker, made) = mpsc::channel(READY);
        std::thread::Builder::new()
            .name("rsa-keys".into())
            .spawn(move || while maker.blocking_send(rsa_3072()).is_ok() {})?;
        Ok(Self { ready: Mutex::new(Ready { made, kept: None }), places: Semaphore::new(WAITING) })
    }

    /// A place among those who wait, or none: then it is better to come back later.
    pub fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.places.try_acquire().ok()
    }

    /// Takes the two keys of a passport, at once when they are ready. Who gives up waiting takes none.
    pub async fn take_two(&self) -> Result<(Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>), KeyError> {
        let mut ready = self.ready.lock().await;
        let stopped = || KeyError::Generation("the key maker stopped".into());
        if ready.kept.is_none() {
            ready.kept = Some(ready.made.recv().await.ok_or_else(stopped)??);
        }
        let second = ready.made.recv().await.ok_or_else(stopped)??;
        Ok((ready.kept.take().ok_or_else(stopped)?, second))
    }
}
