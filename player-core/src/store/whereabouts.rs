//! Where a purchase is fetched from (requirements B6, B7), asked of the merchant at every try: a delivery server has other ports after
//! each start, and others may have taken its place. What the voucher says is a hint, for when the merchant cannot be asked.
//!
//! What was found unreachable is remembered for one run of deliveries and by its whole address, so that ten tracks do not wait ten times
//! for one dead server, and nobody is taken for dead because of where he was last week.

use cadenza_protocol::voucher::{DeliveryAddress, VoucherTrack};

use super::client::{ExchangeError, StoreClient};
use crate::error::Failure;

/// What one run of deliveries knows of places.
#[derive(Debug)]
pub struct Whereabouts<'c> {
    client: &'c StoreClient,
    merchant_is_away: bool,
    unreachable: Vec<(DeliveryAddress, Failure)>,
}

impl<'c> Whereabouts<'c> {
    /// Nothing yet.
    pub const fn new(client: &'c StoreClient) -> Self {
        Self { client, merchant_is_away: false, unreachable: Vec::new() }
    }

    /// Where this track is fetched from now.
    pub async fn of(&mut self, track: &VoucherTrack) -> DeliveryAddress {
        if !self.merchant_is_away {
            match self.client.delivery_of(track.voucher_id).await {
                Ok(place) => return place,
                Err(error) => {
                    // A refusal is about this voucher (bought elsewhere, perhaps); silence is about all.
                    self.merchant_is_away = !matches!(error, ExchangeError::Refused { .. });
                    tracing::debug!(%error, voucher = %track.voucher_id, "going by the address in the voucher");
                }
            }
        }
        track.delivery.clone()
    }

    /// Why this place was not reached in this run.
    pub fn failure_at(&self, place: &DeliveryAddress) -> Option<Failure> {
        self.unreachable.iter().find(|(known, _)| known == place).map(|(_, failure)| failure.clone())
    }

    /// Nobody answered there.
    pub fn is_unreachable(&mut self, place: DeliveryAddress, failure: Failure) {
        self.unreachable.push((place, failure));
    }
}
