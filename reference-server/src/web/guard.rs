//! What keeps the storefront's forms to themselves: known host names, tokens in forms, and headers on every page.
//!
//! A form token is the HMAC of the browser's session cookie (SameSite=Strict, HttpOnly): another site can neither read the one
//! nor send the other.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cadenza_protocol::id::{hex, unhex};
use cadenza_protocol::secret::Secret;
use ring::hmac;

use super::Notice;

const COOKIE: &str = "cadenza_session";
const SOURCES: &str = "default-src 'none'; img-src 'self'; font-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Makes and checks form tokens.
#[derive(Debug)]
pub(super) struct Forms {
    key: hmac::Key,
}

/// A browser's session: its cookie to set, and the token for its forms.
#[derive(Debug)]
pub(super) struct FormSession {
    pub set_cookie: HeaderValue,
    pub token: String,
}

impl Forms {
    pub fn new() -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, Secret::<32>::random().expose()) }
    }

    /// The session of this browser, or a new one.
    pub fn session(&self, headers: &HeaderMap) -> FormSession {
        let id = cookie(headers).unwrap_or_else(|| hex(Secret::<16>::random().expose()));
        let token = hex(hmac::sign(&self.key, id.as_bytes()).as_ref());
        let set_cookie = HeaderValue::from_str(&format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict"));
        FormSession { set_cookie: set_cookie.unwrap_or_else(|_| HeaderValue::from_static("")), token }
    }

    /// Refuses a form that was not ours, or of another session.
    pub fn check(&self, headers: &HeaderMap, token: &str) -> Result<(), Notice> {
        let shown = unhex(token).unwrap_or_default();
        let genuine =
            cookie(headers).is_some_and(|id| hmac::verify(&self.key, id.as_bytes(), &shown).is_ok());
        genuine.then_some(()).ok_or_else(Notice::out_of_date)
    }
}

impl Notice {
    /// A form that was not begun here, not in this browser, or too long ago.
    pub(super) fn out_of_date() -> Self {
        let message = "Go back to the store, open the form again, and allow cookies for this page. What this form was for was not done now; \
            an order that was paid before is shown when you open it again, and is not paid twice.";
        Self {
            status: StatusCode::FORBIDDEN,
            headline: "This form is out of date".into(),
            message: message.into(),
        }
    }
}

/// The policy of a page whose form goes to this address, too.
pub(super) fn policy(to: &str) -> HeaderValue {
    let site = url::Url::parse(to).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    HeaderValue::from_str(&format!("{SOURCES} {site}")).unwrap_or_else(|_| HeaderValue::from_static(SOURCES))
}

/// Whether a browser says which one it is.
pub(super) fn is_known(headers: &HeaderMap) -> bool {
    cookie(headers).is_some()
}

/// Where this browser reaches our pages: the host that it asked, which [`known_host`] has checked.
pub(super) fn origin(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    format!("{scheme}://{}", text("host").unwrap_or("localhost"))
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut ours = all.filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    ours.next().filter(|id| id.len() == 32 && unhex(id).is_some()).map(str::to_owned)
}

/// Middleware: only the host names that are ours, so that a page from elsewhere cannot pretend to be here (DNS rebinding).
pub(super) async fn known_host(
    State(hosts): State<Arc<Vec<String>>>,
    request: Request,
    next: Next,
) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    if !hosts.iter().any(|known| known.eq_ignore_ascii_case(name.trim_matches(['[', ']']))) {
        return (StatusCode::MISDIRECTED_REQUEST, "This store does not answer under that name.")
            .into_response();
    }
    next.run(request).await
}

/// Middleware: no scripts, no frames, no referrer; nothing is cached unless a page says so.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // a page whose form leads elsewhere says so itself
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(SOURCES));
    let always = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
