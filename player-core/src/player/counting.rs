//! Limits (requirements O3, D3): what an author allows so many times is counted by transaction, in the ledger, in two further copies here
//! and at the content manager. Wherever the count is higher, that is the count.
//!
//! The content manager is asked before a recording that is limited, and told of it before anything of it can be read; it is told of
//! plays when the passport is opened. Without it, the copies here decide.

use cadenza_protocol::cert::{RevocationLists, Role};
use cadenza_protocol::counts::{Counts, CountsReport, MAX_COUNTS};
use cadenza_protocol::id::VoucherId;
use cadenza_protocol::media::Allowance;
use cadenza_protocol::signed::SignedMessage;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::Player;
use crate::error::{Code, Explain, Failure};
use crate::library::counts::CountCopies;
use crate::library::ledger::{Ledger, Use};
use crate::library::{TrackId, TrackRecord};
use crate::store::StoreClient;

impl Player {
    /// How often a purchase was used.
    pub(super) fn used(&self, what: Use, track: &TrackRecord) -> Result<u32, Failure> {
        let ledger = self.ledger()?;
        Ok(track.voucher_id().map_or(0, |voucher| ledger.used(what, voucher)))
    }

    /// Restrictions on playing.
    pub(super) fn may_play(&self, track: &TrackRecord) -> Result<(), Failure> {
        let refuse = |why: &str| {
            let message = format!("'{}' {why}: buy it in a version that may be played", track.title);
            Failure::new(Code::Unplayable, message).with("title", &track.title)
        };
        match track.may_play() {
            Allowance::Unlimited => Ok(()),
            Allowance::Never => Err(refuse("may not be played")),
            Allowance::Times(limit) if self.used(Use::Play, track)? < u32::from(limit) => Ok(()),
            Allowance::Times(limit) => {
                Err(refuse(&format!("was played {limit} times, which is all that its author allows")))
            }
        }
    }

    /// Counts one play of a track that is limited, for good.
    pub(super) fn count_play(&self, track: &TrackRecord) -> Result<(), Failure> {
        self.may_play(track)?;
        if let Some(voucher) = track.voucher_id() {
            self.ledger()?.count(Use::Play, voucher)?;
            self.copy_counts(voucher);
        }
        Ok(())
    }

    /// Takes over what the other copies know better.
    pub(super) fn recall_counts<'t>(&self, records: impl IntoIterator<Item = &'t TrackRecord>) {
        let (Ok(root), Ok(ledger)) = (self.root(), self.ledger()) else { return };
        for voucher in
            records.into_iter().filter(|track| track.is_limited()).filter_map(TrackRecord::voucher_id)
        {
            raise(ledger, self.count_copies().of(voucher, &root));
        }
    }

    /// Writes a count into its other copies. One that cannot be written is told of: the ledger has it.
    pub(super) fn copy_counts(&self, voucher: VoucherId) {
        let Ok(ledger) = self.ledger() else { return };
        let (counts, copies) = (counts_in(ledger, voucher), self.count_copies());
        let in_index = copies.keep(counts).map_err(Failure::from);
        let sealed =
            self.counts_report(vec![counts]).and_then(|report| Ok(copies.keep_sealed(voucher, &report)?));
        if let Err(failure) = in_index.and(sealed) {
            tracing::warn!(%failure, %voucher, "a count stands in the ledger alone");
        }
    }

    /// Tells the content manager the counts of these purchases, and takes over what it knows better.
    pub async fn settle_counts(&self, vouchers: &[VoucherId]) -> Result<(), Failure> {
        for (client, report) in self.reports(vouchers)? {
            let kept = client.settle_counts(&report).await?;
            self.take_counts(&kept)?;
        }
        Ok(())
    }

    /// The same for tracks that may be recorded so many times, from a thread that may wait. Nothing comes of it when nobody can be asked.
    pub(super) fn settle_recordings(&self, ids: &[TrackId]) {
        let limited = |id: &TrackId| {
            let track = self.library().track(*id)?;
            matches!(track.may_record(), Allowance::Times(_)).then(|| track.voucher_id())?
        };
        let vouchers: Vec<VoucherId> = ids.iter().filter_map(limited).collect();
        let Ok(handle) = Handle::try_current() else { return };
        if vouchers.is_empty() || handle.runtime_flavor() == RuntimeFlavor::CurrentThread {
            return;
        }
        let settled = std::thread::scope(|scope| {
            let asking = std::thread::Builder::new()
                .name("counts".into())
                .spawn_scoped(scope, || handle.block_on(self.settle_counts(&vouchers)));
            asking.map_err(Failure::internal)?.join().unwrap_or_else(|_| Err(Failure::internal("counts")))
        });
        if let Err(failure) = settled {
            tracing::warn!(%failure, "the store could not be asked how often these tracks were recorded");
        }
    }

    /// The same for everything that is limited, beside whatever goes on. Does not keep the player open.
    pub(super) fn settle_counts_in_background(&self) {
        let vouchers: Vec<VoucherId> =
            self.library().limited().iter().filter_map(|track| track.voucher_id()).collect();
        if vouchers.is_empty() {
            return;
        }
        let Ok(reports) = self.reports(&vouchers) else { return };
        let player = std::sync::Arc::downgrade(&self.0);
        tokio::spawn(async move {
            for (client, report) in reports {
                let kept = client.settle_counts(&report).await.map_err(Failure::from);
                let Some(player) = player.upgrade().map(Player) else { return };
                if let Err(failure) = kept.and_then(|kept| player.take_counts(&kept)) {
                    tracing::debug!(%failure, "the store could not be told how often tracks were used");
                    return;
                }
            }
        });
    }

    fn reports(&self, vouchers: &[VoucherId]) -> Result<Vec<(StoreClient, SignedMessage)>, Failure> {
        let (client, ledger) = (self.store()?, self.ledger()?);
        let report = |part: &[VoucherId]| {
            let counts = part.iter().map(|voucher| counts_in(ledger, *voucher)).collect();
            Ok((client.clone(), self.counts_report(counts)?))
        };
        vouchers.chunks(MAX_COUNTS).map(report).collect()
    }

    fn counts_report(&self, counts: Vec<Counts>) -> Result<SignedMessage, Failure> {
        let report = CountsReport { at: self.now(), counts };
        Ok(self.0.vault.with_open(|open| {
            open.with(|passport| {
                let sign = |domain: &str, message: &[u8]| passport.sign(domain, message);
                SignedMessage::new(CountsReport::DOMAIN, &report, passport.chain(), sign)
            })
        })??)
    }

    fn take_counts(&self, kept: &SignedMessage) -> Result<(), Failure> {
        let (root, ledger, now) = (self.root()?, self.ledger()?, self.now());
        let role = Role::ContentManager;
        let kept: CountsReport = kept
            .open(CountsReport::KEPT_DOMAIN, &root, role, now, &RevocationLists::none())
            .map_err(|e| Failure::new(Code::StoreGarbled, e.to_string()))?;
        for counts in kept.counts {
            let here = counts_in(ledger, counts.voucher_id);
            if counts.raised_by(here) != here {
                raise(ledger, counts);
                self.copy_counts(counts.voucher_id);
            }
        }
        Ok(())
    }

    fn count_copies(&self) -> CountCopies<'_> {
        CountCopies { index: self.library().index(), music: &self.0.music }
    }

    pub(super) fn ledger(&self) -> Result<&Ledger, Failure> {
        self.0.ledger.as_ref().map_err(|e| Failure {
            code: e.code(),
            data: Default::default(),
            message: e.to_string(),
        })
    }
}

fn counts_in(ledger: &Ledger, voucher_id: VoucherId) -> Counts {
    let settled = |what| ledger.settled(what, voucher_id);
    Counts { voucher_id, played: settled(Use::Play), recorded: settled(Use::Record) }
}

fn raise(ledger: &Ledger, known: Counts) {
    let Counts { voucher_id, played, recorded } = known;
    for (what, to) in [(Use::Play, played), (Use::Record, recorded)] {
        if let Err(error) = ledger.raise(what, voucher_id, to) {
            tracing::warn!(%error, voucher = %voucher_id, "a count that is higher elsewhere cannot be written down");
        }
    }
}
