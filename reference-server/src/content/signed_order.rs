//! Orders that the buyer's passport signed, as the content manager checks them at a reservation: for this merchant and this content
//! manager, at these prices, used once. Purchases that are to count towards an album are those that this passport redeemed here.

use axum::http::StatusCode;
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::id::{MediaId, hex};
use cadenza_protocol::reserve::ReserveRequest;
use cadenza_protocol::shop::signed_order::{Counter, Opened, OrderError, SignedOrder};
use sqlx::{Any, Transaction};

use super::ContentManager;
use super::vouchers::{Terms, VoucherState};
use crate::api::ApiFailure;
use crate::tls::{Caller, gate};

/// The refusal of a signed order, here and at the merchant.
pub(crate) fn refuse(error: OrderError) -> ApiFailure {
    let (status, code) = match &error {
        OrderError::Certificate(certificate) => (StatusCode::FORBIDDEN, gate::code(certificate)),
        OrderError::Signature => (StatusCode::FORBIDDEN, error.code()),
        OrderError::Malformed => (StatusCode::UNPROCESSABLE_ENTITY, error.code()),
        OrderError::OtherCenter
        | OrderError::OtherMerchant
        | OrderError::OtherContentManager
        | OrderError::OtherOrder
        | OrderError::OtherItems
        | OrderError::OtherPrices
        | OrderError::OtherCurrency(..)
        | OrderError::OtherTime
        | OrderError::Gift
        | OrderError::Used
        | OrderError::NotCounted => (StatusCode::CONFLICT, error.code()),
    };
    ApiFailure::new(status, code, error.to_string())
}

/// A purchase that counts towards its album.
#[derive(Debug)]
pub(super) struct Counted {
    pub media_id: MediaId,
    pub terms: Terms,
}

impl ContentManager {
    /// The order that a reservation belongs to, if a passport signed one.
    pub(super) async fn signed_order(
        &self,
        request: &ReserveRequest,
        caller: &Caller,
    ) -> Result<Option<Opened>, ApiFailure> {
        let Some(message) = &request.order else { return Ok(None) };
        let here = Counter {
            root: self.tls.root(),
            merchant_key: caller.certificate.key_fingerprint(),
            content_manager_key: self.key(),
            currency: self.currency,
            at: self.now(),
        };
        let revoked = self.revocations.lists().await?;
        let opened = SignedOrder::open(message, here, &revoked).map_err(refuse)?;
        for track in &request.tracks {
            opened.order.check_price(&track.media_id, &request.quality, track.share_cents).map_err(refuse)?;
        }
        Ok(Some(opened))
    }

    /// The purchases that are to count: shown by the order, made at this merchant, redeemed with the passport that signed, not paid back.
    pub(super) async fn counted(
        &self,
        request: &ReserveRequest,
        signed: Option<&Opened>,
        caller: &Caller,
    ) -> Result<Vec<Counted>, ApiFailure> {
        let none = || refuse(OrderError::NotCounted);
        let signed = signed.ok_or_else(none)?;
        let mut all: Vec<Counted> = Vec::with_capacity(request.counted.len());
        for voucher_id in &request.counted {
            if !signed.order.shown.contains(voucher_id) {
                return Err(none());
            }
            let row = self.voucher(voucher_id).await.map_err(|_| none())?;
            let is_kept = matches!(row.state(self.now()), VoucherState::Purchased | VoucherState::Delivered);
            let is_theirs = row.redeemed_by == Some(hex(&signed.buyer)) && row.merchant == caller.key();
            let media_id = row.media_id()?;
            let is_twice = all.iter().any(|known| known.media_id == media_id);
            if !is_kept || !is_theirs || is_twice || row.quality.as_ref() != Some(&request.quality) {
                return Err(none());
            }
            all.push(Counted { media_id, terms: row.terms()? });
        }
        Ok(all)
    }

    /// Sees to it that an order is carried out once: what it reserved before and was not paid lapses, what was paid stands against it.
    pub(super) async fn once(
        &self,
        tx: &mut Transaction<'static, Any>,
        order: &str,
        track: &MediaId,
    ) -> Result<(), ApiFailure> {
        sqlx::query("UPDATE vouchers SET state = 'expired' WHERE order_ref = $1 AND media_id = $2 AND state = 'pending'")
            .bind(order)
            .bind(track.to_string())
            .execute(&mut **tx)
            .await?;
        let (used,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM vouchers WHERE order_ref = $1 AND media_id = $2 AND state <> 'expired'",
        )
        .bind(order)
        .bind(track.to_string())
        .fetch_one(&mut **tx)
        .await?;
        if used == 0 { Ok(()) } else { Err(refuse(OrderError::Used)) }
    }
}

/// Names an order of a buyer, in our own table.
pub(super) fn order_ref(signed: &Opened) -> String {
    hex(&sha256(&[signed.buyer.as_slice(), signed.order.order_key.as_bytes()].concat()))
}
