//! What one service hears when it asks another: an answer, or why there is none.
//!
//! A refusal keeps the other side's own words, so that a delivery server or a merchant can hand it on as it is.

use axum::http::StatusCode;
use cadenza_protocol::api::ApiError;

use crate::api::{ApiFailure, IN_A_MINUTE};

/// Why a question to another service has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The other service said no.
    #[error("{}", error.message)]
    Refused {
        /// HTTP status.
        status: u16,
        /// Code and sentence.
        error: ApiError,
    },
    /// It could not be reached, or answered nonsense.
    #[error("the other service cannot be reached; check its URL, or try again in a moment: {0}")]
    Unreachable(#[from] reqwest::Error),
}

impl CallError {
    /// For whoever asked us: the other side's refusal as it is, or 502 with what silence means here.
    pub fn handed_on(self, code: &str, silence: &str) -> ApiFailure {
        match self {
            Self::Refused { status, error } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                // whoever asked us hears when to come back, as we were told
                let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(IN_A_MINUTE);
                ApiFailure { status, error, retry_after }
            }
            Self::Unreachable(detail) => {
                tracing::error!(%detail, "another service did not answer");
                ApiFailure::new(StatusCode::BAD_GATEWAY, code, silence)
            }
        }
    }
}

/// Turns an error status into [`CallError::Refused`].
pub async fn accepted(response: reqwest::Response) -> Result<reqwest::Response, CallError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let unreadable =
        || ApiError::new("unexpected-answer", format!("the server answered with status {status}; try again"));
    let error = response.json().await.unwrap_or_else(|_| unreadable());
    Err(CallError::Refused { status: status.as_u16(), error })
}
