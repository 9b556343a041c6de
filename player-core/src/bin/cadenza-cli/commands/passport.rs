//! `register` and `passport`.

use std::path::Path;

use cadenza_player::passport::vault::day;
use cadenza_player::passport::{RecoveryForm, RegistrationForm};
use cadenza_player::path::{Kept, shown};
use cadenza_player::{Failure, atomic, form_file};
use serde::de::DeserializeOwned;
use serde_json::json;
use zeroize::Zeroizing;

use super::{open, unlock};
use crate::args::{Global, Passport};
use crate::output::{Output, table};
use crate::prompt;

const FORM_BOUND: u64 = 1 << 20;

pub async fn register(global: &Global, form: &Path, output: &Output) -> Result<(), Failure> {
    let player = open(global)?;
    let form: RegistrationForm = read_form(form)?;
    // Asked for before anything is sent: a passport that waits for a passphrase can be lost.
    let passphrase = prompt::new_passphrase(global.passphrase_file.as_deref())?;
    player.check_passphrase(&passphrase)?;
    let holder = player.register(&form).await?;
    player.finish_registration(passphrase).await?;
    issued(&player, output, "registered", &holder)
}

/// Says what passport is here now, and what was done for it.
fn issued(player: &cadenza_player::Player, output: &Output, done: &str, holder: &str) -> Result<(), Failure> {
    let facts = player.passport_facts()?;
    let (until, path) = (day(facts.expires_at), &facts.path);
    let document =
        json!({ "holder": holder, "serial": facts.serial, "expires": until, "passport": Kept(path) });
    output.result(&document, || {
        format!("The passport of {holder} is {done}: {}, valid until {until}.", path.display())
    });
    Ok(())
}

pub async fn run(global: &Global, command: Passport, output: &Output) -> Result<(), Failure> {
    let player = open(global)?;
    match command {
        Passport::Show => show(&player, global, output).await,
        Passport::Export { file } => {
            player.export_passport(&file)?;
            output.result(&json!({ "exported": Kept(&file) }), || {
                format!("Copied to {}. It opens with the same passphrase.", file.display())
            });
            Ok(())
        }
        Passport::Import { file } => {
            if let Some(holder) = player.import_passport(&file, false)? {
                let passphrase = prompt::new_passphrase(global.passphrase_file.as_deref())?;
                player.finish_registration(passphrase).await?;
                output.progress(&format!(
                    "{} has no passphrase: delete it, whoever has it has your passport",
                    file.display()
                ));
                return issued(&player, output, "imported", &holder);
            }
            let facts = player.passport_facts()?;
            output.result(
                &json!({ "holder": facts.holder, "serial": facts.serial, "passport": Kept(&facts.path) }),
                || format!("Imported the passport {}.", facts.serial),
            );
            Ok(())
        }
        Passport::Recover { form } => {
            let form: RecoveryForm = read_form(&form)?;
            let passphrase = prompt::new_passphrase(global.passphrase_file.as_deref())?;
            player.check_passphrase(&passphrase)?;
            let holder = player.recover(&form).await?;
            player.finish_registration(passphrase).await?;
            issued(&player, output, "recovered", &holder)
        }
        Passport::Renew => {
            player.passport_facts()?;
            player.renew(prompt::passphrase(global.passphrase_file.as_deref())?).await?;
            let holder = player.passport_facts()?.holder.unwrap_or_default();
            issued(&player, output, "renewed", &holder)
        }
        Passport::Passphrase { new_passphrase_file } => {
            player.passport_facts()?;
            let old = prompt::passphrase(global.passphrase_file.as_deref())?;
            let new = prompt::new_passphrase(new_passphrase_file.as_deref())?;
            player.change_passphrase(old, new).await?;
            output.result(&json!({ "changed": true }), || "The passport has its new passphrase.".into());
            Ok(())
        }
    }
}

/// Without the passphrase only what the certificate says.
async fn show(player: &cadenza_player::Player, global: &Global, output: &Output) -> Result<(), Failure> {
    let facts = player.passport_facts()?;
    if global.passphrase_file.is_some() {
        unlock(player, global).await?;
    }
    let owner = player.owner().ok();
    let (from, until) = (day(facts.issued_at), day(facts.expires_at));
    let validity = format!("{:?}", player.passport_validity()?).to_lowercase();
    let document = json!({
        "holder": facts.holder, "serial": facts.serial, "issuer": facts.issuer, "issued": from, "expires": until,
        "validity": validity, "passport": Kept(&facts.path), "owner": owner,
    });
    output.result(&document, || {
        let mut rows = vec![
            vec![
                "holder".into(),
                facts.holder.clone().unwrap_or_else(|| "sealed; give the passphrase".into()),
            ],
            vec!["serial".into(), facts.serial.clone()],
            vec!["issued by".into(), facts.issuer.clone()],
            vec!["valid".into(), format!("{from} to {until}")],
            vec!["file".into(), shown(&facts.path)],
        ];
        if let Some(owner) = &owner {
            rows.push(vec!["e-mail".into(), owner.email.clone()]);
            rows.push(vec!["address".into(), owner.address.clone()]);
            rows.push(vec!["card".into(), format!("{} •••• {}", owner.card_brand, owner.card_last4)]);
            rows.push(vec!["confidential".into(), owner.confidential.clone()]);
        }
        table(&rows)
    });
    Ok(())
}

fn read_form<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let bytes = Zeroizing::new(atomic::read_bounded(path, FORM_BOUND)?);
    form_file::read(&bytes, path, "register --help")
}
