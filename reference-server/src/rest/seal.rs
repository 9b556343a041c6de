//! AES-256-GCM with a label: random 96-bit nonce in front, the label as associated data, so that nothing sealed can be put in the place
//! of something else.

use cadenza_protocol::secret::{Secret, random_bytes};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// It was altered, belongs elsewhere, or another key is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it does not open: it was altered, or sealed under another key")]
pub struct DoesNotOpen;

/// Seals `bytes`.
pub fn seal(key: &Secret<32>, label: &str, bytes: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
    let nonce: [u8; NONCE_LEN] = random_bytes();
    let mut sealed = bytes.to_vec();
    aead(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(label), &mut sealed)
        .map_err(|_| DoesNotOpen)?;
    Ok([&nonce[..], &sealed].concat())
}

/// Opens what [`seal`] gave.
pub fn open(key: &Secret<32>, label: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(DoesNotOpen)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| DoesNotOpen)?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = aead(key)?.open_in_place(nonce, Aad::from(label), &mut body).map_err(|_| DoesNotOpen)?.len();
    body.truncate(length);
    Ok(body)
}

fn aead(key: &Secret<32>) -> Result<LessSafeKey, DoesNotOpen> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| DoesNotOpen)?))
}
