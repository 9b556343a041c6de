//! Reading bought tracks back from the music folder: the index can always be made again from them.
//!
//! Opening a media file checks its author's signature and its record of purchase; only such a file becomes a track.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use cadenza_protocol::cert::Certificate;
use cadenza_protocol::media::{AudioImage, Codec, GraphicKind, ItemKind, MediaError, MediaFile, TextKind};
use cadenza_protocol::time::UnixTime;
use thiserror::Error;

use super::track::{AudioFormat, Origin, TrackId, TrackRecord};

/// Why a file in the music folder is no track.
#[derive(Debug, Error)]
pub enum ScanError {
    /// It cannot be opened or read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is not what it should be.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// No record of purchase, or without the image that was bought.
    #[error("it holds no record of a purchase: buy or redeem the track to play it")]
    NotBought,
}

/// A media file of the music folder, opened and checked.
pub type OpenedMedia = MediaFile<BufReader<File>>;

/// Opens and checks a media file.
pub fn open(path: &Path, root: &Certificate) -> Result<OpenedMedia, ScanError> {
    Ok(MediaFile::open(BufReader::with_capacity(1 << 16, File::open(path)?), root)?)
}

/// What the index keeps of a bought track.
pub fn read(music: &Path, file_name: &Path, root: &Certificate) -> Result<TrackRecord, ScanError> {
    let path = music.join(file_name);
    let stat = fs::metadata(&path)?;
    let mut media = open(&path, root)?;
    let facts = media.transaction().ok_or(ScanError::NotBought)?.facts.clone();
    let grant = facts.grant;
    let image = media.image(&grant.quality).map_err(|_| ScanError::NotBought)?.clone();
    let mut text = |kind| media.text(kind).ok().flatten().filter(|t| !t.trim().is_empty());
    let number =
        |text: Option<String>| text.and_then(|t| t.trim().get(..4.min(t.trim().len()))?.parse().ok());
    Ok(TrackRecord {
        id: TrackId::from(grant.media_id),
        origin: Origin::Purchase {
            media_id: grant.media_id,
            voucher_id: grant.voucher_id,
            quality: grant.quality,
            delivered_at: facts.delivered_at,
            play: image.restrictions.play,
            record: image.restrictions.record,
            export: image.restrictions.export,
        },
        path: file_name.to_owned(),
        title: text(TextKind::Title).unwrap_or_else(|| "Untitled".into()),
        artist: text(TextKind::Artist).unwrap_or_default(),
        album: text(TextKind::Album).unwrap_or_default(),
        album_artist: text(TextKind::AlbumArtist),
        composer: text(TextKind::Composer),
        genre: text(TextKind::Genre),
        year: number(text(TextKind::Year)),
        number: number(text(TextKind::TrackNumber)),
        disc: number(text(TextKind::DiscNumber)),
        isrc: text(TextKind::Isrc),
        duration_ms: u32::try_from(image.duration_ms()).unwrap_or(u32::MAX),
        format: format_of(&image),
        loudness: image.loudness,
        size_bytes: stat.len(),
        modified: stat.modified().map_or(UnixTime(0), UnixTime::from),
        added_at: facts.delivered_at,
        has_cover: media.toc().first(ItemKind::Graphic(GraphicKind::Cover)).is_some(),
    })
}

/// Reads every media file of the music folder; what is refused is named with its reason.
pub fn read_all(music: &Path, root: &Certificate) -> (Vec<TrackRecord>, Vec<(PathBuf, ScanError)>) {
    let (mut tracks, mut refused) = (Vec::new(), Vec::new());
    for name in media_files(music) {
        match read(music, &name, root) {
            Ok(track) => tracks.push(track),
            Err(e) => refused.push((name, e)),
        }
    }
    (tracks, refused)
}

/// Names of the media files in the music folder, sorted.
pub fn media_files(music: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(music) else { return Vec::new() };
    let names = entries.filter_map(Result::ok).map(|e| PathBuf::from(e.file_name()));
    let mut names: Vec<PathBuf> = names.filter(|n| n.extension().is_some_and(|e| e == "cadenza")).collect();
    names.sort();
    names
}

fn format_of(image: &AudioImage) -> AudioFormat {
    let codec = match image.codec {
        Codec::Flac => "FLAC",
        Codec::OggOpus => "Opus",
    };
    AudioFormat {
        codec: codec.into(),
        sample_rate: image.sample_rate,
        bits: if image.codec == Codec::Flac { image.bits } else { 0 },
        bit_rate: image.bit_rate,
        channels: image.channels,
    }
}
