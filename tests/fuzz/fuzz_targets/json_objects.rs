//! Vouchers, passports and the messages of a redemption.
#![no_main]

use cadenza_protocol::redeem::{DeliveryReport, RedeemApproval, RedeemRequest};
use cadenza_protocol::reserve::{DeliverRequest, ReserveRequest, VoucherPacket};
use cadenza_protocol::voucher::MediaVoucher;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(voucher) = MediaVoucher::from_json(data) {
        assert!(MediaVoucher::from_json(&voucher.to_json()).is_ok());
    }
    let _ = RedeemRequest::from_slice_checked(data);
    let _ = RedeemApproval::from_slice_checked(data);
    let _ = DeliveryReport::from_slice_checked(data);
    let _ = ReserveRequest::from_slice_checked(data);
    let _ = VoucherPacket::from_slice_checked(data);
    let _ = DeliverRequest::from_slice_checked(data);
});

trait FromSlice: Sized {
    fn from_slice_checked(data: &[u8]) -> Option<Self>;
}

impl<T: serde::de::DeserializeOwned> FromSlice for T {
    fn from_slice_checked(data: &[u8]) -> Option<Self> {
        serde_json::from_slice(data).ok()
    }
}
