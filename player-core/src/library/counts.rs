//! Second and third copies of the counts of limited purchases (requirements O3, D3), so that whoever loses or deletes one has the others:
//! a fact in the index, and beside the track `VOUCHER.counts`, bound to the transaction and signed by the passport. The first copy
//! is the [`ledger`](super::ledger); a fourth is the content manager's (`POST /v1/counts`). The highest counts.

use std::path::{Path, PathBuf};

use cadenza_protocol::cert::{Certificate, RevocationLists, Role};
use cadenza_protocol::counts::{Counts, CountsReport};
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::signed::SignedMessage;

use super::index::{Index, IndexError};
use crate::atomic::{self, FileError};

const BOUND: u64 = 64 << 10;

/// The copies of one home folder.
#[derive(Debug, Clone, Copy)]
pub struct CountCopies<'h> {
    /// The index.
    pub index: &'h Index,
    /// The folder of bought tracks.
    pub music: &'h Path,
}

impl CountCopies<'_> {
    /// The highest that a copy knows. One that was altered is as good as none.
    pub fn of(&self, voucher: VoucherId, root: &Certificate) -> Counts {
        let fact = self.index.fact(&fact(voucher)).filter(|kept: &Counts| kept.voucher_id == voucher);
        let sealed = self.sealed(voucher, root);
        [fact, sealed].into_iter().flatten().fold(Counts::none(voucher), Counts::raised_by)
    }

    /// Keeps it in the index.
    pub fn keep(&self, counts: Counts) -> Result<(), IndexError> {
        self.index.keep_fact(&fact(counts.voucher_id), &counts)
    }

    /// Keeps it beside the track: a report that names this purchase alone.
    pub fn keep_sealed(&self, voucher: VoucherId, report: &SignedMessage) -> Result<(), FileError> {
        let json = serde_json::to_vec(report).expect("our messages are JSON");
        atomic::replace_file(&self.file(voucher), &json)
    }

    fn sealed(&self, voucher: VoucherId, root: &Certificate) -> Option<Counts> {
        let bytes = atomic::read_bounded(&self.file(voucher), BOUND).ok()?;
        let report: SignedMessage = serde_json::from_slice(&bytes).ok()?;
        // A passport that has expired since has counted all the same.
        let signed = report.chain().leaf().not_before();
        let opened: Result<CountsReport, _> =
            report.open(CountsReport::DOMAIN, root, Role::Consumer, signed, &RevocationLists::none());
        match opened {
            Ok(report) => report.counts.into_iter().find(|counts| counts.voucher_id == voucher),
            Err(error) => {
                tracing::warn!(%voucher, %error, "a count beside its track was altered");
                None
            }
        }
    }

    fn file(&self, voucher: VoucherId) -> PathBuf {
        self.music.join(format!("{voucher}.counts"))
    }
}

fn fact(voucher: VoucherId) -> String {
    format!("counts/{voucher}")
}
