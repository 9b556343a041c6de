//! Publishing (S3): authors bring media files to the content manager, over mutual TLS.
//!
//! Upload in pieces that may be resumed ([`upload`]), checks and the catalogue entry ([`ingest`]), and the shelf: projects,
//! list, info, rename, delete, import, space ([`shelf`]). [`client`] is the other end, used by `cadenza-server publish`.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/publish/uploads` [`StartUpload`] | [`UploadState`]; 507 `no-space` |
//! | `GET /v1/publish/uploads` | [`Uploads`] |
//! | `GET /v1/publish/uploads/{id}` | [`UploadState`] |
//! | `PUT /v1/publish/uploads/{id}?offset=N` bytes | [`UploadState`]; 409 `wrong-offset` when N is not what was received |
//! | `POST /v1/publish/uploads/{id}/finish` [`MediaKeys`] | [`Published`] |
//! | `DELETE /v1/publish/uploads/{id}` | 204 |
//! | `GET /v1/publish/space` | [`Space`] |
//! | `GET /v1/publish/list?path=` | [`Listing`] |
//! | `GET /v1/publish/info?path=` | [`FileFacts`] |
//! | `POST /v1/publish/projects` [`NamedPath`] | 204 |
//! | `POST /v1/publish/rename` [`Rename`] | 204 |
//! | `DELETE /v1/publish/files?path=` | 204 |
//! | `POST /v1/publish/import` [`Import`] | [`Published`] |

pub mod client;
mod ingest;
mod seal;
mod shelf;
mod upload;

use std::sync::Arc;

use axum::Router;
use cadenza_protocol::cert::CertificateChain;
use cadenza_protocol::id::MediaId;
use cadenza_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use super::ContentManager;
use crate::api::ApiFailure;
use axum::http::StatusCode;

/// Largest piece of an upload, bytes.
pub const PIECE: usize = 4 << 20;
const MAX_PATH: usize = 200;

pub(super) fn routes() -> Router<Arc<ContentManager>> {
    upload::routes().merge(shelf::routes())
}

/// 'Upload File'.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartUpload {
    /// `project/file.cadenza`.
    pub path: String,
    /// Length of the whole file, bytes.
    pub length: u64,
    /// SHA-256 of the whole file, lower-case hex. The same start again resumes.
    pub sha256: String,
    /// Replace a file of that path, or of the same media id.
    pub overwrite: bool,
}

/// How far an upload is, and whom to wrap the media keys to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UploadState {
    /// Names the upload.
    pub upload_id: String,
    /// Bytes received: send from here.
    pub received: u64,
    /// The content manager's certificates: media keys are wrapped to the leaf (`WrapLabel::custody`).
    pub custody: CertificateChain,
}

/// The author's uploads that were begun and not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploads {
    /// The one left alone longest first.
    pub uploads: Vec<Unfinished>,
}

/// An upload that was begun and not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// Names the upload.
    pub upload_id: String,
    /// Where it is to go.
    pub path: String,
    /// Length of the whole file, bytes.
    pub length: u64,
    /// Bytes received.
    pub received: u64,
    /// When the last of them came.
    pub touched_at: UnixTime,
}

/// The media keys, wrapped to the content manager.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MediaKeys {
    /// `wrap_keys` under `WrapLabel::custody`.
    #[serde(with = "cadenza_protocol::wire::base64_bytes")]
    pub wrapped_keys: Vec<u8>,
}

/// A file that is in the catalogue now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The track.
    pub media_id: MediaId,
    /// Its title.
    pub title: String,
}

/// Space for uploads, as far as this author may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Kilobytes allotted to one author.
    pub total_kb: u64,
    /// Kilobytes free; only what has come takes space.
    pub free_kb: u64,
}

/// What is in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Projects below, and files.
    pub entries: Vec<ListEntry>,
}

/// One entry of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntry {
    /// Its name within the project.
    pub name: String,
    /// A project rather than a file.
    pub is_project: bool,
}

/// A file on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// The track.
    pub media_id: MediaId,
    /// Length, bytes.
    pub length: u64,
    /// Title.
    pub title: String,
    /// Whether it is for sale.
    pub for_sale: bool,
    /// Link that asks for its preview.
    pub stream_url: String,
}

/// A path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPath {
    /// `project` or `project/file.cadenza`.
    pub path: String,
}

/// 'Rename File'.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    /// Present path.
    pub from: String,
    /// New path.
    pub to: String,
}

/// 'Import File': from the content manager's own `import` folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Import {
    /// File name within the import folder.
    pub file: String,
    /// Where it goes.
    pub path: String,
    /// Its keys.
    pub keys: MediaKeys,
    /// Replace what is there.
    pub overwrite: bool,
}

/// A path of one to eight plain names.
fn check_path(path: &str) -> Result<&str, ApiFailure> {
    let plain = |name: &str| {
        !name.is_empty() && name != "." && name != ".." && !name.chars().any(|c| c.is_control() || c == '\\')
    };
    let fits = path.len() <= MAX_PATH && path.split('/').count() <= 8 && path.split('/').all(plain);
    fits.then_some(path).ok_or_else(|| {
        ApiFailure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-path",
            "a path is project/file: at most 200 characters, no '..', no control characters",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert!(check_path("demo/01 Prelude.cadenza").is_ok());
        for path in ["", "/etc/passwd", "a/../b", "a//b", "a/b\u{0}"] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }
}
