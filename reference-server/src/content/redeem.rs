//! Redemption (B5, B7): is the voucher paid, the proof right, the passport genuine, and nobody else's claim on it? Then
//! the media keys are locked to the buyer. The sale is entered in the secure log with the first redemption, before any key leaves, exactly
//! once. And the report that a delivery is complete (B6).
//!
//! The claim is one conditional update: whoever's key it names owns the voucher. The same passport, renewed or recovered
//! meanwhile, may come again as often as it likes (a lost reply, a second computer, a disc that died); another one never.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use cadenza_protocol::api::code;
use cadenza_protocol::audit_log::{EntryKind, EntryPlace, log_name};
use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::mac::verify_redeem_mac;
use cadenza_protocol::crypto::sha256;
use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::crypto::wrap::{WrapLabel, wrap_keys};
use cadenza_protocol::id::{KeyId, VoucherId, hex, unhex};
use cadenza_protocol::media::MediaFile;
use cadenza_protocol::redeem::{DeliveryGrant, DeliveryReport, ProofError, RedeemRequest};

use super::log::records::Sale;
use super::messages::{RedeemVerified, VoucherQuestion};
use super::tracks::PublishedTrack;
use super::vouchers::{VoucherRow, VoucherState, lapsed, refunded};
use super::{ContentManager, custody};
use crate::api::{ApiFailure, JsonBody, reach};
use crate::tls::{Caller, gate};

pub(super) fn routes() -> Router<Arc<ContentManager>> {
    Router::new()
        .route("/v1/delivery/redeem", post(redeem))
        .route("/v1/delivery/may-fetch", post(may_fetch))
        .route("/v1/delivery/done", post(done))
}

async fn redeem(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(request): JsonBody<RedeemRequest>,
) -> Result<Json<RedeemVerified>, ApiFailure> {
    let server = manager.delivery_server(&caller).await?;
    let row = manager.voucher(&request.voucher_id).await?;
    let buyer = request.chain.leaf();
    check_state(&manager, &row, buyer)?;
    if row.media_id()? != request.media_id {
        return Err(ApiFailure::new(
            StatusCode::FORBIDDEN,
            "voucher-mismatch",
            "this voucher is for another track; fetch it again from the store",
        ));
    }
    let receipt = manager.receipt(&row)?;
    let fingerprint = buyer.fingerprint();
    verify_redeem_mac(&receipt, &request.voucher_id, &fingerprint, &server, &request.nonce, &request.mac)
        .map_err(|e| ApiFailure::new(StatusCode::FORBIDDEN, "wrong-proof", e.to_string()))?;
    let revoked = manager.revocations.lists().await?;
    request.verify_passport(&server, manager.tls.root(), manager.now(), &revoked).map_err(refuse_proof)?;
    let track = manager.sold_track(&row).await?;
    let sale = manager.claim(&row, &track, buyer, server.as_str()).await?;
    reach("redeem.claimed")?;

    let quality = row.quality.unwrap_or_default();
    let buyer = Buyer { fingerprint: buyer.fingerprint(), encryption: request.encryption };
    manager.grant(&request.voucher_id, buyer, &quality, track, sale).await.map(Json)
}

/// To whom the keys of a purchase go.
struct Buyer {
    fingerprint: [u8; 32],
    encryption: Certificate,
}

fn check_state(manager: &ContentManager, row: &VoucherRow, buyer: &Certificate) -> Result<(), ApiFailure> {
    let now = manager.now();
    match row.state(now) {
        VoucherState::Open => Err(ApiFailure::new(
            StatusCode::CONFLICT,
            "not-a-purchase",
            "this voucher is for listening; buy the track to download it",
        )),
        VoucherState::Pending => Err(ApiFailure::new(
            StatusCode::PAYMENT_REQUIRED,
            "not-authorized",
            "this purchase is not paid yet; finish it in the store",
        )),
        VoucherState::Expired => Err(lapsed()),
        VoucherState::Refunded => Err(refunded()),
        VoucherState::Purchased | VoucherState::Delivered => match &row.redeemed_by {
            None if now.0 > row.expires_at => Err(lapsed()),
            Some(owner) if *owner != hex(&buyer.key_fingerprint()) => Err(used()),
            None | Some(_) => match &row.only_for {
                Some(owner) if *owner != hex(&buyer.key_fingerprint()) => Err(for_another()),
                None | Some(_) => Ok(()),
            },
        },
    }
}

/// Asked at every piece of a download: a ticket is good for a day, and a purchase may be refunded meanwhile.
async fn may_fetch(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(question): JsonBody<VoucherQuestion>,
) -> Result<StatusCode, ApiFailure> {
    manager.delivery_server(&caller).await?;
    let row = manager.voucher(&question.voucher_id).await?;
    match row.state(manager.now()) {
        VoucherState::Purchased | VoucherState::Delivered => Ok(StatusCode::NO_CONTENT),
        VoucherState::Refunded => Err(refunded()),
        VoucherState::Open | VoucherState::Pending | VoucherState::Expired => Err(lapsed()),
    }
}

fn used() -> ApiFailure {
    ApiFailure::new(
        StatusCode::CONFLICT,
        code::VOUCHER_USED,
        "this voucher was redeemed with another passport; use the passport it was first redeemed with, or buy the track again",
    )
}

fn for_another() -> ApiFailure {
    ApiFailure::new(
        StatusCode::FORBIDDEN,
        "voucher-for-another",
        "this voucher completes an album and is for the passport that ordered it; redeem it with that one",
    )
}

fn refuse_proof(error: ProofError) -> ApiFailure {
    let code = match &error {
        ProofError::Certificate(certificate) => gate::code(certificate),
        ProofError::Signature(_) | ProofError::OtherKeys => "wrong-proof",
    };
    ApiFailure::new(StatusCode::FORBIDDEN, code, error.to_string())
}

impl ContentManager {
    /// One statement decides whose voucher it is. The first time, the sale is entered: a player that takes the keys and never reports
    /// has bought all the same.
    async fn claim(
        &self,
        row: &VoucherRow,
        track: &PublishedTrack,
        buyer: &Certificate,
        server: &str,
    ) -> Result<EntryPlace, ApiFailure> {
        let now = self.now();
        let (serial, terms) = (buyer.serial(), row.terms()?);
        let sale = Sale {
            at: now,
            track: &track.entry,
            publisher: &track.author,
            terms: &terms,
            consumer_serial: &serial,
            voucher_id: row.voucher_id.parse().map_err(ApiFailure::internal)?,
            author_key: track.author_key,
            path: &track.path,
            quality: row.quality.as_deref().unwrap_or_default(),
        };
        // whoever comes again waits for nobody
        let mut pen = match row.redeemed_at {
            None => Some(self.log.pen().await?),
            Some(_) => None,
        };
        let mut tx = self.database.begin_write().await?;
        let claimed = sqlx::query(
            "UPDATE vouchers SET redeemed_by = $1, redeemed_serial = $2, server = $3
             WHERE voucher_id = $4 AND state IN ('purchased', 'delivered') AND (redeemed_by IS NULL OR redeemed_by = $1)",
        )
        .bind(hex(&buyer.key_fingerprint()))
        .bind(&serial)
        .bind(server)
        .bind(&row.voucher_id)
        .execute(&mut *tx)
        .await?;
        if claimed.rows_affected() != 1 {
            return Err(used());
        }
        let first =
            sqlx::query("UPDATE vouchers SET redeemed_at = $1 WHERE voucher_id = $2 AND redeemed_at IS NULL")
                .bind(now.0)
                .bind(&row.voucher_id)
                .execute(&mut *tx)
                .await?;
        let mut place = row.sale();
        if let Some(pen) = pen.as_mut().filter(|_| first.rows_affected() == 1) {
            let entered = pen.enter(&mut tx, EntryKind::Sale, &sale.to_bytes()).await?;
            sqlx::query("UPDATE vouchers SET log_id = $1, log_entry = $2 WHERE voucher_id = $3")
                .bind(log_name(&entered.log))
                .bind(i64::try_from(entered.number).map_err(ApiFailure::internal)?)
                .bind(&row.voucher_id)
                .execute(&mut *tx)
                .await?;
            place = Some(entered);
            tracing::info!(voucher = %sale.voucher_id, title = %track.entry.title, "sold");
        }
        tx.commit().await?;
        if let Some(pen) = pen {
            pen.keep().await;
        }
        let entered = match place {
            Some(place) => Some(place),
            // the same passport came twice at once, and the other time was the first
            None => self.voucher(&sale.voucher_id).await?.sale(),
        };
        entered.ok_or_else(|| ApiFailure::internal("a redeemed voucher names no entry of the log"))
    }

    /// Locks the keys of the bought quality to the buyer and signs for it.
    async fn grant(
        &self,
        voucher_id: &VoucherId,
        buyer: Buyer,
        quality: &str,
        track: PublishedTrack,
        sale: EntryPlace,
    ) -> Result<RedeemVerified, ApiFailure> {
        let identity = self.tls.identity();
        let root = self.tls.root().clone();
        let file = self.files.open(&track.facts.object).await.map_err(ApiFailure::internal)?;
        let (voucher_id, quality, now) = (*voucher_id, quality.to_owned(), self.now());
        // RSA and file reading are slow for an async thread
        let work = tokio::task::spawn_blocking(move || -> Result<RedeemVerified, ApiFailure> {
            let media =
                MediaFile::open(std::io::BufReader::new(file), &root).map_err(ApiFailure::internal)?;
            let image = media.image(&quality).map_err(ApiFailure::internal)?;
            let keeper = Certificate::from_pem(&track.custody_certificate).map_err(ApiFailure::internal)?;
            let label = WrapLabel::custody(&track.facts.media_id, &keeper);
            let all = custody::unwrap_keys(identity.key_pkcs8(), &track.wrapped_keys, &label)
                .map_err(ApiFailure::internal)?;
            let wanted: Vec<KeyId> = image.key.into_iter().chain([KeyId::DESCRIPTIVE]).collect();
            let keys = all.only(&wanted).map_err(ApiFailure::internal)?;
            let encryption_fingerprint = buyer.encryption.fingerprint();
            let label = WrapLabel::purchase(&track.facts.media_id, &voucher_id, &encryption_fingerprint);
            let wrapped_keys = wrap_keys(&keys, &buyer.encryption, &label)
                .map_err(|e| ApiFailure::new(StatusCode::FORBIDDEN, "certificate-unfit", e.to_string()))?;
            let manager = identity.chain().leaf();
            let grant = DeliveryGrant {
                voucher_id,
                media_id: track.facts.media_id,
                quality,
                length: track.facts.length,
                sha256: file_hash(&track)?,
                consumer_fingerprint: buyer.fingerprint,
                encryption_fingerprint,
                content_manager_serial: manager.serial(),
                sale,
                wrapped_keys_sha256: sha256(&wrapped_keys),
                issued_at: now,
            };
            let key = SigningKey::from_pkcs8_der(identity.key_pkcs8()).map_err(ApiFailure::internal)?;
            let grant_signature = grant.sign(&key);
            let content_manager_chain = identity.chain().clone();
            Ok(RedeemVerified {
                grant,
                grant_signature,
                wrapped_keys,
                content_manager_chain,
                promotional_item: None,
                media: track.facts,
            })
        });
        work.await.map_err(ApiFailure::internal)?
    }
}

fn file_hash(track: &PublishedTrack) -> Result<[u8; 32], ApiFailure> {
    unhex(&track.facts.sha256)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| ApiFailure::internal("a stored hash is damaged"))
}

/// 'The player has it all, and it is right': delivered, once, however often it is said. The sale was entered when it was redeemed.
async fn done(
    State(manager): State<Arc<ContentManager>>,
    Extension(caller): Extension<Caller>,
    JsonBody(report): JsonBody<DeliveryReport>,
) -> Result<StatusCode, ApiFailure> {
    manager.delivery_server(&caller).await?;
    let row = manager.voucher(&report.voucher_id).await?;
    let Some(owner) = &row.redeemed_serial else {
        return Err(ApiFailure::new(
            StatusCode::CONFLICT,
            "not-redeemed",
            "this voucher was not redeemed yet",
        ));
    };
    let track = manager.sold_track(&row).await?;
    if file_hash(&track)? != report.sha256 {
        return Err(ApiFailure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "hash-mismatch",
            "what arrived is not what was sent; download it again",
        ));
    }
    let (delivered_at, terms) = (manager.now(), row.terms()?);
    let mut tx = manager.database.begin_write().await?;
    let first = sqlx::query("UPDATE vouchers SET state = 'delivered', delivered_at = $1 WHERE voucher_id = $2 AND state = 'purchased'")
        .bind(delivered_at.0)
        .bind(&row.voucher_id)
        .execute(&mut *tx)
        .await?;
    if first.rows_affected() == 1 {
        sqlx::query(
            "INSERT INTO delivery_log (voucher_id, delivered_at, media_id, title, artist, author, song_ms, cost_cents, retail_cents, currency, certificate_serial, file_name, quality, seconds)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(&row.voucher_id)
        .bind(delivered_at.0)
        .bind(&row.media_id)
        .bind(&track.entry.title)
        .bind(&track.entry.artist)
        .bind(&track.author)
        .bind(i64::try_from(track.entry.duration_ms).unwrap_or(i64::MAX))
        .bind(i64::from(terms.cost_cents))
        .bind(i64::from(terms.retail_cents))
        .bind(&terms.currency)
        .bind(owner)
        .bind(&track.path)
        .bind(row.quality.as_deref().unwrap_or_default())
        .bind(i64::from(report.seconds))
        .execute(&mut *tx)
        .await?;
        tracing::info!(voucher = %report.voucher_id, title = ?track.entry.title, "delivered");
    }
    reach("delivered.entered")?;
    tx.commit().await?;
    reach("delivered.kept")?;
    Ok(StatusCode::NO_CONTENT)
}
