//! The journey without a window: a store of our own on this machine, and `cadenza-cli` as the
//! player: register, look, preview, buy, play, make a disc image. Real TLS, real certificates,
//! real sound if there is a device and silence otherwise. It fails if any step does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::private::PrivateFolder;
use super::store::Store;
use crate::step::{self, StepError};
use crate::workspace::Workspace;

/// Plays the journey; everything personal lives in a private folder that is removed at the end.
pub fn journey(workspace: &Workspace, album: &Path) -> Result<(), StepError> {
    let private = PrivateFolder::new(workspace)?;
    let store = Store::open(workspace, album, &private)?;
    let player = Player::new(workspace, &store, &private)?;

    player.step("register a passport", &["register", "--form", &private.text("form.toml")])?;
    player.step("look at the catalogue", &["catalogue"])?;
    let track = player.first_track()?;
    let device = player.device(&track);
    player
        .step("hear five seconds of a preview", &["preview", &track, "--seconds", "5", "--device", device])?;
    let card = private.text("card.toml");
    player.step("buy the track", &["buy", &track, "--card-file", &card])?;
    player.step("play five seconds of it", &["play", &track, "--seconds", "5", "--device", device])?;
    let target = format!("image:{}", private.text("disc"));
    player.step("make a disc image", &["burn", &track, "--to", &target])?;
    let sectors = sectors_of_image(&private.path("disc"))?;
    step::note(format_args!("the image holds {sectors} sectors of 2352 bytes"));

    store.close()?;
    step::announce("the whole journey worked");
    step::note("passport, preview, purchase, playback and disc image: each real, each done");
    Ok(())
}

/// `cadenza-cli` with its home, store and passphrase.
struct Player {
    program: PathBuf,
    global: Vec<String>,
}

impl Player {
    fn new(workspace: &Workspace, store: &Store, private: &PrivateFolder) -> Result<Self, StepError> {
        let global = [
            "--home",
            &private.text("home"),
            "--store",
            &store.ready_file().to_string_lossy(),
            "--root",
            store.root(),
            "--passphrase-file",
            &private.text("passphrase"),
        ];
        let global = global.map(str::to_owned).to_vec();
        Ok(Self { program: workspace.program("cadenza-cli"), global })
    }

    fn step(&self, name: &str, words: &[&str]) -> Result<(), StepError> {
        step::run(name, Command::new(&self.program).args(&self.global).args(words).stdin(Stdio::null()))?;
        Ok(())
    }

    /// The system's sound device if a moment of a preview can be played on it, the silent one otherwise.
    fn device(&self, track: &str) -> &'static str {
        let mut trial = Command::new(&self.program);
        trial.args(&self.global).args(["preview", track, "--seconds", "0.1"]);
        if step::answer(&mut trial).is_some() {
            return "default";
        }
        step::announce("no sound");
        step::note("no sound device answers here: what follows is played in real time on a silent one");
        "silent"
    }

    /// The id of the first track in the catalogue.
    fn first_track(&self) -> Result<String, StepError> {
        let answer =
            step::answer(Command::new(&self.program).args(&self.global).args(["--json", "catalogue"]));
        let listed: Value = answer.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        first_id(&listed)
            .ok_or_else(|| StepError::own("catalogue", "the store lists no track that could be bought"))
    }
}

/// The first media id in a catalogue, wherever its shape puts it.
fn first_id(listed: &Value) -> Option<String> {
    match listed {
        Value::Array(entries) => entries.iter().find_map(first_id),
        Value::Object(fields) => match fields.get("media_id").or_else(|| fields.get("id")) {
            Some(Value::String(id)) if id.len() == 32 => Some(id.clone()),
            _ => fields.values().find_map(first_id),
        },
        _ => None,
    }
}

/// Counts the sectors of the image, which must be whole.
fn sectors_of_image(folder: &Path) -> Result<u64, StepError> {
    const STEP: &str = "disc image";
    let mut bytes = 0;
    let mut sheets = 0;
    for entry in fs::read_dir(folder).map_err(|error| StepError::own(STEP, error))? {
        let path = entry.map_err(|error| StepError::own(STEP, error))?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("bin") => bytes += path.metadata().map_or(0, |metadata| metadata.len()),
            Some("cue" | "toc") => sheets += 1,
            _ => {}
        }
    }
    if bytes == 0 || bytes % 2352 != 0 || sheets < 2 {
        return Err(StepError::own(
            STEP,
            format_args!(
                "expected a BIN of whole sectors, a CUE and a TOC; found {bytes} bytes and {sheets} sheets"
            ),
        ));
    }
    Ok(bytes / 2352)
}

#[cfg(test)]
mod tests {
    use super::first_id;

    #[test]
    fn the_first_media_id_is_found_in_a_list_and_below_a_name() {
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(first_id(&serde_json::json!([{ "id": id }])).as_deref(), Some(id));
        assert_eq!(first_id(&serde_json::json!({ "tracks": [{ "media_id": id }] })).as_deref(), Some(id));
        assert_eq!(first_id(&serde_json::json!({ "tracks": [] })), None);
    }
}
