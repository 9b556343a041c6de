//! Registration, recovery and the passport (G1 to G8).

use std::path::{Path, PathBuf};

use cadenza_player::Failure;
use cadenza_player::passport::{VaultError, strength};
use cadenza_protocol::secret::Passphrase;
use tauri::State;
use zeroize::Zeroizing;

use crate::convert;
use crate::core::{Core, Desk};
use crate::ipc::{
    AppError, FieldFault, FormField, PassphraseStrength, PassportFacts, RecoveryForm, RegistrationForm,
};

/// Sends the form to the licensing center. The passport that comes back is checked and held in memory until
/// `set_passphrase`. Gives the holder's name.
#[tauri::command]
#[specta::specta]
pub async fn register(desk: State<'_, Desk>, form: RegistrationForm) -> Result<String, AppError> {
    Ok(desk.core()?.player.register(&convert::form(form)).await?)
}

/// Asks the licensing center for a lost passport (G7). It is checked and held in memory until `set_passphrase`, which
/// puts one that is here aside. Gives the holder's name.
#[tauri::command]
#[specta::specta]
pub async fn recover_passport(desk: State<'_, Desk>, form: RecoveryForm) -> Result<String, AppError> {
    Ok(desk.core()?.player.recover(&convert::recovery_form(form)).await?)
}

/// Locks the fresh passport under the passphrase, writes it and opens it (G5).
#[tauri::command]
#[specta::specta]
pub async fn set_passphrase(desk: State<'_, Desk>, passphrase: String) -> Result<PassportFacts, AppError> {
    let core = desk.core()?;
    core.player.finish_registration(Passphrase::new(passphrase)).await?;
    facts(core)
}

/// What is wrong with what stands in a field, before anything is sent; null when nothing is.
#[tauri::command]
#[specta::specta]
pub async fn check_field(
    desk: State<'_, Desk>,
    field: FormField,
    typed: String,
) -> Result<Option<FieldFault>, AppError> {
    // It may be a card's number.
    let typed = Zeroizing::new(typed);
    Ok(desk.core()?.player.check_field(field.into(), &typed).err().map(convert::field_fault))
}

/// How good a passphrase is, while it is typed.
#[tauri::command]
#[specta::specta]
pub async fn passphrase_strength(
    desk: State<'_, Desk>,
    passphrase: String,
) -> Result<PassphraseStrength, AppError> {
    let passphrase = Passphrase::new(passphrase);
    let own = convert::owner_name(&desk.core()?.player);
    let known: Vec<&str> = own.as_deref().into_iter().collect();
    Ok(convert::strength(strength::estimate(passphrase.expose(), &known)))
}

/// Opens the passport. Deliveries that waited for it go on.
#[tauri::command]
#[specta::specta]
pub async fn unlock(desk: State<'_, Desk>, passphrase: String) -> Result<PassportFacts, AppError> {
    let core = desk.core()?;
    core.player.unlock(Passphrase::new(passphrase)).await?;
    facts(core)
}

/// Closes it, and stops what needs it.
#[tauri::command]
#[specta::specta]
pub async fn lock(desk: State<'_, Desk>) -> Result<(), AppError> {
    let core = desk.core()?;
    core.stop_purchased().await;
    core.player.lock();
    Ok(())
}

/// What the passport page shows; null without a passport.
#[tauri::command]
#[specta::specta]
pub async fn passport_facts(desk: State<'_, Desk>) -> Result<Option<PassportFacts>, AppError> {
    Ok(convert::passport_facts(&desk.core()?.player)?)
}

/// Copies the passport file, locked as it is, to this path. Gives the path.
#[tauri::command]
#[specta::specta]
pub async fn export_passport(desk: State<'_, Desk>, path: String) -> Result<String, AppError> {
    let path = with_extension(PathBuf::from(path));
    desk.core()?.player.export_passport(&path)?;
    Ok(path.display().to_string())
}

/// Checks a passport file and takes it in. `replace` puts the one that is here aside first. Null when it waits for a passphrase: a registration
/// file, as the store's web page gives it.
#[tauri::command]
#[specta::specta]
pub async fn import_passport(
    desk: State<'_, Desk>,
    path: String,
    replace: bool,
) -> Result<Option<PassportFacts>, AppError> {
    let core = desk.core()?;
    // A store that is being started brings the root that the file is checked against.
    core.player.store_watch().started().await;
    let waiting = core.player.import_passport(Path::new(&path), replace)?;
    if waiting.is_some() { Ok(None) } else { facts(core).map(Some) }
}

/// Locks the passport under another passphrase.
#[tauri::command]
#[specta::specta]
pub async fn change_passphrase(
    desk: State<'_, Desk>,
    current: String,
    wanted: String,
) -> Result<(), AppError> {
    let player = &desk.core()?.player;
    Ok(player.change_passphrase(Passphrase::new(current), Passphrase::new(wanted)).await?)
}

/// Gets a certificate for another year under the same key, and leaves the passport open (G8).
#[tauri::command]
#[specta::specta]
pub async fn renew_passport(desk: State<'_, Desk>, passphrase: String) -> Result<PassportFacts, AppError> {
    let core = desk.core()?;
    core.player.renew(Passphrase::new(passphrase)).await?;
    facts(core)
}

fn facts(core: &Core) -> Result<PassportFacts, AppError> {
    let facts = convert::passport_facts(&core.player)?;
    Ok(facts.ok_or_else(|| Failure::from(VaultError::None))?)
}

fn with_extension(path: PathBuf) -> PathBuf {
    match path.extension() {
        Some(_) => path,
        None => path.with_extension("cadpassport"),
    }
}
