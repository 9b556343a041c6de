//! One exchange: a request goes out as JSON that is wiped, an answer comes back bounded, or with the reason why there is none.

use bytes::Bytes;
use cadenza_protocol::api::ApiError;
use reqwest::{RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use zeroize::Zeroizing;

use super::failure::ExchangeError;
use super::trust;
use crate::error::Code;
use crate::store::address::host_of;

/// No message of ours is larger.
const BODY_ROOM: usize = 64 << 10;
/// Largest JSON answer or picture, bytes.
pub const ANSWER_BOUND: usize = 16 << 20;

/// What a failed transfer means, for bytes that are read outside of here.
pub fn broken_transfer(url: &Url, error: &reqwest::Error) -> ExchangeError {
    let host = host_of(url);
    if let Some(reason) = trust::refusal(error) {
        return ExchangeError::NotTrusted { host, reason };
    }
    if error.is_timeout() {
        return ExchangeError::Silent { host };
    }
    ExchangeError::Unreachable { host, reason: innermost(error) }
}

/// JSON that is wiped when the transport lets go of it.
pub(super) fn json_body<B: Serialize>(request: RequestBuilder, body: &B) -> RequestBuilder {
    // Room enough from the start: a buffer that grows leaves copies behind that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(BODY_ROOM));
    serde_json::to_writer(&mut *bytes, body).expect("our messages are JSON");
    let request = request.header("content-type", "application/json");
    request.body(Bytes::from_owner(Wiped(bytes)))
}

struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

pub(super) async fn read_json<T: DeserializeOwned>(
    url: &Url,
    request: RequestBuilder,
) -> Result<T, ExchangeError> {
    let response = send(url, request).await?;
    let bytes = Zeroizing::new(read_bounded(url, response).await?);
    serde_json::from_slice(&bytes).map_err(|error| {
        // The position only: the text may hold a receipt.
        tracing::warn!(%url, line = error.line(), column = error.column(), "answer not understood");
        ExchangeError::Garbled { host: host_of(url) }
    })
}

pub(super) async fn send(url: &Url, request: RequestBuilder) -> Result<Response, ExchangeError> {
    let response = request.send().await.map_err(|e| broken_transfer(url, &e))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let bytes = read_bounded(url, response).await?;
    Err(refusal(url, status.as_u16(), &bytes))
}

pub(super) fn refusal(url: &Url, status: u16, bytes: &[u8]) -> ExchangeError {
    let Some(ApiError { code, message, field, .. }) = ApiError::read(bytes) else {
        let reason = format!("it answered with HTTP status {status}");
        return ExchangeError::Unreachable { host: host_of(url), reason };
    };
    let known = Code::from_server(&code);
    let unknown = known.is_none().then_some(code);
    ExchangeError::Refused { status, code: known.unwrap_or(Code::StoreRefused), unknown, message, field }
}

pub(super) async fn read_bounded(url: &Url, mut response: Response) -> Result<Vec<u8>, ExchangeError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| broken_transfer(url, &e))? {
        if bytes.len() + chunk.len() > ANSWER_BOUND {
            return Err(ExchangeError::Garbled { host: host_of(url) });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string().chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Explain;

    fn url() -> Url {
        Url::parse("https://127.0.0.1:1/v1/orders").unwrap()
    }

    #[test]
    fn a_server_s_refusal_keeps_its_code_and_loses_control_characters() {
        let error =
            refusal(&url(), 402, br#"{"code":"card-declined","message":"the card\u001b was declined"}"#);
        assert_eq!(error.code(), Code::CardDeclined);
        assert_eq!(error.to_string(), "the card was declined");
        assert!(!error.leaves_doubt());
    }

    // B1
    #[test]
    fn a_price_that_changed_has_a_word_of_its_own_and_leaves_no_doubt() {
        let said = br#"{"code":"price-changed","message":"this comes to 9.99 USD now","total_cents":999}"#;
        let error = refusal(&url(), 409, said);
        assert_eq!((error.code(), error.leaves_doubt()), (Code::PriceChanged, false));
        assert!(error.to_string().contains("9.99 USD"));
    }

    #[test]
    fn the_field_of_a_form_comes_along() {
        let error = refusal(&url(), 422, br#"{"code":"invalid-form","message":"no name","field":"name"}"#);
        assert_eq!(error.fields(), [("field", "name".to_owned())]);
    }

    #[test]
    fn a_reason_that_this_player_does_not_know_keeps_the_server_s_words() {
        let error = refusal(&url(), 403, br#"{"code":"out-of-biscuits","message":"come back at four"}"#);
        assert_eq!(error.code(), Code::StoreRefused);
        assert_eq!(error.fields(), [("server-code", "out-of-biscuits".to_owned())]);
        assert_eq!(error.to_string(), "come back at four");
    }

    #[test]
    fn an_answer_from_something_else_is_told_as_such_and_leaves_doubt() {
        let error = refusal(&url(), 502, b"<html>bad gateway</html>");
        assert_eq!(error.code(), Code::StoreUnreachable);
        assert!(error.leaves_doubt());
    }
}
