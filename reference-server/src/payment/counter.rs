//! The processor's door for whoever pays (C8): a card in, a token out. TLS by the licensing center's root, no client certificate; the
//! same counter stands behind the page for browsers.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use cadenza_protocol::card::TypedCard;
use cadenza_protocol::pay::{CardMark, IssuedToken, Purpose, TokenRequest};
use cadenza_protocol::shop::money;

use super::service::PaymentProcess;
use super::tokens::Refused;
use crate::api::{ApiFailure, JsonBody};
use crate::door::guard::{Visitor, in_words};

const MESSAGE_LIMIT: usize = 8 << 10;

/// The door's routes.
pub fn router(process: Arc<PaymentProcess>) -> Router {
    Router::new()
        .route("/v1/tokens", post(show))
        .layer(DefaultBodyLimit::max(MESSAGE_LIMIT))
        .with_state(process)
}

async fn show(
    State(process): State<Arc<PaymentProcess>>,
    Extension(Visitor(visitor)): Extension<Visitor>,
    JsonBody(TokenRequest { card, purpose }): JsonBody<TokenRequest<TypedCard>>,
) -> Result<Json<IssuedToken>, ApiFailure> {
    process.show(&card, purpose, visitor).map(Json)
}

impl PaymentProcess {
    /// A token for a card, if nothing is wrong with it that can be known without asking the bank.
    pub fn show(
        &self,
        card: &TypedCard,
        purpose: Purpose,
        visitor: IpAddr,
    ) -> Result<IssuedToken, ApiFailure> {
        let now = self.clock.now();
        let refuse = |field: &str, message: String| {
            let field = format!("card.{field}");
            ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-form", message).in_field(field)
        };
        let card = card.check(now).map_err(|e| refuse(e.field(), e.to_string()))?;
        money::within(purpose.amount_cents).map_err(|e| {
            ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-request", e.to_string())
        })?;
        let token = self.tokens.issue(&card, purpose, visitor, now).map_err(|refused| match refused {
            Refused::TooMany(wait) => {
                tracing::warn!(%visitor, "too many cards were declined, or wait");
                let why = in_words(self.tokens.counted(), wait);
                ApiFailure::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", why).retry_after(wait.0)
            }
            Refused::Full => {
                let why = "too many people pay at once; nothing was charged, try again in a minute";
                ApiFailure::new(StatusCode::SERVICE_UNAVAILABLE, "busy", why).retry_after(60)
            }
        })?;
        let mark = CardMark { brand: card.number.brand().name.into(), last4: card.number.last4().into() };
        Ok(IssuedToken { token, mark })
    }
}
