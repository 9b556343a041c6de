//! How often purchases with a limit were used (requirements O3, D3): what a player tells the content manager, and what that has kept.
//!
//! ```text
//! player  -> merchant -> content manager   POST /v1/counts  SignedMessage of a CountsReport, by the passport
//!         <-          <-                                    SignedMessage of a CountsReport, by the content manager
//! ```
//! Counts only rise: each side takes the higher one. The content manager keeps those of vouchers that the passport's key has redeemed
//! and leaves out all others, so its answer may name fewer. A player keeps its own report beside the track as well: it is the
//! count, sealed by the passport.

use serde::{Deserialize, Serialize};

use crate::id::VoucherId;
use crate::time::UnixTime;

/// Most purchases in one report.
pub const MAX_COUNTS: usize = 100;

/// Counts of several purchases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountsReport {
    /// When.
    pub at: UnixTime,
    /// 1 to [`MAX_COUNTS`].
    pub counts: Vec<Counts>,
}

/// How often one purchase was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The transaction.
    pub voucher_id: VoucherId,
    /// Times it was played.
    pub played: u32,
    /// Times it was recorded to disc.
    pub recorded: u32,
}

impl CountsReport {
    /// What the passport signs.
    pub const DOMAIN: &'static str = "cadenza/v1/counts";
    /// What the content manager signs.
    pub const KEPT_DOMAIN: &'static str = "cadenza/v1/counts-kept";
}

impl Counts {
    /// Not used yet.
    pub const fn none(voucher_id: VoucherId) -> Self {
        Self { voucher_id, played: 0, recorded: 0 }
    }

    /// The higher of both, each.
    #[must_use]
    pub fn raised_by(self, other: Self) -> Self {
        let Self { voucher_id, played, recorded } = self;
        Self { voucher_id, played: played.max(other.played), recorded: recorded.max(other.recorded) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // D3
    #[test]
    fn counts_only_rise() {
        let voucher_id = VoucherId::random();
        let (a, b) =
            (Counts { voucher_id, played: 3, recorded: 0 }, Counts { voucher_id, played: 1, recorded: 2 });
        assert_eq!(a.raised_by(b), Counts { voucher_id, played: 3, recorded: 2 });
        assert_eq!(b.raised_by(a), a.raised_by(b));
    }
}
