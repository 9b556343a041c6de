//! The demo album: authored and published on the first start of `--demo`, through the front door.
//!
//! The folder holds recordings (`NAME.flac`, `.wav`, `.aiff`) each with its description (`NAME.toml`). A demo author gets an
//! account, authors every track with it, and publishes over mutual TLS, as any author would.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt;

use super::parts::Parts;
use super::{ServeOptions, StartError};
use crate::authoring::{AuthorOptions, AuthoringError, author};
use crate::content::ContentManager;
use crate::content::publish::client::{PublishClient, PublishError};
use crate::identity::Identity;

/// Tracks that are authored beside each other.
const AT_ONCE: usize = 2;
const PROJECT: &str = "demo";
const AUTHOR: &str = "Cadenza Editions";

/// Why the demo album is not there.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No folder was named.
    #[error("where is the demo album? name its folder with --demo-album or CADENZA_DEMO_ALBUM (cargo xtask run does this)")]
    NoFolder,
    /// The folder cannot be read, or nothing is in it.
    #[error("there is no demo album in {0}; it needs recordings, each with its .toml description")]
    Empty(PathBuf),
    /// A track could not be authored.
    #[error("{0}: {1}")]
    Author(PathBuf, AuthoringError),
    /// A track could not be published.
    #[error("{0} could not be published: {1}")]
    Publish(PathBuf, PublishError),
    /// The work was interrupted.
    #[error("authoring was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// Publishes the demo album if nothing is published yet.
pub(super) async fn publish(options: &ServeOptions, parts: &Parts, manager: &Arc<ContentManager>, content_url: &str) -> Result<(), StartError> {
    if manager.is_stocked().await? {
        return Ok(());
    }
    let folder = options.demo_album.clone().or_else(|| std::env::var_os("CADENZA_DEMO_ALBUM").map(PathBuf::from)).ok_or(DemoError::NoFolder)?;
    let recordings = recordings(&folder)?;
    tracing::info!(tracks = recordings.len(), "first start: authoring and publishing the demo album");
    let account = parts.author(&options.data.join("authors").join("demo.account"), AUTHOR).await?;
    let client = PublishClient::new(content_url, account.clone(), parts.root().clone(), parts.clock.clone()).map_err(|e| DemoError::Publish(folder, e))?;
    let work = options.data.join("authoring");
    let results: Vec<Result<(), DemoError>> = futures_util::stream::iter(recordings)
        .map(|recording| one(recording, &work, &account, &client, parts))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let _ = std::fs::remove_dir_all(&work); // published: nothing here is needed any more
    results.into_iter().collect::<Result<(), DemoError>>()?;
    Ok(())
}

async fn one(recording: PathBuf, work: &Path, account: &Identity, client: &PublishClient, parts: &Parts) -> Result<(), DemoError> {
    let name = recording.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let out = work.join(&name).with_extension("cadenza");
    let options = AuthorOptions { about: recording.with_extension("toml"), input: recording.clone(), out: out.clone() };
    let (account, now) = (account.clone(), parts.clock.now());
    tokio::task::spawn_blocking(move || author(&options, &account, now)).await?.map_err(|e| DemoError::Author(recording.clone(), e))?;
    let path = format!("{PROJECT}/{name}.cadenza");
    client.publish(&out, &path, true).await.map_err(|e| DemoError::Publish(recording, e))?;
    Ok(())
}

fn recordings(folder: &Path) -> Result<Vec<PathBuf>, DemoError> {
    let empty = || DemoError::Empty(folder.to_owned());
    let is_recording = |path: &PathBuf| {
        let sound = path.extension().is_some_and(|e| ["flac", "wav", "aiff"].iter().any(|known| e.eq_ignore_ascii_case(known)));
        sound && path.with_extension("toml").is_file()
    };
    let entries = std::fs::read_dir(folder).map_err(|_| empty())?;
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_recording).collect();
    found.sort();
    if found.is_empty() { Err(empty()) } else { Ok(found) }
}
