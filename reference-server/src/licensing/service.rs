//! The licensing center's HTTPS face. Players and services need no certificate to talk to it.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/till` | [`Till`]: where a card is shown for a registration or a recovery |
//! | `POST /v1/passports` [`Application`] | the registration file, or 402 `card-declined`, `card-expired`, `payment-timeout`; 422 `invalid-form` with `field` |
//! | `POST /v1/passports/recover` [`RecoveryClaim`] | the same, or 403 `not-recognised`, 429 `too-many-attempts`, and the card's refusals |
//! | `POST /v1/passports/renew` `SignedMessage` of a `RenewalRequest` | a renewal, or 403 `renewal-refused`, `certificate-revoked` |
//! | `GET /v1/root` | the root certificate, PEM |
//! | `GET /v1/crl` | revocation list of passports, DER |
//! | `GET /v1/crl/services` | revocation list of services and authors, DER |
//! | `POST /v1/certificates` [`CertificateRequest`] | certificate chain, or 403 `wrong-token`, `role-not-enrolled`; 409 `name-taken`, `log-missing`, `log-not-uploaded`, `log-disputed` |
//! | `POST /v1/time-stamps/publication` `StampRequest` | [`Stamped`](cadenza_protocol::time_stamp::Stamped), or 403 `not-stamped` |
//! | `POST /v1/logs`, `POST /v1/logs/entries` | [`cadenza_protocol::audit_log`] |

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use cadenza_protocol::cert::CertificateChain;
use cadenza_protocol::form::{Application, RecoveryClaim};
use cadenza_protocol::passport::MEDIA_TYPE;
use cadenza_protocol::pay::Till;
use cadenza_protocol::signed::SignedMessage;
use rcgen::CertificateSigningRequestParams;

use super::LicensingCenter;
use super::authority::Subject;
use super::enrol::CertificateRequest;
use super::tokens::enrollable;
use crate::api::{ApiFailure, JsonBody};
use crate::door::guard::Visitor;

const MESSAGE_LIMIT: usize = 64 << 10;

/// The service's routes.
pub fn router(center: Arc<LicensingCenter>) -> Router {
    Router::new()
        .route("/v1/till", get(till))
        .route("/v1/passports", post(register))
        .route("/v1/root", get(root))
        .route("/v1/passports/recover", post(recover))
        .route("/v1/passports/renew", post(renew))
        .route("/v1/crl", get(players_list))
        .route("/v1/crl/services", get(services_list))
        .route("/v1/certificates", post(certify))
        .layer(DefaultBodyLimit::max(MESSAGE_LIMIT))
        .merge(super::log::service::routes())
        .merge(super::time_stamps::routes())
        .with_state(center)
}

async fn till(State(center): State<Arc<LicensingCenter>>) -> Result<Json<Till>, ApiFailure> {
    Ok(Json(center.payment.till().await?))
}

async fn register(
    State(center): State<Arc<LicensingCenter>>,
    JsonBody(application): JsonBody<Application>,
) -> Result<Response, ApiFailure> {
    let file = center.register(application).await?;
    Ok(passport_response(&file))
}

/// The registration file by its media type; nothing on the way may keep it.
pub(crate) fn passport_response(file: &[u8]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"me.cadpassport\""),
    ];
    (headers, file.to_vec()).into_response()
}

async fn recover(
    State(center): State<Arc<LicensingCenter>>,
    visitor: Option<Extension<Visitor>>,
    JsonBody(claim): JsonBody<RecoveryClaim>,
) -> Result<Response, ApiFailure> {
    let visitor = visitor.map(|Extension(Visitor(address))| address);
    Ok(passport_response(&center.recover(claim, visitor).await?))
}

async fn renew(
    State(center): State<Arc<LicensingCenter>>,
    JsonBody(request): JsonBody<SignedMessage>,
) -> Result<Response, ApiFailure> {
    Ok(passport_response(&center.renew(&request).await?))
}

async fn root(State(center): State<Arc<LicensingCenter>>) -> Response {
    ([(header::CONTENT_TYPE, "application/x-pem-file")], center.authority.root().to_pem()).into_response()
}

async fn players_list(State(center): State<Arc<LicensingCenter>>) -> Result<Response, ApiFailure> {
    Ok(list_response(center.revocation_list(true).await?))
}

async fn services_list(State(center): State<Arc<LicensingCenter>>) -> Result<Response, ApiFailure> {
    Ok(list_response(center.revocation_list(false).await?))
}

fn list_response(der: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/pkix-crl")], der).into_response()
}

async fn certify(
    State(center): State<Arc<LicensingCenter>>,
    JsonBody(request): JsonBody<CertificateRequest>,
) -> Result<Json<CertificateChain>, ApiFailure> {
    let invalid =
        |message: &str| ApiFailure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-request", message);
    let role = enrollable(&request.role)?;
    let csr = CertificateSigningRequestParams::from_der(&request.csr.into())
        .map_err(|_| invalid("the signing request cannot be read, or its signature is wrong"))?;
    let name: String = request.name.chars().filter(|c| !c.is_control()).take(64).collect();
    let subject = Subject { name, role, hosts: request.hosts.into_iter().take(16).collect() };
    let chain = center
        .authority
        .issue(&subject, &csr.public_key, center.clock.now())
        .map_err(|e| invalid(&e.to_string()))?;
    super::names::check(&center.database, &chain, role, center.clock.now()).await?;
    super::log::renewal::check(&center.database, &chain, role, center.clock.now()).await?;
    center.enrolled(&request.token, &subject, chain).await.map(Json)
}
