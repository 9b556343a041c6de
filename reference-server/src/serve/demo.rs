//! The demo album: authored and published on the first start of `--demo`, through the front door.
//!
//! The folder holds recordings (`NAME.flac`, `.wav`, `.aiff`) each with its description (`NAME.toml`). A demo author gets an
//! account, authors every track with it, and publishes over mutual TLS, as any author would.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::watch;

use super::ServeOptions;
use super::doors::stopped;
use super::failure::{DemoError, StartError};
use super::parts::Parts;
use crate::authoring::{AuthorOptions, author};
use crate::content::publish::client::PublishClient;
use crate::db::DatabaseError;
use crate::identity::Identity;

/// Tracks that are authored beside each other.
const AT_ONCE: usize = 2;
const PROJECT: &str = "demo";
const AUTHOR: &str = "Cadenza Editions";

/// The album on its way into the store.
pub(super) struct Demo {
    parts: Arc<Parts>,
    content_url: String,
    album: Option<PathBuf>,
    data: PathBuf,
}

impl Demo {
    pub fn new(options: &ServeOptions, parts: Arc<Parts>, content_url: String) -> Self {
        let album =
            options.demo_album.clone().or_else(|| std::env::var_os("CADENZA_DEMO_ALBUM").map(PathBuf::from));
        Self { parts, content_url, album, data: options.data.clone() }
    }

    /// Publishes what is missing, unless the album was whole once, or the store has other things in it.
    pub async fn publish(&self) -> Result<(), StartError> {
        let done = self.data.join("demo.done");
        let published = self.published().await?;
        if done.exists() || published.iter().any(|path| !path.starts_with(PROJECT)) {
            return Ok(());
        }
        let folder = self.album.clone().ok_or(DemoError::NoFolder)?;
        let mut missing = recordings(&folder)?;
        missing.retain(|recording| !published.contains(&path_of(recording)));
        tracing::info!(tracks = missing.len(), "authoring and publishing the demo album");
        let account = self.parts.author(&self.data.join("authors").join("demo.account"), AUTHOR).await?;
        let (root, clock) = (self.parts.root().clone(), self.parts.clock.clone());
        let client = PublishClient::new(&self.content_url, account.clone(), root, clock)
            .map_err(|e| DemoError::Publish(folder, e))?;
        let work = self.data.join("authoring");
        let results: Vec<Result<(), DemoError>> = futures_util::stream::iter(missing)
            .map(|recording| self.one(recording, &work, &account, &client))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let _ = std::fs::remove_dir_all(&work); // published: nothing here is needed any more
        results.into_iter().collect::<Result<(), DemoError>>()?;
        std::fs::write(&done, "").map_err(|e| StartError::Data(done, e))
    }

    /// The same beside the running server; what is not done by its end is done at the next start.
    pub async fn publish_in_background(self, stopping: watch::Receiver<bool>) {
        tokio::select! {
            outcome = self.publish() => {
                if let Err(error) = outcome {
                    tracing::error!(%error, "the demo album is not complete");
                }
            }
            () = stopped(stopping) => {}
        }
    }

    async fn published(&self) -> Result<Vec<String>, StartError> {
        let rows: Vec<(String,)> = sqlx::query_as("SELECT path FROM media")
            .fetch_all(self.parts.database.pool())
            .await
            .map_err(DatabaseError::from)?;
        Ok(rows.into_iter().map(|(path,)| path).collect())
    }

    async fn one(
        &self,
        recording: PathBuf,
        work: &Path,
        account: &Identity,
        client: &PublishClient,
    ) -> Result<(), DemoError> {
        let path = path_of(&recording);
        let out = work.join(&path);
        let options = AuthorOptions {
            about: recording.with_extension("toml"),
            input: recording.clone(),
            out: out.clone(),
        };
        let (account, now) = (account.clone(), self.parts.clock.now());
        tokio::task::spawn_blocking(move || author(&options, &account, now))
            .await?
            .map_err(|e| DemoError::Author(recording.clone(), e))?;
        client.publish(&out, &path, true).await.map_err(|e| DemoError::Publish(recording, e))?;
        Ok(())
    }
}

fn path_of(recording: &Path) -> String {
    format!("{PROJECT}/{}.cadenza", recording.file_stem().unwrap_or_default().to_string_lossy())
}

fn recordings(folder: &Path) -> Result<Vec<PathBuf>, DemoError> {
    let empty = || DemoError::Empty(folder.to_owned());
    let is_recording = |path: &PathBuf| {
        let sound = path
            .extension()
            .is_some_and(|e| ["flac", "wav", "aiff"].iter().any(|known| e.eq_ignore_ascii_case(known)));
        sound && path.with_extension("toml").is_file()
    };
    let entries = std::fs::read_dir(folder).map_err(|_| empty())?;
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_recording).collect();
    found.sort();
    if found.is_empty() { Err(empty()) } else { Ok(found) }
}
