//! The author's end of publishing: mutual TLS with the author's account, uploads in pieces that go on after an interruption.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cadenza_protocol::cert::{Certificate, Role};

use super::ingest::hash_file;
use super::{
    FileFacts, Import, Listing, MediaKeys, NamedPath, PIECE, Published, Rename, Space, StartUpload,
    Unfinished, UploadState, Uploads,
};
use crate::authoring::{AuthorKeys, AuthorKeysError};
use crate::call::{CallError, accepted};
use crate::clock::Clock;
use crate::content::client::ContentClient;
use crate::identity::Identity;
use crate::tls::{ServiceClient, ServiceTls, TlsError};

const PATIENCE: Duration = Duration::from_secs(120);
/// Interruptions that one upload survives.
const RETRIES: u32 = 5;

/// Why something could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The content manager said no, or nothing.
    #[error(transparent)]
    Content(#[from] CallError),
    /// The account is not usable for TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The key file beside the media file.
    #[error(transparent)]
    Keys(#[from] AuthorKeysError),
    /// The media file has a name that no store can take.
    #[error("the name of {0} is no Unicode text; rename the file")]
    Name(PathBuf),
    /// The media file.
    #[error("{0} cannot be read; check the path: {1}")]
    File(PathBuf, std::io::Error),
}

/// An author's connection to a content manager.
#[derive(Debug)]
pub struct PublishClient {
    account: Identity,
    content: ContentClient,
    http: ServiceClient,
    base: String,
}

impl PublishClient {
    /// Connects with the author's account; `root` is the licensing center's.
    pub fn new(
        content_url: &str,
        account: Identity,
        root: Certificate,
        clock: Clock,
    ) -> Result<Self, PublishError> {
        let tls = ServiceTls::new(account.clone(), root, clock)?;
        let http = tls.client(Role::ContentManager, PATIENCE)?;
        let base = content_url.trim_end_matches('/').to_owned();
        Ok(Self { account, content: ContentClient::new(http.clone(), &base), http, base })
    }

    /// Uploads a media file with its keys to `path`, going on where an earlier attempt stopped.
    pub async fn publish(&self, file: &Path, path: &str, overwrite: bool) -> Result<Published, PublishError> {
        let keys = AuthorKeys::load(file)?;
        let (length, sha256) = hash_file(file).map_err(|e| PublishError::File(file.to_owned(), e))?;
        let wish = StartUpload { path: path.to_owned(), length, sha256, overwrite };
        let mut state: UploadState = self.content.post("/v1/publish/uploads", &wish).await?;
        let mut failures = 0;
        while state.received < length {
            match self.send_piece(file, &state).await {
                Ok(next) => state = next,
                Err(error) if failures == RETRIES || !matches!(error, PublishError::Content(_)) => {
                    return Err(error);
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, "the upload was interrupted; going on");
                    state = self.json(&format!("/v1/publish/uploads/{}", state.upload_id)).await?;
                }
            }
        }
        let wrapped_keys = keys.hand_over(&self.account, state.custody.leaf())?;
        Ok(self
            .content
            .post(&format!("/v1/publish/uploads/{}/finish", state.upload_id), &MediaKeys { wrapped_keys })
            .await?)
    }

    /// Uploads of this author that were begun and not finished.
    pub async fn unfinished(&self) -> Result<Vec<Unfinished>, PublishError> {
        let all: Uploads = self.json("/v1/publish/uploads").await?;
        Ok(all.uploads)
    }

    /// Gives up the uploads of this author that were begun to a path; how many those were.
    pub async fn abort(&self, path: &str) -> Result<usize, PublishError> {
        let mut wanted = self.unfinished().await?;
        wanted.retain(|upload| upload.path == path);
        for upload in &wanted {
            self.give_up(&upload.upload_id).await?;
        }
        Ok(wanted.len())
    }

    async fn give_up(&self, upload_id: &str) -> Result<(), PublishError> {
        let url = format!("{}/v1/publish/uploads/{upload_id}", self.base);
        let answer = self.http.now().delete(url).send().await.map_err(CallError::from)?;
        Ok(accepted(answer).await.map(drop)?)
    }

    async fn send_piece(&self, file: &Path, state: &UploadState) -> Result<UploadState, PublishError> {
        let piece = read_piece(file, state.received).map_err(|e| PublishError::File(file.to_owned(), e))?;
        let url = format!("{}/v1/publish/uploads/{}?offset={}", self.base, state.upload_id, state.received);
        let answer = self.http.now().put(url).body(piece).send().await.map_err(CallError::from)?;
        Ok(accepted(answer).await?.json().await.map_err(CallError::from)?)
    }

    /// What is in a project; the empty path is the top.
    pub async fn list(&self, path: &str) -> Result<Listing, PublishError> {
        self.json(&format!("/v1/publish/list?path={}", escaped(path))).await
    }

    /// Facts of one file.
    pub async fn info(&self, path: &str) -> Result<FileFacts, PublishError> {
        self.json(&format!("/v1/publish/info?path={}", escaped(path))).await
    }

    /// Space for uploads.
    pub async fn space(&self) -> Result<Space, PublishError> {
        self.json("/v1/publish/space").await
    }

    /// Makes a project.
    pub async fn create_project(&self, path: &str) -> Result<(), PublishError> {
        Ok(self.content.send("/v1/publish/projects", &NamedPath { path: path.to_owned() }).await.map(drop)?)
    }

    /// Moves a file to another path.
    pub async fn rename(&self, from: &str, to: &str) -> Result<(), PublishError> {
        Ok(self
            .content
            .send("/v1/publish/rename", &Rename { from: from.to_owned(), to: to.to_owned() })
            .await
            .map(drop)?)
    }

    /// Takes a file out of the catalogue.
    pub async fn delete(&self, path: &str) -> Result<(), PublishError> {
        let url = format!("{}/v1/publish/files?path={}", self.base, escaped(path));
        let answer = self.http.now().delete(url).send().await.map_err(CallError::from)?;
        Ok(accepted(answer).await.map(drop)?)
    }

    /// Publishes a file that lies in the content manager's import folder; its keys lie beside `local`.
    pub async fn import(&self, local: &Path, path: &str, overwrite: bool) -> Result<Published, PublishError> {
        let file = file_name(local)?.to_owned();
        // a start of nothing tells whom to wrap the keys to, and is given up at once
        let probe = StartUpload { path: path.to_owned(), length: 0, sha256: "0".repeat(64), overwrite };
        let state: UploadState = self.content.post("/v1/publish/uploads", &probe).await?;
        self.give_up(&state.upload_id).await?;
        let wrapped_keys = AuthorKeys::load(local)?.hand_over(&self.account, state.custody.leaf())?;
        let wish = Import { file, path: path.to_owned(), keys: MediaKeys { wrapped_keys }, overwrite };
        Ok(self.content.post("/v1/publish/import", &wish).await?)
    }

    async fn json<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, PublishError> {
        Ok(self.content.get(path).await?.json().await.map_err(CallError::from)?)
    }
}

/// A file's name, for the store.
pub fn file_name(file: &Path) -> Result<&str, PublishError> {
    let name = file.file_name().and_then(|name| name.to_str());
    name.ok_or_else(|| PublishError::Name(file.to_owned()))
}

fn escaped(path: &str) -> String {
    url::form_urlencoded::byte_serialize(path.as_bytes()).collect()
}

fn read_piece(path: &Path, from: u64) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut piece = Vec::new();
    file.take(PIECE as u64).read_to_end(&mut piece)?;
    Ok(piece)
}
