//! Redeeming (requirements B5, C4): proving to a delivery server that we hold the receipt and the passport, and checking what it
//! grants before a byte is downloaded: the content manager's certificate and signature, that the grant is for this voucher,
//! this media and this passport, and that the media keys really open with our key.

use cadenza_protocol::cert::Certificate;
use cadenza_protocol::crypto::wrap::WrapLabel;
use cadenza_protocol::redeem::{
    ChallengeRequest, ProofError, RedeemApproval, RedeemChallenge, RedeemRequest,
};
use cadenza_protocol::voucher::{DeliveryAddress, VoucherTrack};
use thiserror::Error;
use url::Url;

use super::client::{ExchangeError, StoreClient};
use crate::error::{Code, Explain};
use crate::passport::vault::{OpenPassport, VaultError};

/// Longest media file that is taken, bytes.
const MAX_LENGTH: u64 = 1 << 40;

/// Why a voucher was not redeemed.
#[derive(Debug, Error)]
pub enum RedeemError {
    /// The passport.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The delivery server refuses, or cannot be reached.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// No receipt: a preview voucher.
    #[error("this voucher is for listening only: buy the track to keep it")]
    NoReceipt,
    /// The address that the store named is none.
    #[error("the store names no delivery server that can be reached: try again later; nothing is lost")]
    BadAddress,
    /// Somebody else answered.
    #[error(
        "the server that answered is not the delivery server that the store named: try again; nothing is lost"
    )]
    OtherServer,
    /// The grant is not genuine.
    #[error(
        "the delivery was not granted by a content manager that can be trusted ({0}): nothing was downloaded; tell the store's operator"
    )]
    NotGenuine(#[from] ProofError),
    /// The grant is for something else.
    #[error(
        "the delivery server granted something else than this voucher says: nothing was downloaded; fetch the voucher again"
    )]
    OtherGrant,
}

impl Explain for RedeemError {
    fn code(&self) -> Code {
        match self {
            Self::Vault(e) => e.code(),
            Self::Exchange(e) => e.code(),
            Self::NoReceipt | Self::BadAddress => Code::VoucherBroken,
            Self::OtherServer | Self::NotGenuine(_) | Self::OtherGrant => Code::DeliveryNotTrusted,
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Vault(e) => e.fields(),
            Self::Exchange(e) => e.fields(),
            _ => Vec::new(),
        }
    }
}

/// Redeems one track at a delivery server. May be repeated: the same passport gets the same answer. It is, once, when a reply was lost.
pub async fn redeem(
    client: &StoreClient,
    track: &VoucherTrack,
    place: &DeliveryAddress,
    passport: &OpenPassport,
    root: &Certificate,
) -> Result<RedeemApproval, RedeemError> {
    match redeem_once(client, track, place, passport, root).await {
        Err(RedeemError::Exchange(ExchangeError::Unreachable { .. })) => {
            redeem_once(client, track, place, passport, root).await
        }
        Err(RedeemError::Exchange(ExchangeError::Refused { code: Code::StaleChallenge, .. })) => {
            redeem_once(client, track, place, passport, root).await
        }
        other => other,
    }
}

async fn redeem_once(
    client: &StoreClient,
    track: &VoucherTrack,
    place: &DeliveryAddress,
    passport: &OpenPassport,
    root: &Certificate,
) -> Result<RedeemApproval, RedeemError> {
    let receipt = track.receipt.as_ref().ok_or(RedeemError::NoReceipt)?;
    let (voucher_id, media_id) = (track.voucher_id, track.media_id);
    let url = server_url(place)?;
    let challenge: RedeemChallenge =
        client.post_delivery(&at(&url, "v1/redeem/challenge"), &ChallengeRequest { voucher_id }).await?;
    if challenge.delivery_server != place.id {
        return Err(RedeemError::OtherServer);
    }
    let chain = passport.chain()?;
    let request = passport.with(|passport| {
        let sign = |domain: &str, message: &[u8]| passport.sign(domain, message);
        RedeemRequest::prove(voucher_id, media_id, receipt, &challenge, &chain, passport.encryption(), sign)
    })?;
    let approval: RedeemApproval = client.post_delivery(&at(&url, "v1/redeem"), &request).await?;
    check(&approval, track, passport, &chain.leaf().fingerprint(), root)?;
    Ok(approval)
}

/// The delivery server's address.
pub fn server_url(place: &DeliveryAddress) -> Result<Url, RedeemError> {
    let host = &place.host;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    Url::parse(&format!("https://{host}:{}/", place.https)).map_err(|_| RedeemError::BadAddress)
}

/// A path below the server's address; whatever it says, it stays at that server.
pub fn at(server: &Url, path: &str) -> Url {
    let mut url = server.clone();
    url.set_path(path);
    url
}

fn check(
    approval: &RedeemApproval,
    track: &VoucherTrack,
    passport: &OpenPassport,
    ours: &[u8; 32],
    root: &Certificate,
) -> Result<(), RedeemError> {
    let grant = &approval.grant;
    grant.verify(&approval.content_manager_chain, &approval.grant_signature, &approval.wrapped_keys, root)?;
    let same_quality = track.quality.as_ref().is_none_or(|q| *q == grant.quality);
    let fits = (grant.voucher_id, grant.media_id) == (track.voucher_id, track.media_id)
        && grant.consumer_fingerprint == *ours
        && same_quality
        && (1..=MAX_LENGTH).contains(&grant.length);
    if !fits {
        return Err(RedeemError::OtherGrant);
    }
    // Opened once to see that they open; they are wiped here and opened again when the track is played.
    let to = passport.with(|passport| passport.encryption().fingerprint())?;
    if grant.encryption_fingerprint != to {
        return Err(RedeemError::OtherGrant);
    }
    let label = WrapLabel::purchase(&grant.media_id, &grant.voucher_id, &to);
    passport.unwrap_keys(&approval.wrapped_keys, &label).map(drop).map_err(|_| RedeemError::OtherGrant)
}
