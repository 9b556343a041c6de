//! From a voucher to a track in the library (requirements B5 to B7, O5), in steps that may be cut off anywhere:
//!
//! 1. redeem: the grant is checked ([`redeem`](super::redeem));
//! 2. fetch into `.part`, continued where it stopped ([`download`](super::download));
//! 3. open and check the author's signature, append the transaction block signed by this player, sync;
//! 4. note in the journal that it is whole, give it its name, sync the folder;
//! 5. tell the delivery server that all of it arrived, and let go of the journal's entry.
//!
//! Each step finds out for itself what an earlier run has done; repeating any of them loses and doubles nothing.

use std::fs::{self, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use cadenza_protocol::cert::Certificate;
use cadenza_protocol::media::{MediaError, TextKind, TransactionFacts};
use cadenza_protocol::redeem::{DeliveryReport, RedeemApproval};
use cadenza_protocol::voucher::DeliveryAddress;
use thiserror::Error;

use super::client::StoreClient;
use super::download::{self, DownloadError};
use super::journal::{Arrived, Journal, OpenVoucher};
use super::redeem::{self, RedeemError};
use crate::atomic::{self, FileError};
use crate::clock::Clock;
use crate::error::{Code, Explain};
use crate::event::Stage;
use crate::library::scan::{self, ScanError};
use crate::passport::vault::{OpenPassport, VaultError};

/// Longest file name, without the extension, in bytes: well below what any file system takes.
const LONGEST_NAME: usize = 120;

/// Why a track is not in the library yet.
#[derive(Debug, Error)]
pub enum DeliverError {
    /// Redeeming.
    #[error(transparent)]
    Redeem(#[from] RedeemError),
    /// Downloading.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// What arrived is what was granted, and still no media file that can be played.
    #[error("the track that was delivered cannot be used ({0}): nothing was kept; tell the store's operator")]
    Unusable(#[source] ScanError),
    /// The passport was locked meanwhile.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The disk.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Explain for DeliverError {
    fn code(&self) -> Code {
        match self {
            Self::Redeem(e) => e.code(),
            Self::Download(e) => e.code(),
            Self::Unusable(_) => Code::FileBroken,
            Self::Vault(e) => e.code(),
            Self::File(e) => e.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Redeem(e) => e.fields(),
            Self::Download(e) => e.fields(),
            Self::Unusable(_) => Vec::new(),
            Self::Vault(e) => e.fields(),
            Self::File(e) => e.fields(),
        }
    }
}

impl DeliverError {
    /// Whether nobody answered, or nobody any more: another server may.
    pub fn is_unreachable(&self) -> bool {
        matches!(self.code(), Code::StoreUnreachable | Code::DownloadFailed)
    }

    /// What the server said, when it said no for good.
    pub fn final_refusal(&self) -> Option<Code> {
        let (Self::Redeem(RedeemError::Exchange(e)) | Self::Download(DownloadError::Refused(e))) = self
        else {
            return None;
        };
        e.final_refusal()
    }
}

/// What a delivery works with.
pub struct Courier<'a> {
    /// The store.
    pub client: &'a StoreClient,
    /// Where its steps are noted.
    pub journal: &'a Journal,
    /// The open passport.
    pub passport: Arc<OpenPassport>,
    /// Whom everything is checked against.
    pub root: &'a Certificate,
    /// The time of delivery.
    pub clock: &'a dyn Clock,
    /// Hears how far it is.
    pub progress: &'a (dyn Fn(Stage) + Send + Sync),
}

impl std::fmt::Debug for Courier<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Courier")
    }
}

/// A track that has its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its file in the music folder.
    pub file_name: PathBuf,
    /// Whether the delivery server knows that it arrived. If not, it is told next time; the track plays all the same.
    pub acknowledged: bool,
}

impl Courier<'_> {
    /// Brings one track to its place, from the delivery server that is there now.
    pub async fn deliver(
        &self,
        mut voucher: OpenVoucher,
        from: &DeliveryAddress,
    ) -> Result<Placed, DeliverError> {
        if let Some(arrived) = self.placed_before(&voucher)? {
            // Only the acknowledgement is missing, and its token is as old as the run that was cut off.
            let acknowledged = match self.redeem(&voucher, from).await {
                Ok(approval) => self.acknowledge(&voucher, &approval, &arrived, from).await?,
                Err(e) => self.excused(&voucher, e)?,
            };
            return Ok(Placed { file_name: arrived.file_name.into(), acknowledged });
        }
        (self.progress)(Stage::Redeeming);
        let mut approval = self.redeem(&voucher, from).await?;
        self.journal.reach("deliver.redeemed")?;
        let report = match self.fetch(&voucher, &approval, from).await {
            // A delivery server that was started anew does not know its old tickets; what has arrived is kept.
            Err(e) if e.final_refusal() == Some(Code::TicketExpired) => {
                approval = self.redeem(&voucher, from).await?;
                self.fetch(&voucher, &approval, from).await?
            }
            other => other?,
        };
        (self.progress)(Stage::Checking);
        self.journal.reach("deliver.fetched")?;
        let arrived = self.seal(&voucher, &approval, report)?;
        self.journal.reach("deliver.sealed")?;
        voucher.arrived = Some(arrived.clone());
        self.journal.keep_voucher(&voucher)?;
        self.journal.reach("deliver.noted")?;
        self.place(&voucher, &arrived)?;
        self.journal.reach("deliver.placed")?;
        let acknowledged = self.acknowledge(&voucher, &approval, &arrived, from).await?;
        Ok(Placed { file_name: arrived.file_name.into(), acknowledged })
    }

    /// Whether an earlier run got the whole file; gives it its place if only that was missing.
    fn placed_before(&self, voucher: &OpenVoucher) -> Result<Option<Arrived>, DeliverError> {
        let Some(arrived) = voucher.arrived.clone() else { return Ok(None) };
        let is_there = self.journal.music().join(&arrived.file_name).exists();
        if !is_there && !self.journal.part_path(voucher.id()).exists() {
            // Deleted since: it is fetched again.
            return Ok(None);
        }
        if !is_there {
            self.place(voucher, &arrived)?;
        }
        Ok(Some(arrived))
    }

    async fn redeem(
        &self,
        voucher: &OpenVoucher,
        from: &DeliveryAddress,
    ) -> Result<RedeemApproval, DeliverError> {
        Ok(redeem::redeem(self.client, &voucher.track, from, &self.passport, self.root).await?)
    }

    async fn fetch(
        &self,
        voucher: &OpenVoucher,
        approval: &RedeemApproval,
        from: &DeliveryAddress,
    ) -> Result<DeliveryReport, DeliverError> {
        let started = Instant::now();
        let grant = &approval.grant;
        let wanted = download::Wanted {
            url: redeem::at(&redeem::server_url(from)?, &approval.download),
            token: approval.download_token.clone(),
            length: grant.length,
            sha256: grant.sha256,
        };
        let progress = |received| (self.progress)(Stage::Receiving { received, total: grant.length });
        download::fetch(self.client, &wanted, &self.journal.part_path(voucher.id()), &progress).await?;
        let seconds = u32::try_from(started.elapsed().as_secs()).unwrap_or(u32::MAX);
        Ok(DeliveryReport { voucher_id: voucher.id(), sha256: grant.sha256, seconds })
    }

    /// Makes the copy the listener's own: the transaction block, signed with their key, behind what the author signed.
    fn seal(
        &self,
        voucher: &OpenVoucher,
        approval: &RedeemApproval,
        report: DeliveryReport,
    ) -> Result<Arrived, DeliverError> {
        let part = self.journal.part_path(voucher.id());
        let checked = scan::open(&part, self.root).and_then(|mut media| {
            let is_right = *media.media_id() == approval.grant.media_id
                && media.published_length() == approval.grant.length;
            if !is_right || media.image(&approval.grant.quality).is_err() {
                return Err(ScanError::Media(MediaError::NoSuchImage {
                    quality: approval.grant.quality.clone(),
                }));
            }
            let mut text = |kind| media.text(kind).ok().flatten().unwrap_or_default();
            Ok(file_name(&text(TextKind::Artist), &text(TextKind::Title), &voucher.id().to_string()))
        });
        let file_name = match checked {
            Ok(name) => name,
            Err(e) => {
                atomic::remove_file(&part)?;
                return Err(DeliverError::Unusable(e));
            }
        };
        let facts = TransactionFacts {
            delivered_at: self.clock.now(),
            grant: approval.grant.clone(),
            grant_signature: approval.grant_signature.clone(),
            wrapped_keys: approval.wrapped_keys.clone(),
            content_manager_chain: approval.content_manager_chain.clone(),
            consumer_chain: self.passport.chain()?,
        };
        let block =
            self.passport.with(|passport| facts.signed(|domain, message| passport.sign(domain, message)))?;
        append(&part, approval.grant.length, &block.to_bytes()).map_err(|e| FileError::writing(&part, e))?;
        Ok(Arrived { file_name, report })
    }

    fn place(&self, voucher: &OpenVoucher, arrived: &Arrived) -> Result<(), FileError> {
        atomic::place_file(
            &self.journal.part_path(voucher.id()),
            &self.journal.music().join(&arrived.file_name),
        )
    }

    async fn acknowledge(
        &self,
        voucher: &OpenVoucher,
        approval: &RedeemApproval,
        arrived: &Arrived,
        from: &DeliveryAddress,
    ) -> Result<bool, DeliverError> {
        let url = redeem::at(&redeem::server_url(from)?, "v1/redeem/done");
        match self.client.post_delivery_done(&url, &approval.download_token, &arrived.report).await {
            Ok(()) => {
                self.journal.reach("deliver.acknowledged")?;
                self.journal.close_voucher(voucher.id())?;
                Ok(true)
            }
            Err(e) => self.excused(voucher, DeliverError::Redeem(e.into())),
        }
    }

    /// The track is here; that the server could not be told is kept for later, unless it said no for good.
    fn excused(&self, voucher: &OpenVoucher, error: DeliverError) -> Result<bool, DeliverError> {
        tracing::warn!(%error, voucher = %voucher.id(), "the delivery could not be acknowledged");
        if error.final_refusal().is_some() {
            self.journal.close_voucher(voucher.id())?;
        }
        Ok(false)
    }
}

/// Writes the block right behind the signed part, whatever an earlier run left there, and syncs.
fn append(part: &Path, published_length: u64, block: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(part)?;
    file.set_len(published_length)?;
    file.seek(SeekFrom::Start(published_length))?;
    file.write_all(block)?;
    file.sync_all()
}

/// A name that a person recognises, every file system takes, and no other purchase has.
fn file_name(artist: &str, title: &str, voucher: &str) -> String {
    let plain = |text: &str| {
        let kept =
            |c: char| !c.is_control() && !matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
        text.chars().filter(|c| kept(*c)).collect::<String>().trim_matches(['.', ' ']).to_owned()
    };
    let parts: Vec<String> = [artist, title].into_iter().map(plain).filter(|p| !p.is_empty()).collect();
    let mut name = if parts.is_empty() { "Track".to_owned() } else { parts.join(" - ") };
    while name.len() > LONGEST_NAME {
        name.pop();
    }
    format!("{} [{}].cadenza", name.trim_end(), &voucher[..8.min(voucher.len())])
}

/// Removes parts that no voucher of the journal asks for any more.
pub fn sweep(journal: &Journal) {
    let wanted: Vec<PathBuf> = journal.vouchers().iter().map(|v| journal.part_path(v.id())).collect();
    let Ok(entries) = fs::read_dir(journal.music()) else { return };
    let parts = entries
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "part"));
    for part in parts.filter(|p| !wanted.contains(p)) {
        tracing::info!(part = %part.display(), "removing what a delivery that is over left behind");
        let _ = fs::remove_file(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_readable_and_harmless() {
        let id = "0123456789abcdef";
        assert_eq!(
            file_name("Erik Satie", "Gymnopédie No. 1", id),
            "Erik Satie - Gymnopédie No. 1 [01234567].cadenza"
        );
        assert_eq!(file_name("../..", "a/b:c", id), "abc [01234567].cadenza");
        assert_eq!(file_name("", "\u{7}", id), "Track [01234567].cadenza");
        assert!(file_name(&"é".repeat(200), "x", id).len() < 160);
    }
}
