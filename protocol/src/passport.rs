//! The passport (requirements O7, G3 to G6): who the listener is, and the keys that open what they bought.
//!
//! The licensing center issues it as a **registration file** over TLS, with the registration key in the clear; the player
//! checks it, locks that key under a passphrase, and only then writes a **passport file**. Both are the same JSON
//! (extension `.cadpassport`, media type `application/vnd.cadenza.passport+json`) but for the last field:
//!
//! ```text
//! { format, version, body: base64 of JSON, signature, signer: [DER], registration_key: {clear}, {locked} or "kept" }
//! body: { chain: [DER], encryption: DER, signing_key: sealed, decryption_key: sealed, personal: sealed, issued_at }
//! ```
//! There are two key pairs, each with a certificate of its own: one signs, media keys are wrapped to the other.
//!
//! A **renewal** (requirement G8) is a registration file for the same key pairs, sealed under the registration key that the holder
//! has already: it says `kept` and holds no secret in the clear.
//! `signature` is the licensing center's over the body's bytes. Private keys and personal facts are sealed under the registration key by
//! [`crate::crypto::chunked`], each with its own context, so with its own derived key.

mod renewal;
mod unlocked;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::cert::{
    Certificate, CertificateChain, CertificateError, RevocationLists, Role, verify_chain,
    verify_encryption_certificate,
};
use crate::crypto::chunked;
use crate::crypto::kdf::{self, KdfParams, LockError, LockedKey};
use crate::crypto::sign::{self, SigningKey};
use crate::secret::{Passphrase, RegistrationKey, Secret, without_traces};
use crate::time::UnixTime;
use crate::wire::base64_bytes;

pub use renewal::{ChangedDetails, Renewal, RenewalRequest};
pub use unlocked::{PersonalFacts, UnlockedPassport};

use unlocked::{DECRYPTION_KEY, PERSONAL, SIGNING_KEY, open_body, sealed_context};

/// Media type of passport and registration file.
pub const MEDIA_TYPE: &str = "application/vnd.cadenza.passport+json";
/// File extension without the dot.
pub const EXTENSION: &str = "cadpassport";
/// Longest file.
pub const MAX_BYTES: usize = 256 * 1024;

const FORMAT: &str = "cadenza-passport";
const DOMAIN: &str = "cadenza/v1/passport";

/// Why a passport is refused or does not open.
#[derive(Debug, Error)]
pub enum PassportError {
    /// Not a passport at all.
    #[error(
        "this is not a Cadenza passport, or it is damaged; use the file that was exported, or recover it"
    )]
    Malformed,
    /// A later format.
    #[error("this passport has format version {0}, newer than this program; update Cadenza")]
    NewerVersion(u32),
    /// Signature or contents do not fit.
    #[error("this passport was altered; use the file that was exported, or recover it")]
    Altered,
    /// The signer or the holder's certificate is not to be trusted.
    #[error("this passport cannot be trusted ({0}); use the file that was exported, or recover it")]
    Certificate(#[from] CertificateError),
    /// A renewal for another passport, or an older one.
    #[error("this renewal is not for the passport that is here; ask for it again")]
    OtherPassport,
    /// A registration file where a locked passport is expected, or the other way about.
    #[error("{0}")]
    WrongState(&'static str),
    /// The passphrase does not open it.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// What the licensing center puts into a passport.
#[derive(Debug)]
pub struct Issue<'a> {
    /// The consumer's new certificate for signing, and its issuers.
    pub chain: CertificateChain,
    /// The one for receiving media keys, by the same issuers.
    pub encryption: Certificate,
    /// The private key that signs, PKCS #8 DER.
    pub signing_key: &'a [u8],
    /// The private key that opens media keys, PKCS #8 DER.
    pub decryption_key: &'a [u8],
    /// Who they are.
    pub personal: &'a PersonalFacts,
    /// Drawn for this passport; the center keeps a sealed copy for recovery.
    pub registration_key: &'a RegistrationKey,
    /// When.
    pub issued_at: UnixTime,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Wire {
    format: String,
    version: u32,
    #[serde(with = "base64_bytes")]
    body: Vec<u8>,
    #[serde(with = "base64_bytes")]
    signature: Vec<u8>,
    signer: CertificateChain,
    registration_key: KeySlot,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KeySlot {
    Clear(#[serde(with = "clear_key")] RegistrationKey),
    Locked(LockedKey),
    Kept,
}

impl Clone for KeySlot {
    fn clone(&self) -> Self {
        match self {
            KeySlot::Clear(key) => KeySlot::Clear(key.duplicate()),
            KeySlot::Locked(locked) => KeySlot::Locked(locked.clone()),
            KeySlot::Kept => KeySlot::Kept,
        }
    }
}

impl std::fmt::Debug for KeySlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeySlot(hidden)")
    }
}

mod clear_key {
    use super::{RegistrationKey, Secret};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(key: &RegistrationKey, s: S) -> Result<S::Ok, S::Error> {
        crate::wire::base64_array::serialize(key.expose(), s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<RegistrationKey, D::Error> {
        crate::wire::base64_array::deserialize(d).map(Secret::from_bytes)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Body {
    issued_at: UnixTime,
    chain: CertificateChain,
    encryption: Certificate,
    #[serde(with = "base64_bytes")]
    signing_key: Vec<u8>,
    #[serde(with = "base64_bytes")]
    decryption_key: Vec<u8>,
    #[serde(with = "base64_bytes")]
    personal: Vec<u8>,
}

/// As issued: the registration key is in the clear, so this never touches a disk.
#[derive(Debug)]
pub struct RegistrationFile(Wire);

impl RegistrationFile {
    /// Seals, assembles and signs a new passport (requirement G3).
    pub fn issue(issue: &Issue<'_>, key: &SigningKey, signer: &CertificateChain) -> Self {
        Self::assemble(issue, KeySlot::Clear(issue.registration_key.duplicate()), key, signer)
    }

    /// The same for a holder who has the registration key already (requirement G8): it is not in the file.
    pub fn renew(issue: &Issue<'_>, key: &SigningKey, signer: &CertificateChain) -> Self {
        Self::assemble(issue, KeySlot::Kept, key, signer)
    }

    fn assemble(
        issue: &Issue<'_>,
        registration_key: KeySlot,
        key: &SigningKey,
        signer: &CertificateChain,
    ) -> Self {
        let personal = Zeroizing::new(serde_json::to_vec(issue.personal).expect("facts are plain text"));
        let leaf = issue.chain.leaf();
        let seal = |purpose, bytes: &[u8]| {
            chunked::seal(issue.registration_key, &sealed_context(purpose, leaf), bytes)
        };
        let body = Body {
            issued_at: issue.issued_at,
            signing_key: seal(SIGNING_KEY, issue.signing_key),
            decryption_key: seal(DECRYPTION_KEY, issue.decryption_key),
            personal: seal(PERSONAL, &personal),
            chain: issue.chain.clone(),
            encryption: issue.encryption.clone(),
        };
        let body = serde_json::to_vec(&body).expect("a body has only text keys");
        let signature = key.sign(DOMAIN, &body);
        let (format, version, signer) = (FORMAT.into(), 1, signer.clone());
        Self(Wire { format, version, body, signature, signer, registration_key })
    }

    /// The bytes to send over TLS.
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(&self.0).expect("a passport has only text keys"))
    }

    /// Whether these bytes are a registration file, genuine or not: a passport without a passphrase.
    pub fn is_one(bytes: &[u8]) -> bool {
        read(bytes).is_ok_and(|wire| matches!(wire.registration_key, KeySlot::Clear(_)))
    }

    /// Reads what the licensing center sent and checks everything before anything else is done with it (requirement G4): signer,
    /// signature, the holder's certificate now, and that the registration key opens what it should.
    pub fn verify(
        bytes: &[u8],
        root: &Certificate,
        now: UnixTime,
    ) -> Result<VerifiedRegistration, PassportError> {
        let wire = read(bytes)?;
        let KeySlot::Clear(key) = &wire.registration_key else {
            return Err(PassportError::WrongState("this passport is locked already; import it instead"));
        };
        let body = check(&wire, root)?;
        body.verify(root, now)?;
        let opened = open_body(&body, key).map_err(|_| PassportError::Altered)?;
        Ok(VerifiedRegistration { key: key.duplicate(), personal: opened.personal().clone(), wire, body })
    }
}

/// A registration file that was found genuine, waiting for its passphrase. Memory only.
#[derive(Debug)]
pub struct VerifiedRegistration {
    wire: Wire,
    body: Body,
    key: RegistrationKey,
    personal: PersonalFacts,
}

impl VerifiedRegistration {
    /// Who it is for.
    pub const fn personal(&self) -> &PersonalFacts {
        &self.personal
    }

    /// Locks the registration key under a passphrase (requirement G5). Takes a noticeable time on purpose.
    pub fn lock(self, passphrase: &Passphrase, params: KdfParams) -> Result<Passport, PassportError> {
        let locked = kdf::lock(&self.key, passphrase, params, &self.wire.body)?;
        let mut wire = self.wire;
        wire.registration_key = KeySlot::Locked(locked);
        Ok(Passport { wire, body: self.body })
    }
}

/// A locked passport whose signature holds: what lies on disk.
#[derive(Debug, Clone)]
pub struct Passport {
    wire: Wire,
    body: Body,
}

impl Passport {
    /// Reads a passport file, checking signer, signature and chain as of the day it was issued; an expired passport still opens what
    /// was bought with it (requirement G8).
    pub fn from_json(bytes: &[u8], root: &Certificate) -> Result<Self, PassportError> {
        let wire = read(bytes)?;
        if !matches!(wire.registration_key, KeySlot::Locked(_)) {
            let what =
                "this is a registration file, not a locked passport; import it and choose a passphrase";
            return Err(PassportError::WrongState(what));
        }
        let body = check(&wire, root)?;
        Ok(Self { wire, body })
    }

    /// The file's bytes.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(&self.wire).expect("a passport has only text keys")
    }

    /// The holder's certificate and issuers.
    pub const fn chain(&self) -> &CertificateChain {
        &self.body.chain
    }

    /// When it was issued.
    pub const fn issued_at(&self) -> UnixTime {
        self.body.issued_at
    }

    /// Opens it. Takes a noticeable time on purpose: never on a UI thread.
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<UnlockedPassport, PassportError> {
        without_traces(|| {
            let key = self.registration_key(passphrase)?;
            open_body(&self.body, &key).map_err(|_| PassportError::Altered)
        })
    }

    /// The same passport under another passphrase.
    pub fn change_passphrase(
        &self,
        old: &Passphrase,
        new: &Passphrase,
        params: KdfParams,
    ) -> Result<Self, PassportError> {
        let locked = without_traces(|| {
            let key = self.registration_key(old)?;
            Ok::<_, PassportError>(kdf::lock(&key, new, params, &self.wire.body)?)
        })?;
        let mut changed = self.clone();
        changed.wire.registration_key = KeySlot::Locked(locked);
        Ok(changed)
    }

    fn registration_key(&self, passphrase: &Passphrase) -> Result<RegistrationKey, PassportError> {
        match &self.wire.registration_key {
            KeySlot::Locked(locked) => Ok(kdf::unlock(locked, passphrase, &self.wire.body)?),
            KeySlot::Clear(_) | KeySlot::Kept => unreachable!("a passport is only made with a locked key"),
        }
    }
}

fn read(bytes: &[u8]) -> Result<Wire, PassportError> {
    if bytes.len() > MAX_BYTES {
        return Err(PassportError::Malformed);
    }
    let wire: Wire = serde_json::from_slice(bytes).map_err(|_| PassportError::Malformed)?;
    match (wire.format.as_str(), wire.version) {
        (FORMAT, 1) => {}
        (FORMAT, version) => return Err(PassportError::NewerVersion(version)),
        _ => return Err(PassportError::Malformed),
    }
    if let KeySlot::Locked(locked) = &wire.registration_key {
        locked.check()?;
    }
    Ok(wire)
}

fn check(wire: &Wire, root: &Certificate) -> Result<Body, PassportError> {
    let body: Body = serde_json::from_slice(&wire.body).map_err(|_| PassportError::Altered)?;
    let signer = verify_chain(&wire.signer, root, Role::LicensingCenter, body.issued_at)?;
    sign::verify(signer, DOMAIN, &wire.body, &wire.signature).map_err(|_| PassportError::Altered)?;
    body.verify(root, body.issued_at)?;
    Ok(body)
}

impl Body {
    /// Both certificates.
    fn verify(&self, root: &Certificate, at: UnixTime) -> Result<(), CertificateError> {
        verify_chain(&self.chain, root, Role::Consumer, at)?;
        let none = RevocationLists::none();
        verify_encryption_certificate(&self.encryption, &self.chain, root, at, &none)
    }
}
