//! Another year for a passport (requirement G8): what its holder asks, and what the licensing center answers, for the same key
//! pairs and sealed under the registration key that the holder has already.

use serde::{Deserialize, Serialize};

use super::unlocked::open_body;
use super::{Body, KeySlot, Passport, PassportError, Wire, check, read};
use crate::cert::Certificate;
use crate::crypto::kdf::{self, KdfParams};
use crate::secret::Passphrase;
use crate::time::UnixTime;

/// Asks for a renewal: the body of a [`SignedMessage`](crate::signed::SignedMessage) by the passport.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RenewalRequest {
    /// When it was made; old requests are refused.
    pub at: UnixTime,
    /// What shall stand otherwise in the renewed passport, and in the record that recovery goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<ChangedDetails>,
}

/// Personal facts that have changed; what is absent stays. Name and card stay: a registration was granted for them. Its rules are
/// [`crate::form::changed`]'s.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChangedDetails {
    /// Billing address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Telephone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telephone: Option<String>,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The confidential line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidential: Option<String>,
    /// Region; may be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Interests; may be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interests: Option<Vec<String>>,
}

impl std::fmt::Debug for ChangedDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangedDetails(hidden)")
    }
}

impl RenewalRequest {
    /// Another year and nothing else.
    pub const fn at(at: UnixTime) -> Self {
        Self { at, details: None }
    }

    /// The domain in which it is signed.
    pub const DOMAIN: &'static str = "cadenza/v1/passport-renewal";
}

/// A renewal that was found genuine and for the passport that is here, waiting for its passphrase.
#[derive(Debug)]
pub struct Renewal {
    wire: Wire,
    body: Body,
}

impl Renewal {
    /// Reads what the licensing center sent: signer, signature, the new certificates now, and that they are for `held`'s keys and
    /// not older than `held`.
    pub fn verify(
        bytes: &[u8],
        root: &Certificate,
        now: UnixTime,
        held: &Passport,
    ) -> Result<Self, PassportError> {
        let wire = read(bytes)?;
        if !matches!(wire.registration_key, KeySlot::Kept) {
            return Err(PassportError::WrongState("this is a passport, not a renewal; import it instead"));
        }
        let body = check(&wire, root)?;
        body.verify(root, now)?;
        let (leaf, before) = (body.chain.leaf(), held.chain().leaf());
        let same_keys = leaf.spki() == before.spki() && body.encryption.spki() == held.body.encryption.spki();
        if !same_keys || leaf.not_after() < before.not_after() {
            return Err(PassportError::OtherPassport);
        }
        Ok(Self { wire, body })
    }

    /// Locks it under the passphrase that opens `held`. Takes a noticeable time on purpose.
    pub fn lock(
        self,
        held: &Passport,
        passphrase: &Passphrase,
        params: KdfParams,
    ) -> Result<Passport, PassportError> {
        let key = held.registration_key(passphrase)?;
        open_body(&self.body, &key).map_err(|_| PassportError::OtherPassport)?;
        let Self { mut wire, body } = self;
        wire.registration_key = KeySlot::Locked(kdf::lock(&key, passphrase, params, &wire.body)?);
        Ok(Passport { wire, body })
    }
}
