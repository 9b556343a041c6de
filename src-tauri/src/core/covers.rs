//! Answers the page's `sleeve:` requests.

use cadenza_player::Failure;
use tauri::http::{Response, StatusCode, header};

use super::{Core, Desk};
use crate::sleeve::{CoverOf, CoverRequest, Picture};

/// How long the page may keep a cover, in seconds: it is named by an id, and never changes.
const KEEP: &str = "private, max-age=86400, immutable";

impl Desk {
    /// The cover that an address names, as an answer for the web view.
    pub async fn cover(&self, path: &str, query: Option<&str>) -> Response<Vec<u8>> {
        let Some(wanted) = CoverRequest::parse(path, query) else { return refusal(StatusCode::NOT_FOUND) };
        let Ok(core) = self.core() else { return refusal(StatusCode::SERVICE_UNAVAILABLE) };
        match core.picture(wanted).await {
            Ok(Some(picture)) => answer(picture),
            Ok(None) => refusal(StatusCode::NOT_FOUND),
            Err(failure) => {
                tracing::debug!(%failure, path, "no cover");
                refusal(StatusCode::BAD_GATEWAY)
            }
        }
    }
}

impl Core {
    async fn picture(&self, wanted: CoverRequest) -> Result<Option<Picture>, Failure> {
        if let Some(picture) = self.covers.find(&wanted) {
            return Ok(Some(picture));
        }
        let Some(whole) = self.whole_cover(&wanted).await? else { return Ok(None) };
        let size = wanted.size;
        let smaller = tauri::async_runtime::spawn_blocking(move || whole.at_most(size));
        let Some(picture) = smaller.await.map_err(Failure::internal)? else { return Ok(None) };
        self.covers.keep(wanted, picture.clone());
        Ok(Some(picture))
    }

    async fn whole_cover(&self, wanted: &CoverRequest) -> Result<Option<Picture>, Failure> {
        match &wanted.of {
            CoverOf::Store(id) => {
                let id = id.parse().map_err(Failure::internal)?;
                let (media_type, bytes) = self.player.store_art(id, wanted.size).await?;
                Ok(Some(Picture { media_type, bytes: bytes.into() }))
            }
            CoverOf::Library(id) => {
                let art = self.player.cover(id.parse().map_err(Failure::internal)?).await?;
                Ok(art.map(|art| Picture { media_type: art.media_type, bytes: art.bytes.into() }))
            }
        }
    }
}

fn answer(picture: Picture) -> Response<Vec<u8>> {
    let is_picture = matches!(picture.media_type.as_str(), "image/png" | "image/jpeg" | "image/webp");
    let media_type = if is_picture { picture.media_type.as_str() } else { "application/octet-stream" };
    let built = Response::builder()
        .header(header::CONTENT_TYPE, media_type)
        .header(header::CACHE_CONTROL, KEEP)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(picture.bytes.to_vec());
    built.unwrap_or_else(|_| refusal(StatusCode::INTERNAL_SERVER_ERROR))
}

fn refusal(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}
