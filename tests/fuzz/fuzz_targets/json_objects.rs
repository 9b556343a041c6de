//! Vouchers, the messages of a redemption and of a reservation, and signed requests.
#![no_main]

use cadenza_fuzz::center::{self, NOW};
use cadenza_protocol::api::ApiError;
use cadenza_protocol::cert::{RevocationLists, Role};
use cadenza_protocol::id::DeliveryServerId;
use cadenza_protocol::passport::RenewalRequest;
use cadenza_protocol::redeem::{
    ChallengeRequest, DeliveryReport, RedeemApproval, RedeemChallenge, RedeemRequest,
};
use cadenza_protocol::reserve::{
    AuthorizeReply, AuthorizeRequest, DeliverRequest, ReserveRequest, VoucherPacket,
};
use cadenza_protocol::signed::{SignedError, SignedMessage};
use cadenza_protocol::voucher::{MediaVoucher, VoucherFile, VoucherKind, VoucherTrack};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    match which % 6 {
        0 => {
            if let Ok(file) = VoucherFile::from_json(rest) {
                assert_eq!(
                    VoucherFile::from_json(&file.to_json()).expect("written").to_json(),
                    file.to_json()
                );
                let _ = file.verify(center::root());
            }
        }
        1 => {
            if let Ok(tracks) = serde_json::from_slice(rest) {
                signed_voucher(tracks);
            }
        }
        2 => {
            if let Some(request) = round_trip::<RedeemRequest>(rest) {
                let server = DeliveryServerId::new("delivery-1").expect("a name");
                let _ = request.verify_passport(&server, center::root(), NOW, &RevocationLists::none());
            }
            if let Some(approval) = round_trip::<RedeemApproval>(rest) {
                let RedeemApproval { grant, grant_signature, wrapped_keys, content_manager_chain, .. } =
                    &approval;
                let _ = grant.verify(content_manager_chain, grant_signature, wrapped_keys, center::root());
            }
        }
        3 => {
            let _ = round_trip::<ApiError>(rest);
            let _ = ApiError::read(rest);
            let _ = round_trip::<ChallengeRequest>(rest);
            let _ = round_trip::<RedeemChallenge>(rest);
            let _ = round_trip::<DeliveryReport>(rest);
            let _ = round_trip::<ReserveRequest>(rest);
            let _ = round_trip::<VoucherPacket>(rest);
            let _ = round_trip::<AuthorizeRequest>(rest);
            let _ = round_trip::<AuthorizeReply>(rest);
            let _ = round_trip::<DeliverRequest>(rest);
        }
        4 => {
            if let Some(message) = round_trip::<SignedMessage>(rest) {
                let _ = open(&message);
            }
        }
        _ => {
            let Ok(body) = serde_json::from_slice::<serde_json::Value>(rest) else { return };
            let sender = center::listener();
            let sign = |domain: &str, bytes: &[u8]| sender.key.sign(domain, bytes);
            let message = SignedMessage::new(RenewalRequest::DOMAIN, &body, &sender.chain, sign);
            assert!(matches!(open(&message), Ok(_) | Err(SignedError::Malformed)));
        }
    }
});

/// Whatever a content manager signs is either refused or says afterwards what it said before.
fn signed_voucher(tracks: Vec<VoucherTrack>) {
    let kind = match tracks.first() {
        Some(track) if track.receipt.is_some() => VoucherKind::Purchase,
        _ => VoucherKind::Preview,
    };
    let (root, merchant_key) = (center::root().fingerprint(), [7; 32]);
    let voucher = MediaVoucher { kind, tracks, issued: NOW, expires: NOW, root, merchant_key, gift: false };
    let (said, manager) = (voucher.signed_bytes(), center::manager());
    let json = voucher.sign(&manager.key, manager.chain.clone()).to_json();
    if let Ok(file) = VoucherFile::from_json(&json) {
        assert_eq!(file.verify(center::root()).expect("just signed").signed_bytes(), said);
    }
}

fn open(message: &SignedMessage) -> Result<RenewalRequest, SignedError> {
    message.open(RenewalRequest::DOMAIN, center::root(), Role::Consumer, NOW, &RevocationLists::none())
}

fn round_trip<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let object: T = serde_json::from_slice(bytes).ok()?;
    let written = serde_json::to_vec(&object).expect("what was read can be written");
    let again: T = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_vec(&again).expect("once more"), written);
    Some(object)
}
