//! What a person opened from outside: a voucher, a passport, a bought track, a link (B4, V1, G6).

use std::path::{Path, PathBuf};

use cadenza_player::{Code, Failure, atomic};
use cadenza_protocol::voucher::{self, MediaVoucher, VoucherKind};
use url::Url;

use super::{Core, Desk};
use crate::convert;
use crate::events::{GoTo, NoticeLevel};
use crate::ipc::{AlbumId, AppError, Download, PassportPhase, PreviewKind};
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
                let offer = core.offer(id.parse().map_err(Failure::internal)?).await?;
                core.preview(&[offer.media_id], 0, PreviewKind::Clip).await?;
                core.tell(GoTo::Album { album_id: AlbumId(offer.album_id) });
            }
            Opened::Redeem(url) => {
                let voucher = core.voucher_at(&url).await?;
                self.take(core, voucher).await?;
            }
        }
        Ok(())
    }

    /// Opens a voucher file: a preview plays, a purchase is brought home.
    pub async fn open_voucher(&self, path: &Path) -> Result<Vec<Download>, AppError> {
        let bytes = atomic::read_bounded(path, voucher::MAX_BYTES as u64).map_err(Failure::from)?;
        let core = self.core()?;
        core.store.known().await;
        let voucher = core.player.genuine_voucher(&bytes)?;
        self.take(core, voucher).await
    }

    async fn take(&self, core: &Core, voucher: MediaVoucher) -> Result<Vec<Download>, AppError> {
        core.store.known().await;
        if voucher.kind == VoucherKind::Preview {
            core.preview_voucher(&voucher, 0).await?;
            return Ok(Vec::new());
        }
        let taken = core.player.take_voucher(voucher)?;
        let open = core.player.open_deliveries().into_iter();
        let waiting = open.filter(|delivery| taken.contains(&delivery.voucher_id));
        let downloads = waiting.map(|delivery| core.note_delivery(delivery)).collect();
        core.tell(GoTo::Downloads);
        match convert::phase(&core.player) {
            PassportPhase::Unlocked => self.deliver(),
            // Unlocking goes on with it.
            PassportPhase::Locked => core.tell(GoTo::Unlock),
            PassportPhase::None | PassportPhase::NeedsPassphrase => {
                return Err(AppError::new(
                    Code::NoPassport,
                    "register first: the tracks of this voucher are kept and arrive once you have a passport",
                ));
            }
        }
        Ok(downloads)
    }
}

impl Core {
    /// Fetches the voucher that a web page links to. The address only names the order: it is fetched from the player's own
    /// store over TLS, never from wherever the link says.
    async fn voucher_at(&self, url: &Url) -> Result<MediaVoucher, AppError> {
        self.store.known().await;
        let order = order_of(url).ok_or_else(|| {
            AppError::new(Code::LinkUnknown, "this link does not lead to a voucher: download the voucher file from the store's page and open that")
        })?;
        let voucher = self
            .player
            .store()?
            .get_voucher(&format!("v1/orders/{order}/voucher"))
            .await
            .map_err(Failure::from);
        self.store.learn(&voucher);
        Ok(voucher?)
    }

    /// Brings in a passport; with `replace` the one that is here is put aside as a file beside it.
    pub fn import_passport(&self, path: &Path, replace: bool) -> Result<(), AppError> {
        let imported = self.player.import_passport(path);
        match imported {
            Err(failure) if failure.code == Code::PassportExists && replace => {
                self.player.replace_passport(path)?;
                Ok(())
            }
            other => Ok(other?),
        }
    }
}

/// The order's id in `.../orders/ID/voucher`, with or without an extension.
fn order_of(url: &Url) -> Option<String> {
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let place = parts.iter().position(|part| matches!(*part, "orders" | "order" | "retrieve"))?;
    let id = parts.get(place + 1)?.split('.').next()?;
    let is_id = (8..=100).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    is_id.then(|| id.to_owned())
}

/// Where relative paths of arguments start.
pub fn working_folder() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    // B4
    #[test]
    fn a_link_names_an_order_and_nothing_else() {
        let order = |text: &str| order_of(&Url::parse(text).unwrap());
        assert_eq!(
            order("http://127.0.0.1:8080/orders/0123456789abcdef/voucher").as_deref(),
            Some("0123456789abcdef")
        );
        assert_eq!(
            order("https://shop.example/retrieve/0123456789abcdef.cadvoucher").as_deref(),
            Some("0123456789abcdef")
        );
        assert_eq!(order("https://shop.example/orders/..%2f..%2fv1/voucher"), None);
        assert_eq!(order("https://shop.example/"), None);
    }
}
