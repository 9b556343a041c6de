//! The vault: the one place that knows whether there is a passport, and holds it open (requirements G1, G5, G6, C7).
//!
//! ```text
//! None ──registration or import──▶ Locked ──passphrase──▶ Open ──lock, or player ends──▶ Locked
//! ```
//!
//! Open keys live in one [`OpenPassport`], shared by whatever needs them. Locking empties the open itself, so nobody who
//! still holds it can go on. When the listener wants to be asked every time, a open is lent to one purpose and the
//! vault counts as locked again at once. Opening takes a deliberate second of work: never on a UI thread.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::kdf::{KdfParams, LockError};
use cadenza_protocol::form::changed;
use cadenza_protocol::passport::{
    ChangedDetails, Passport, PassportError, PersonalFacts, Renewal, RenewalRequest,
};
use cadenza_protocol::secret::Passphrase;
use cadenza_protocol::signed::SignedMessage;
use cadenza_protocol::time::UnixTime;
use parking_lot::{Mutex, MutexGuard};

use super::open::Charges;
use super::strength;
use crate::atomic::{self, FileError};

pub use super::open::OpenPassport;
pub use super::refusal::{RenewalRefusal, VaultError};

/// A passport file is far smaller.
pub(super) const BOUND: u64 = 1 << 20;

/// How the vault stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No passport: registration comes first.
    None,
    /// A file that is no genuine passport.
    Broken,
    /// Here, and closed.
    Locked,
    /// Open.
    Unlocked,
}

/// What a passport shows without its passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassportFacts {
    /// Certificate serial, hexadecimal.
    pub serial: String,
    /// Whose, while it is open: the certificate bears a pseudonym.
    pub holder: Option<String>,
    /// Who issued it.
    pub issuer: String,
    /// First second.
    pub issued_at: UnixTime,
    /// Last second.
    pub expires_at: UnixTime,
    /// Its file.
    pub path: PathBuf,
}

/// The vault of one home folder.
#[derive(Debug)]
pub struct Vault {
    path: PathBuf,
    root: Mutex<Option<Certificate>>,
    ask_every_time: std::sync::atomic::AtomicBool,
    door: Mutex<Door>,
    /// Every open that may still be held somewhere.
    lent: Mutex<Vec<Weak<OpenPassport>>>,
    charges: Arc<Charges>,
}

#[derive(Debug)]
enum Door {
    None,
    Broken(String),
    Locked { passport: Arc<Passport>, lent: Weak<OpenPassport> },
    Open { passport: Arc<Passport>, open: Arc<OpenPassport> },
}

impl Vault {
    /// Looks for a passport at `path` (G1). A broken one does not stop the player: it is told when it is needed.
    pub fn open(path: PathBuf, root: Option<Certificate>, ask_every_time: bool) -> Result<Self, FileError> {
        let door = match (atomic::read_bounded(&path, BOUND), &root) {
            (Err(FileError::Missing { .. }), _) => Door::None,
            (Err(e), _) => return Err(e),
            (Ok(_), None) => Door::Broken(VaultError::NoRoot.to_string()),
            (Ok(bytes), Some(root)) => match Passport::from_json(&bytes, root) {
                Ok(passport) => Door::Locked { passport: Arc::new(passport), lent: Weak::new() },
                Err(e) => Door::Broken(e.to_string()),
            },
        };
        let (root, door) = (Mutex::new(root), Mutex::new(door));
        let (lent, charges) = (Mutex::default(), Arc::default());
        Ok(Self { path, root, ask_every_time: ask_every_time.into(), door, lent, charges })
    }

    /// How it stands.
    pub fn phase(&self) -> Phase {
        match &*self.door() {
            Door::None => Phase::None,
            Door::Broken(_) => Phase::Broken,
            Door::Locked { .. } => Phase::Locked,
            Door::Open { .. } => Phase::Unlocked,
        }
    }

    /// What the passport shows without its passphrase.
    pub fn facts(&self) -> Result<PassportFacts, VaultError> {
        let passport = self.passport()?;
        let chain = passport.chain();
        let leaf = chain.leaf();
        let issuer =
            chain.iter().nth(1).map_or_else(|| self.root().map(|r| r.subject()), |c| Some(c.subject()));
        Ok(PassportFacts {
            serial: leaf.serial(),
            holder: self.owner().ok().map(|owner| owner.name.clone()),
            issuer: issuer.unwrap_or_default(),
            issued_at: leaf.not_before(),
            expires_at: leaf.not_after(),
            path: self.path.clone(),
        })
    }

    /// The licensing center's root that the passport was checked against.
    pub fn root(&self) -> Option<Certificate> {
        self.root.lock().clone()
    }

    /// The file's place.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a passport that was just locked under its passphrase on disk, and takes it in.
    pub fn store(&self, passport: &Passport, root: &Certificate) -> Result<(), VaultError> {
        if self.phase() != Phase::None {
            return Err(VaultError::Exists { path: self.path.clone() });
        }
        atomic::replace_file(&self.path, &passport.to_json())?;
        self.take_in(passport.clone(), root);
        Ok(())
    }

    /// Opens the passport. Takes about a second of work: call it where that does not matter.
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<(), VaultError> {
        let passport = self.passport()?;
        let open = passport.unlock(passphrase).map_err(|e| self.told(e))?;
        let open = OpenPassport::of(open, &self.charges);
        let mut door = self.door();
        match &*door {
            // Another passport came in meanwhile: these keys are not its.
            Door::Locked { passport: now, .. } if Arc::ptr_eq(now, &passport) => {
                let mut lent = self.lent();
                lent.retain(|open| open.strong_count() > 0);
                lent.push(Arc::downgrade(&open));
                *door = Door::Open { passport, open };
            }
            _ => open.close(),
        }
        Ok(())
    }

    /// Closes the passport and the tracks that it opened, and wipes their keys, wherever they are still held.
    pub fn lock(&self) {
        let mut door = self.door();
        if let Door::Open { passport, .. } = &*door {
            *door = Door::Locked { passport: Arc::clone(passport), lent: Weak::new() };
        }
        let lent = std::mem::take(&mut *self.lent());
        lent.iter().filter_map(Weak::upgrade).for_each(|open| open.close());
        self.charges.close();
    }

    /// The open keys, for one purpose. When the listener wants to be asked every time, the next purpose asks again.
    pub fn lend(&self) -> Result<Arc<OpenPassport>, VaultError> {
        let mut door = self.door();
        let (passport, open) = match &*door {
            Door::None => return Err(VaultError::None),
            Door::Broken(reason) => return Err(self.broken(reason)),
            Door::Locked { .. } => return Err(VaultError::Locked),
            Door::Open { passport, open } => (Arc::clone(passport), Arc::clone(open)),
        };
        if self.ask_every_time.load(std::sync::atomic::Ordering::Relaxed) {
            *door = Door::Locked { passport, lent: Arc::downgrade(&open) };
        }
        Ok(open)
    }

    /// Does something with the keys if they are open, without using up a purpose.
    pub fn with_open<T>(&self, f: impl FnOnce(&OpenPassport) -> T) -> Result<T, VaultError> {
        let open = match &*self.door() {
            Door::None => return Err(VaultError::None),
            Door::Broken(reason) => return Err(self.broken(reason)),
            Door::Open { open, .. } => Arc::clone(open),
            Door::Locked { lent, .. } => lent.upgrade().ok_or(VaultError::Locked)?,
        };
        Ok(f(&open))
    }

    /// Whether the passphrase is asked for every time.
    pub fn set_ask_every_time(&self, every_time: bool) {
        self.ask_every_time.store(every_time, std::sync::atomic::Ordering::Relaxed);
    }

    /// The owner, while the passport is open: what the window shows while purchased music plays (M5).
    pub fn owner(&self) -> Result<PersonalFacts, VaultError> {
        self.with_open(OpenPassport::owner)?
    }

    /// An expired passport plays, and does not buy (G8).
    pub fn may_buy(&self, now: UnixTime) -> Result<(), VaultError> {
        let facts = self.facts()?;
        if facts.expires_at < now { Err(VaultError::Expired { day: day(facts.expires_at) }) } else { Ok(()) }
    }

    /// Another passphrase; what is on disk changes at once or not at all.
    pub fn change_passphrase(
        &self,
        old: &Passphrase,
        new: &Passphrase,
        params: KdfParams,
    ) -> Result<(), VaultError> {
        check_strength(new, &[])?;
        let passport = self.passport()?;
        let changed = passport.change_passphrase(old, new, params).map_err(|e| self.told(e))?;
        atomic::replace_file(&self.path, &changed.to_json())?;
        let passport = Arc::new(changed);
        let mut door = self.door();
        *door = match std::mem::replace(&mut *door, Door::None) {
            Door::Open { open, .. } => Door::Open { passport, open },
            Door::Locked { lent, .. } => Door::Locked { passport, lent },
            Door::None | Door::Broken(_) => Door::Locked { passport, lent: Weak::new() },
        };
        Ok(())
    }

    /// Copies the passport, locked as it is, to a file of the listener's choice (G6).
    pub fn export(&self, to: &Path) -> Result<(), VaultError> {
        let passport = self.passport()?;
        if to.exists() {
            return Err(VaultError::Occupied { path: to.to_owned() });
        }
        Ok(atomic::replace_file(to, &passport.to_json())?)
    }

    /// Takes in a passport from elsewhere, after checking it.
    pub fn import(&self, from: &Path, root: &Certificate) -> Result<(), VaultError> {
        let bytes = atomic::read_bounded(from, BOUND)?;
        let broken = |e: PassportError| VaultError::Broken { path: from.to_owned(), reason: e.to_string() };
        let passport = Passport::from_json(&bytes, root).map_err(broken)?;
        let is_same = self.facts().is_ok_and(|here| here.serial == passport.chain().leaf().serial());
        match self.phase() {
            Phase::None => {}
            // The same passport again, perhaps under a newer passphrase.
            Phase::Locked | Phase::Unlocked if is_same => self.lock(),
            // One that is broken may be of a newer program: it is put aside, not written over.
            Phase::Locked | Phase::Unlocked | Phase::Broken => {
                return Err(VaultError::Exists { path: self.path.clone() });
            }
        }
        atomic::replace_file(&self.path, &passport.to_json())?;
        self.take_in(passport, root);
        Ok(())
    }

    /// A store's root, for a vault that had none to check its passport against.
    pub fn offer_root(&self, root: &Certificate) {
        if self.root().is_some() {
            return;
        }
        if let Ok(bytes) = atomic::read_bounded(&self.path, BOUND) {
            match Passport::from_json(&bytes, root) {
                Ok(passport) => return self.take_in(passport, root),
                Err(e) => *self.door() = Door::Broken(e.to_string()),
            }
        }
        *self.root.lock() = Some(root.clone());
    }

    /// Takes in another person's passport, or one's own newer one, in place of the one that is here. That one stays beside it,
    /// as a file named by its serial.
    pub fn import_instead(&self, from: &Path, root: &Certificate) -> Result<(), VaultError> {
        let bytes = atomic::read_bounded(from, BOUND)?;
        let broken = |e: PassportError| VaultError::Broken { path: from.to_owned(), reason: e.to_string() };
        self.replace(&Passport::from_json(&bytes, root).map_err(broken)?, root)
    }

    /// Puts a passport on disk in place of the one that is here, if any. That one stays beside it: a genuine one as a file named by
    /// its serial, a broken one under a name that says so.
    pub fn replace(&self, passport: &Passport, root: &Certificate) -> Result<(), VaultError> {
        let aside = match &*self.door() {
            Door::None => None,
            Door::Broken(_) => Some("passport-broken.cadpassport".to_owned()),
            Door::Locked { passport: here, .. } | Door::Open { passport: here, .. } => {
                Some(format!("passport-{}.cadpassport", here.chain().leaf().serial()))
            }
        };
        if let Some(name) = aside {
            let bytes = atomic::read_bounded(&self.path, BOUND)?;
            atomic::replace_file(&self.path.with_file_name(name), &bytes)?;
        }
        self.lock();
        atomic::replace_file(&self.path, &passport.to_json())?;
        self.take_in(passport.clone(), root);
        Ok(())
    }

    /// Asks for another year (G8): a request to the licensing center, signed by the passport, with the details that have changed. Takes
    /// about a second of work.
    pub fn request_renewal(
        &self,
        passphrase: &Passphrase,
        details: Option<ChangedDetails>,
        now: UnixTime,
    ) -> Result<SignedMessage, RenewalRefusal> {
        let open = self.passport()?.unlock(passphrase).map_err(|e| self.told(e))?;
        if let Some(details) = &details {
            changed(open.personal(), details)?;
        }
        let sign = |domain: &str, message: &[u8]| open.sign(domain, message);
        let wish = RenewalRequest { at: now, details };
        Ok(SignedMessage::new(RenewalRequest::DOMAIN, &wish, open.chain(), sign))
    }

    /// Takes in the licensing center's answer, once it is found genuine and for this passport; leaves the passport open. What is on disk
    /// changes at once or not at all. Takes a few seconds of work.
    pub fn take_renewal(
        &self,
        answer: &[u8],
        passphrase: &Passphrase,
        params: KdfParams,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let (held, root) = (self.passport()?, self.root().ok_or(VaultError::NoRoot)?);
        let renewal = Renewal::verify(answer, &root, now, &held)
            .map_err(|e| VaultError::Renewal { reason: e.to_string() })?;
        let renewed = renewal.lock(&held, passphrase, params).map_err(|e| self.told(e))?;
        atomic::replace_file(&self.path, &renewed.to_json())?;
        self.lock();
        self.take_in(renewed, &root);
        self.unlock(passphrase)
    }

    fn take_in(&self, passport: Passport, root: &Certificate) {
        *self.root.lock() = Some(root.clone());
        *self.door() = Door::Locked { passport: Arc::new(passport), lent: Weak::new() };
    }

    fn passport(&self) -> Result<Arc<Passport>, VaultError> {
        match &*self.door() {
            Door::None => Err(VaultError::None),
            Door::Broken(reason) => Err(self.broken(reason)),
            Door::Locked { passport, .. } | Door::Open { passport, .. } => Ok(Arc::clone(passport)),
        }
    }

    fn broken(&self, reason: &str) -> VaultError {
        if self.root().is_none() {
            return VaultError::NoRoot;
        }
        VaultError::Broken { path: self.path.clone(), reason: reason.to_owned() }
    }

    fn told(&self, error: PassportError) -> VaultError {
        match error {
            PassportError::Lock(LockError::WrongPassphrase) => VaultError::WrongPassphrase,
            other => self.broken(&other.to_string()),
        }
    }

    fn door(&self) -> MutexGuard<'_, Door> {
        self.door.lock()
    }

    fn lent(&self) -> MutexGuard<'_, Vec<Weak<OpenPassport>>> {
        self.lent.lock()
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.lock();
    }
}

/// Refuses a passphrase that is too easy to guess (G5).
pub fn check_strength(passphrase: &Passphrase, known: &[&str]) -> Result<(), VaultError> {
    if strength::estimate(passphrase.expose(), known).acceptable {
        Ok(())
    } else {
        Err(VaultError::WeakPassphrase)
    }
}

/// A date as people write it in every country: 2027-03-01.
pub fn day(at: UnixTime) -> String {
    time::OffsetDateTime::from_unix_timestamp(at.0)
        .map_or_else(|_| "an unknown day".into(), |t| t.date().to_string())
}
