//! The preview images that are being listened to, in memory, ready to stream.
//!
//! Bytes come from media files in the store (author's signature and image hash checked) and go, packet by packet, to every
//! session that plays them: an image is read once, however many listen. The shelf is bounded; what was not asked for
//! the longest leaves first.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::sync::{Arc, Mutex, MutexGuard};

use cadenza_protocol::cert::Certificate;
use cadenza_protocol::media::{AudioImage, Codec, MediaError, MediaFile, Part};
use cadenza_protocol::preview::{
    Description, Npt, OpusImage, OpusImageError, Preview, PreviewKind, Refusal, RefusalKind,
};
use ogg::PacketReader;

use crate::content::files::{MediaFiles, MediaFilesError};
use crate::content::messages::MediaFacts;

/// Most bytes of images held (packets and the file that players may keep): about 300 clips, or 45 whole songs.
const ROOM: usize = 256 << 20;
/// Most songs whose parameters are held.
const SONGS: usize = 10_000;
/// Largest image that is streamed, as it lies in the file.
const LARGEST: u64 = 64 << 20;
/// What RTP, TCP and TLS add to an image's bit rate: 40 bytes to a packet of 80 to 240, fifty times a second.
const OVERHEAD_BITS: u32 = 16_000;

/// Why a preview cannot be streamed.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The file is gone or cannot be read.
    #[error(transparent)]
    Files(#[from] MediaFilesError),
    /// The file is not as its author signed it.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The image is not Ogg Opus.
    #[error("the {0} image is not Ogg Opus; author and publish the file again")]
    NotOggOpus(String),
    /// The image's packets cannot be streamed.
    #[error(transparent)]
    Opus(#[from] OpusImageError),
    /// There is no free image of this kind.
    #[error("this song has no preview of this kind; ask for the clip")]
    NoImage,
    /// No image is small enough.
    #[error("this preview needs at least {0} kbit/s; try a faster connection")]
    TooSlow(u32),
}

impl ShelfError {
    /// What the client is told.
    pub fn refusal(&self) -> Refusal {
        let kind = match self {
            Self::NoImage => RefusalKind::UnknownMedia,
            Self::TooSlow(_) => RefusalKind::NotEnoughBandwidth,
            Self::Files(_) | Self::Media(_) | Self::NotOggOpus(_) | Self::Opus(_) => {
                tracing::error!(error = %self, "a preview cannot be streamed");
                let message = "the preview cannot be read on the server; try another song".to_owned();
                return Refusal { kind: RefusalKind::Internal, message };
            }
        };
        Refusal { kind, message: self.to_string() }
    }
}

#[derive(Debug)]
pub(super) struct Shelf {
    files: MediaFiles,
    root: Certificate,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    songs: HashMap<String, Arc<Vec<AudioImage>>>,
    images: HashMap<(String, String), (u64, Arc<OpusImage>)>,
    bytes: usize,
    turn: u64,
}

impl Shelf {
    pub(super) fn new(files: MediaFiles, root: Certificate) -> Self {
        Self { files, root, held: Mutex::default() }
    }

    /// The stretch of the image that suits `kind` and `bandwidth` (bits per second).
    pub(super) async fn preview(
        &self,
        facts: &MediaFacts,
        kind: PreviewKind,
        bandwidth: Option<u32>,
    ) -> Result<Preview, ShelfError> {
        let images = self.images_of(facts).await?;
        let image = choose(&images, kind, bandwidth)?;
        let opus = self.opus(facts, image).await?;
        let clip = image.clip;
        let (start, length) = match (kind, image.part) {
            (PreviewKind::Clip, Part::Song) => {
                (clip.start_ms.into(), Npt::from_millis(clip.duration_ms.into()))
            }
            (PreviewKind::Clip, Part::Clip) | (PreviewKind::Song, _) => (0, Npt(image.frames)),
        };
        // A whole song begins and ends as its author made it.
        let fades = match kind {
            PreviewKind::Clip => (clip.fade_in_ms, clip.fade_out_ms),
            PreviewKind::Song => (0, 0),
        };
        let description = Description {
            media_id: facts.media_id,
            kind,
            title: facts.title.clone(),
            artist: facts.artist.clone(),
            image: image.quality.clone(),
            bit_rate: image.bit_rate,
            clip_start_ms: clip.start_ms,
            clip_duration_ms: clip.duration_ms,
            song_duration_ms: clip.song_ms,
            fade_in_ms: fades.0,
            fade_out_ms: fades.1,
            length,
            pre_skip: opus.pre_skip(),
            bytes: 0,
        };
        Ok(Preview::new(description, opus, Npt::from_millis(start), length)?)
    }

    async fn images_of(&self, facts: &MediaFacts) -> Result<Arc<Vec<AudioImage>>, ShelfError> {
        if let Some(images) = self.held().songs.get(&facts.sha256) {
            return Ok(images.clone());
        }
        let images = Arc::new(self.open(facts, |file| Ok(file.images().to_vec())).await?);
        let mut held = self.held();
        if held.songs.len() >= SONGS {
            held.songs.clear();
        }
        held.songs.insert(facts.sha256.clone(), images.clone());
        Ok(images)
    }

    async fn opus(&self, facts: &MediaFacts, image: &AudioImage) -> Result<Arc<OpusImage>, ShelfError> {
        let name = (facts.sha256.clone(), image.quality.clone());
        if let Some(found) = self.held().take(&name) {
            return Ok(found);
        }
        let image = image.clone();
        let opus = Arc::new(self.open(facts, move |file| read_opus(file, &image)).await?);
        self.held().put(name, opus.clone());
        Ok(opus)
    }

    /// Opens a media file on a thread that may block, and reads something from it.
    async fn open<T: Send + 'static>(
        &self,
        facts: &MediaFacts,
        read: impl FnOnce(MediaFile<std::fs::File>) -> Result<T, ShelfError> + Send + 'static,
    ) -> Result<T, ShelfError> {
        let file = self.files.open(&facts.object).await?;
        let root = self.root.clone();
        let reading = tokio::task::spawn_blocking(move || read(MediaFile::open(file, &root)?));
        reading.await.map_err(|stopped| MediaError::Io(std::io::Error::other(stopped)))?
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Held {
    fn take(&mut self, name: &(String, String)) -> Option<Arc<OpusImage>> {
        self.turn += 1;
        let (used, image) = self.images.get_mut(name)?;
        *used = self.turn;
        Some(image.clone())
    }

    fn put(&mut self, name: (String, String), image: Arc<OpusImage>) {
        self.turn += 1;
        self.bytes += image.size();
        if let Some((_, old)) = self.images.insert(name, (self.turn, image)) {
            self.bytes -= old.size();
        }
        while self.bytes > ROOM && self.images.len() > 1 {
            let oldest = self.images.iter().min_by_key(|(_, (used, _))| *used).map(|(name, _)| name.clone());
            if let Some((_, gone)) = oldest.and_then(|name| self.images.remove(&name)) {
                self.bytes -= gone.size();
            }
        }
    }
}

/// The best free image that fits: the player states its bandwidth, the server picks (V5).
fn choose(
    images: &[AudioImage],
    kind: PreviewKind,
    bandwidth: Option<u32>,
) -> Result<&AudioImage, ShelfError> {
    let free = images.iter().filter(|image| {
        let suits = kind == PreviewKind::Clip || image.part == Part::Song;
        image.key.is_none() && image.codec == Codec::OggOpus && !image.for_sale && suits
    });
    let needed = |image: &AudioImage| image.bit_rate.saturating_add(OVERHEAD_BITS);
    let fits = |image: &&AudioImage| bandwidth.is_none_or(|bandwidth| needed(image) <= bandwidth);
    let least = free.clone().map(needed).min().ok_or(ShelfError::NoImage)?;
    free.filter(fits).max_by_key(|image| image.bit_rate).ok_or(ShelfError::TooSlow(least.div_ceil(1_000)))
}

/// Takes the packets out of an image's Ogg pages (RFC 7845), after checking that they are the author's.
fn read_opus(mut file: MediaFile<std::fs::File>, image: &AudioImage) -> Result<OpusImage, ShelfError> {
    let quality = image.quality.as_str();
    let not_opus = || ShelfError::NotOggOpus(quality.to_owned());
    if image.length > LARGEST {
        return Err(OpusImageError::TooLarge.into());
    }
    let signed = file.toc().iter().find(|entry| entry.number == image.item).map(|entry| entry.sha256);
    let mut bytes = Vec::with_capacity(usize::try_from(image.length).unwrap_or(0));
    file.open_image(quality, None)?.read_to_end(&mut bytes).map_err(MediaError::Io)?;
    if signed != Some(cadenza_protocol::crypto::sha256(&bytes)) {
        return Err(MediaError::Altered { item: format!("{quality} audio") }.into());
    }
    let mut opus = opus_packets(&bytes).ok_or_else(not_opus)??;
    opus.offer_file(bytes);
    Ok(opus)
}

/// `None`: not Ogg Opus.
fn opus_packets(bytes: &[u8]) -> Option<Result<OpusImage, OpusImageError>> {
    let mut packets = PacketReader::new(Cursor::new(bytes));
    let head = packets.read_packet().ok()??.data;
    let pre_skip = match head.as_slice() {
        [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', 1..16, 1 | 2, low, high, ..] => {
            u16::from_le_bytes([*low, *high])
        }
        _ => return None,
    };
    packets.read_packet().ok()??; // OpusTags
    let mut image = OpusImage::new(pre_skip);
    let mut end = 0;
    while let Some(packet) = packets.read_packet().ok()? {
        if let Err(error) = image.push(&packet.data) {
            return Some(Err(error));
        }
        end = packet.absgp_page();
    }
    image.trim_end(end);
    Some(Ok(image))
}
