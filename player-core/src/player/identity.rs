//! Who the listener is: registration and the passport.

use std::path::Path;

use cadenza_protocol::crypto::kdf::KdfParams;
use cadenza_protocol::form::{Field, FormError};
use cadenza_protocol::passport::{ChangedDetails, PersonalFacts};
use cadenza_protocol::secret::Passphrase;

use super::{Player, blocking, locked};
use crate::error::Failure;
use crate::event::News;
use crate::passport::form::{RecoveryForm, RegistrationForm};
use crate::passport::keychain;
use crate::passport::register::Registration;
use crate::passport::vault::{PassportFacts, Phase, VaultError, check_strength};

/// What passport, root and a first journal entry take on disk, generously.
const PASSPORT_ROOM: u64 = 256 << 10;
/// Days before the end that one is reminded.
const REMIND_DAYS: i64 = 30;

/// How a passport's dates stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// More than thirty days left.
    Valid,
    /// Fewer.
    ExpiresSoon,
    /// Plays, cannot buy (G8).
    Expired,
}

impl Player {
    /// How the passport stands (G1).
    pub fn passport_phase(&self) -> Phase {
        self.0.vault.phase()
    }

    /// What the passport shows without its passphrase.
    pub fn passport_facts(&self) -> Result<PassportFacts, Failure> {
        Ok(self.0.vault.facts()?)
    }

    /// How its dates stand.
    pub fn passport_validity(&self) -> Result<Validity, Failure> {
        let (facts, now) = (self.0.vault.facts()?, self.now());
        Ok(if facts.expires_at < now {
            Validity::Expired
        } else if facts.expires_at < now.plus_days(REMIND_DAYS) {
            Validity::ExpiresSoon
        } else {
            Validity::Valid
        })
    }

    /// The owner's personal facts, while the passport is open (M5).
    pub fn owner(&self) -> Result<PersonalFacts, Failure> {
        Ok(self.0.vault.owner()?)
    }

    /// Whether what stands in a field can be right, before anything is sent.
    pub fn check_field(&self, field: Field, typed: &str) -> Result<(), FormError> {
        field.check(typed, self.now())
    }

    /// Sends the form; what comes back is checked and waits in memory for [`Player::finish_registration`]. Gives the holder's name.
    pub async fn register(&self, form: &RegistrationForm) -> Result<String, Failure> {
        if self.passport_phase() != Phase::None {
            return Err(VaultError::Exists { path: self.0.vault.path().to_owned() }.into());
        }
        let now = self.now();
        let form = form.check(now)?;
        // A passport that cannot be kept must not be asked for: the card would have been checked for nothing.
        crate::atomic::check_room(self.0.vault.path(), PASSPORT_ROOM)?;
        let store = self.started_store().await?;
        let answer = store.ask_for_passport(form).await?;
        crate::atomic::reach("register.answered", self.0.vault.path())?;
        Ok(self.await_passphrase(Registration::check(&answer, &store.address().root, now)?))
    }

    /// Whether a registration waits for its passphrase: its holder's name.
    pub fn pending_registration(&self) -> Option<String> {
        locked(&self.0.registration).as_ref().map(Registration::holder)
    }

    /// Locks the new passport under a passphrase, writes it, and opens it (G5).
    pub async fn finish_registration(&self, passphrase: Passphrase) -> Result<(), Failure> {
        let registration = {
            let mut waiting = locked(&self.0.registration);
            if let Some(registration) = waiting.as_ref() {
                registration.accepts(&passphrase)?;
            }
            waiting.take().ok_or_else(|| Failure::from(VaultError::None))?
        };
        let player = self.clone();
        blocking(move || match registration.finish(&passphrase, KdfParams::STANDARD, &player.0.vault) {
            Ok(root) => {
                crate::atomic::reach("register.stored", player.0.vault.path())?;
                player.pin_root(&root)?;
                player.remember_if_wanted(&passphrase);
                Ok(())
            }
            Err(unfinished) => {
                *locked(&player.0.registration) = unfinished.registration;
                Err(Failure::from(unfinished.error))
            }
        })
        .await??;
        self.tell(News::Passport);
        Ok(())
    }

    /// Whether a passphrase is good enough to lock a passport.
    pub fn check_passphrase(&self, passphrase: &Passphrase) -> Result<(), Failure> {
        Ok(check_strength(passphrase, &[])?)
    }

    /// Opens the passport.
    pub async fn unlock(&self, passphrase: Passphrase) -> Result<(), Failure> {
        let player = self.clone();
        blocking(move || {
            player.0.vault.unlock(&passphrase)?;
            player.remember_if_wanted(&passphrase);
            Ok::<_, Failure>(())
        })
        .await??;
        self.tell(News::Passport);
        self.settle_counts_in_background();
        Ok(())
    }

    /// Opens the passport with the passphrase that the system's key store kept. False when it kept none.
    pub async fn unlock_remembered(&self) -> Result<bool, Failure> {
        if !self.settings().remember_passphrase {
            return Ok(false);
        }
        let serial = self.0.vault.facts()?.serial;
        let Some(passphrase) = blocking(move || keychain::recall(&serial)).await?? else { return Ok(false) };
        self.unlock(passphrase).await.map(|()| true)
    }

    /// Takes the passphrase out of the system's key store.
    pub async fn forget_passphrase(&self) -> Result<(), Failure> {
        let serial = self.0.vault.facts()?.serial;
        Ok(blocking(move || keychain::forget(&serial)).await??)
    }

    /// Closes the passport and wipes its keys.
    pub fn lock(&self) {
        self.0.vault.lock();
        self.tell(News::Passport);
    }

    /// Another passphrase.
    pub async fn change_passphrase(&self, old: Passphrase, new: Passphrase) -> Result<(), Failure> {
        let player = self.clone();
        blocking(move || {
            player.0.vault.change_passphrase(&old, &new, KdfParams::STANDARD)?;
            player.remember_if_wanted(&new);
            Ok::<_, Failure>(())
        })
        .await?
    }

    /// Copies the passport, locked as it is (G6).
    pub fn export_passport(&self, to: &Path) -> Result<(), Failure> {
        Ok(self.0.vault.export(to)?)
    }

    /// Brings in a passport from elsewhere (G6). It is checked against the root that is known here. With `replace` in place of one
    /// that is here, which stays beside it under another name. A registration file, as the store's web page gives it, waits for
    /// [`Player::finish_registration`]: then its holder's name is given.
    pub fn import_passport(&self, from: &Path, replace: bool) -> Result<Option<String>, Failure> {
        let root = self.root()?;
        let here = self.passport_phase() != Phase::None;
        if let Some(registration) = Registration::in_file(from, &root, self.now(), here)? {
            if here && !replace {
                return Err(VaultError::Exists { path: self.0.vault.path().to_owned() }.into());
            }
            crate::atomic::check_room(self.0.vault.path(), PASSPORT_ROOM)?;
            return Ok(Some(self.await_passphrase(registration)));
        }
        match self.0.vault.import(from, &root) {
            Err(VaultError::Exists { .. }) if replace => self.0.vault.import_instead(from, &root)?,
            imported => imported?,
        }
        self.pin_root(&root)?;
        self.tell(News::Passport);
        Ok(None)
    }

    /// Has a lost passport back, or one whose passphrase is lost (G7): sends the proof of who one is; what comes back is checked and
    /// waits in memory for [`Player::finish_registration`], which puts the one that is here aside. Gives the holder's name.
    pub async fn recover(&self, form: &RecoveryForm) -> Result<String, Failure> {
        let now = self.now();
        let form = form.check(now)?;
        crate::atomic::check_room(self.0.vault.path(), PASSPORT_ROOM)?;
        let store = self.started_store().await?;
        let answer = store.ask_for_recovery(form).await?;
        Ok(self.await_passphrase(Registration::check_recovered(&answer, &store.address().root, now)?))
    }

    /// Keeps a passport that was issued until its passphrase is chosen; gives its holder's name.
    fn await_passphrase(&self, registration: Registration) -> String {
        let holder = registration.holder();
        *locked(&self.0.registration) = Some(registration);
        self.tell(News::Passport);
        holder
    }

    /// Another year for the passport (G8), under the same key and the same passphrase; leaves it open.
    pub async fn renew(&self, passphrase: Passphrase) -> Result<(), Failure> {
        self.renew_with(passphrase, None).await
    }

    /// The same, with details that have changed: an address, a telephone, an e-mail address.
    pub async fn renew_with(
        &self,
        passphrase: Passphrase,
        details: Option<ChangedDetails>,
    ) -> Result<(), Failure> {
        self.passport_facts()?;
        crate::atomic::check_room(self.0.vault.path(), PASSPORT_ROOM)?;
        let store = self.started_store().await?;
        let (player, now) = (self.clone(), self.now());
        let (request, passphrase) = blocking(move || {
            player.0.vault.request_renewal(&passphrase, details, now).map(|request| (request, passphrase))
        })
        .await??;
        let answer = store.ask_for_renewal(&request).await?;
        let player = self.clone();
        blocking(move || {
            player.0.vault.take_renewal(&answer, &passphrase, KdfParams::STANDARD, now)?;
            player.remember_if_wanted(&passphrase);
            Ok::<_, Failure>(())
        })
        .await??;
        self.tell(News::Passport);
        Ok(())
    }

    /// A key store that cannot be used is no reason to fail: the passphrase is asked for next time.
    fn remember_if_wanted(&self, passphrase: &Passphrase) {
        if !self.settings().remember_passphrase {
            return;
        }
        let kept = self
            .0
            .vault
            .facts()
            .map_err(Failure::from)
            .and_then(|f| Ok(keychain::remember(&f.serial, passphrase)?));
        if let Err(failure) = kept {
            tracing::warn!(%failure, "the passphrase is not remembered");
        }
    }
}
