//! Errors as they cross the network: [`ApiError`] with a fitting HTTP status.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use cadenza_protocol::api::{ApiError, code};

/// When to ask again for what is taken now, seconds.
pub const IN_A_MINUTE: u32 = 60;

/// A refusal on its way out: HTTP status and [`ApiError`].
#[derive(Debug, Clone)]
pub struct ApiFailure {
    /// HTTP status.
    pub status: StatusCode,
    /// What the other side reads.
    pub error: ApiError,
    /// Seconds after which asking again makes sense.
    pub retry_after: Option<u32>,
}

impl ApiFailure {
    /// A refusal with a stable code and a sentence that says what to do.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, error: ApiError::new(code, message), retry_after: None }
    }

    /// Says when asking again makes sense, seconds from now.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Says which field of a form is meant.
    pub fn in_field(mut self, field: impl Into<String>) -> Self {
        self.error.field = Some(field.into());
        self
    }

    /// What broke is ours: the details go to the log, not to the other side.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something failed on the server; try again in a moment",
        )
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code::NOT_FOUND, message)
    }
}

/// A step is reached at which a test may end the process, or have the request fail.
pub fn reach(step: &'static str) -> Result<(), ApiFailure> {
    cadenza_failpoint::reach(step).map_err(ApiFailure::internal)
}

/// Goes with the answer as far as our own middleware: why it is a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalCode(pub String);

impl IntoResponse for ApiFailure {
    fn into_response(self) -> Response {
        let code = RefusalCode(self.error.code.clone());
        let mut response = (self.status, Json(self.error)).into_response();
        response.extensions_mut().insert(code);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<sqlx::Error> for ApiFailure {
    fn from(error: sqlx::Error) -> Self {
        Self::internal(error)
    }
}

impl From<JsonRejection> for ApiFailure {
    fn from(rejection: JsonRejection) -> Self {
        // never the rejection's own text: it may repeat a card number
        Self::new(
            rejection.status(),
            "invalid-request",
            "the request is not understood; check its fields against the documentation",
        )
    }
}

/// A service's routes, whose refusals of other paths and methods are [`ApiFailure`]s too.
pub fn told<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    let nowhere = async || {
        ApiFailure::not_found("there is nothing at this address; check it against the documentation")
    };
    let method = async || {
        let why = "this address does not take that method; check it against the documentation";
        ApiFailure::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", why)
    };
    routes.fallback(nowhere).method_not_allowed_fallback(method)
}

/// `axum::Json` whose refusals are [`ApiFailure`]s.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiFailure;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiFailure> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

/// `axum::extract::Path` whose refusals are [`ApiFailure`]s: an id that is none is not found.
#[derive(Debug)]
pub struct PathId<T>(pub T);

impl<S: Send + Sync, T: std::str::FromStr<Err: std::fmt::Display>> FromRequestParts<S> for PathId<T> {
    type Rejection = ApiFailure;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, ApiFailure> {
        let axum::extract::Path(text) = axum::extract::Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|e| ApiFailure::not_found(e.body_text()))?;
        text.parse().map(Self).map_err(|e: T::Err| ApiFailure::not_found(e.to_string()))
    }
}
