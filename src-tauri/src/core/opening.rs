//! What a person opened from outside: a voucher, a passport, music, a link (B4, V1, G6). Any web page can open a link, so one
//! waits in [`AskedLinks`] until the person said yes to it (B12); by then the page may have been loaded, or not yet.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use cadenza_player::passport::vault::Phase;
use cadenza_player::store::Link;
use cadenza_protocol::preview::PreviewKind;
use cadenza_protocol::voucher::{MediaVoucher, VoucherKind};
use parking_lot::Mutex;

use super::{Core, Desk};
use crate::convert;
use crate::events::{GoTo, NoticeLevel};
use crate::ipc::{AlbumId, AppError, AskedLink, Download, TrackId};
use crate::os::links::Opened;

/// Links that wait for an answer at one time; more come from a page that floods.
const MOST_LINKS: usize = 8;

/// Links that nobody has said yes to yet, oldest first, each under a number.
#[derive(Debug, Default)]
pub struct AskedLinks(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    links: VecDeque<(u32, Link)>,
    last: u32,
}

impl AskedLinks {
    /// Lets a link wait; the same one waits once.
    fn add(&self, link: Link) {
        let mut waiting = self.0.lock();
        if waiting.links.len() < MOST_LINKS && waiting.links.iter().all(|(_, known)| *known != link) {
            waiting.last = waiting.last.wrapping_add(1);
            let number = waiting.last;
            waiting.links.push_back((number, link));
        }
    }

    /// The one that is asked about.
    fn first(&self) -> Option<(u32, Link)> {
        self.0.lock().links.front().cloned()
    }

    /// Takes the answered one out.
    fn take(&self, number: u32) -> Option<Link> {
        let mut waiting = self.0.lock();
        let at = waiting.links.iter().position(|(known, _)| *known == number)?;
        waiting.links.remove(at).map(|(_, link)| link)
    }
}

impl Core {
    /// Asks the person about a link, as soon as the page is there to ask.
    fn ask_about(&self, link: Link) {
        self.links.add(link);
        self.tell(GoTo::Link);
    }

    /// What the person is to be asked now.
    pub fn asked_link(&self) -> Option<AskedLink> {
        let (number, link) = self.links.first()?;
        Some(convert::asked_link(number, self.player.link_question(&link)))
    }

    /// Takes a link that was answered.
    pub fn answered_link(&self, number: u32) -> Option<Link> {
        self.links.take(number)
    }
}

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
            Opened::Media(path) => {
                let track_id = TrackId(core.player.open_file(&path).await?.to_string());
                core.tell(GoTo::Play { track_id });
            }
            Opened::Link(link) => core.ask_about(link),
        }
        Ok(())
    }

    /// Follows a link that the person said yes to, in the background; what goes wrong is told to the page.
    pub fn follow_link(&self, link: Link) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Ok(core) = desk.core() else { return };
            if let Err(error) = desk.follow_one(core, link).await {
                core.notice(NoticeLevel::Problem, error);
            }
        });
    }

    async fn follow_one(&self, core: &Core, link: Link) -> Result<(), AppError> {
        match link {
            Link::Preview(id) => {
                let offer = core.player.store_track(id).await?;
                core.preview(&[offer.media_id], 0, PreviewKind::Clip).await?;
                core.tell(GoTo::Album { album_id: AlbumId(offer.album_id) });
            }
            Link::Redeem(url) => drop(self.take(core, core.player.voucher_at(&url).await?).await?),
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

#[cfg(test)]
mod tests {
    use super::*;

    // B12
    #[test]
    fn links_wait_for_their_answers_one_after_the_other_and_not_without_end() {
        let links = AskedLinks::default();
        let link = |last: u8| Link::Preview(cadenza_protocol::id::MediaId::from_bytes([last; 16]));
        for last in [1, 1, 2] {
            links.add(link(last));
        }
        let (number, first) = links.first().unwrap();
        assert_eq!(first, link(1));
        assert_eq!(links.take(number), Some(link(1)));
        assert_eq!(links.take(number), None, "answered once");
        assert_eq!(links.first().unwrap().1, link(2));
        (0..100).for_each(|last| links.add(link(last)));
        assert_eq!(links.0.lock().links.len(), MOST_LINKS);
    }
}
