//! The order key of what is being bought, kept in a cookie of its own for each track or album: the form that is opened again after an
//! error, a lost answer or a way back asks for the same order, which is paid once.
//!
//! Whoever knows such a key may ask what was bought with it, so the cookie goes to the payment form only, and to no script.

use axum::http::{HeaderMap, HeaderValue, header};
use cadenza_protocol::id::{hex, unhex};
use ring::digest::{SHA256, digest};

/// A day: longer than anyone tries again.
const KEPT_SECONDS: u32 = 86_400;
const KEY_BYTES: usize = 16;

/// The key that this browser has for it.
pub(super) fn key(headers: &HeaderMap, what: &str, id: &str) -> Option<String> {
    let name = name(what, id);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (found, key) = pair.trim().split_once('=')?;
        (found == name && is_key(key)).then(|| key.to_owned())
    });
    ours.next()
}

/// Has the browser keep a key; one that was not drawn here is not kept.
pub(super) fn keep(what: &str, id: &str, key: &str) -> HeaderValue {
    if !is_key(key) {
        return spent(what, id);
    }
    cookie(&format!("{}={key}; Max-Age={KEPT_SECONDS}", name(what, id)))
}

/// Has the browser forget it: what it was for is paid.
pub(super) fn spent(what: &str, id: &str) -> HeaderValue {
    cookie(&format!("{}=; Max-Age=0", name(what, id)))
}

fn cookie(text: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("{text}; Path=/buy; HttpOnly; SameSite=Strict"))
        .unwrap_or_else(|_| HeaderValue::from_static("")) // hexadecimal digits are always a header
}

fn is_key(text: &str) -> bool {
    unhex(text).is_some_and(|bytes| bytes.len() == KEY_BYTES)
}

fn name(what: &str, id: &str) -> String {
    format!("cadenza_order_{}", hex(&digest(&SHA256, format!("{what}/{id}").as_bytes()).as_ref()[..8]))
}
