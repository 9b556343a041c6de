//! What a person opened from outside: a voucher, a passport, a bought track, a link (B4, V1, G6).

use std::path::{Path, PathBuf};

use cadenza_player::Failure;
use cadenza_player::passport::vault::Phase;
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::voucher::{MediaVoucher, VoucherKind};

use super::{Core, Desk};
use crate::events::{GoTo, NoticeLevel};
use crate::ipc::{AlbumId, AppError, Download};
use crate::os::links::Opened;

impl Desk {
    /// Does what was opened, in the background; what goes wrong is told to the page.
    pub fn open_from_outside(&self, opened: Vec<Opened>) {
        for opened in opened {
            let desk = self.clone();
            tauri::async_runtime::spawn(async move {
                let Ok(core) = desk.core() else { return };
                if let Err(error) = desk.open_one(core, opened).await {
                    core.notice(NoticeLevel::Problem, error);
                }
            });
        }
    }

    async fn open_one(&self, core: &Core, opened: Opened) -> Result<(), AppError> {
        match opened {
            Opened::Voucher(path) => drop(self.open_voucher(&path).await?),
            Opened::Passport(path) => core.tell(GoTo::ImportPassport { path: path.display().to_string() }),
            Opened::Media(path) => drop(core.player.import(&path).await?),
            Opened::Preview(id) => {
                let offer = core.player.store_track(id.parse().map_err(Failure::internal)?).await?;
                core.preview(&[offer.media_id], 0, PreviewKind::Clip).await?;
                core.tell(GoTo::Album { album_id: AlbumId(offer.album_id) });
            }
            Opened::Redeem(link) => drop(self.take(core, core.player.voucher_at(&link).await?).await?),
        }
        Ok(())
    }

    /// Opens a voucher file: a preview plays, a purchase is brought home.
    pub async fn open_voucher(&self, path: &Path) -> Result<Vec<Download>, AppError> {
        let core = self.core()?;
        let voucher = core.player.read_voucher(path).await?;
        self.take(core, voucher).await
    }

    async fn take(&self, core: &Core, voucher: MediaVoucher) -> Result<Vec<Download>, AppError> {
        if voucher.kind == VoucherKind::Preview {
            core.preview_voucher(&voucher, 0).await?;
            return Ok(Vec::new());
        }
        let taken = core.player.take_voucher(voucher)?;
        core.tell(GoTo::Downloads);
        match core.player.passport_phase() {
            Phase::Unlocked => self.deliver(),
            // Unlocking goes on with it.
            Phase::Locked | Phase::Broken => core.tell(GoTo::Unlock),
            Phase::None => return Err(core.player.kept_until_registered().into()),
        }
        let deliveries = core.player.deliveries();
        let ours = deliveries.iter().filter(|delivery| taken.contains(&delivery.voucher_id));
        Ok(ours.map(|delivery| core.download(delivery)).collect())
    }
}

/// Where relative paths of arguments start.
pub fn working_folder() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}
