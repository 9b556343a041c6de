//! The listener's own files (requirement M8): FLAC, MP3, AAC and ALAC, Vorbis, Opus, WAV, AIFF, with the tags and technical
//! facts that `lofty` reads. Files stay where they are; only what is known about them comes into the library.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::thread;

use cadenza_protocol::time::UnixTime;
use lofty::config::ParseOptions;
use lofty::file::{AudioFile, FileType, TaggedFile, TaggedFileExt};
use lofty::probe::Probe;
use lofty::tag::{Accessor, ItemKey, Tag};

use super::track::{AudioFormat, Origin, TrackId, TrackRecord};

/// Longest text taken from a tag, in characters.
const LONGEST_TEXT: usize = 500;
/// Deepest folder below the one that was named.
const DEEPEST: usize = 64;

/// What came of one import.
#[derive(Debug, Default)]
pub struct Imported {
    /// Tracks read.
    pub tracks: Vec<TrackRecord>,
    /// Files that look like music and could not be read, with the reason.
    pub refused: Vec<(PathBuf, String)>,
}

/// Reads a file, or every music file in a folder and below. `known` says whether a file is in the library as it is now.
pub fn read(
    path: &Path,
    now: UnixTime,
    known: &(dyn Fn(&Path, UnixTime) -> bool + Sync),
) -> std::io::Result<Imported> {
    let path = std::path::absolute(path)?;
    let mut files = Vec::new();
    if fs::metadata(&path)?.is_dir() {
        collect(&path, DEEPEST, &mut files);
    } else {
        files.push(path);
    }
    let threads = thread::available_parallelism().map_or(2, usize::from).min(8);
    let share = files.len().div_ceil(threads).max(1);
    let parts: Vec<Imported> = thread::scope(|scope| {
        let start = |files| {
            let work = move || read_files(files, now, known);
            thread::Builder::new().name("import".into()).spawn_scoped(scope, work)
        };
        let started: Vec<_> = files.chunks(share).map(start).collect();
        started.into_iter().filter_map(|t| t.ok()?.join().ok()).collect()
    });
    let mut all = Imported::default();
    for part in parts {
        all.tracks.extend(part.tracks);
        all.refused.extend(part.refused);
    }
    Ok(all)
}

fn read_files(
    files: &[PathBuf],
    now: UnixTime,
    known: &(dyn Fn(&Path, UnixTime) -> bool + Sync),
) -> Imported {
    let mut imported = Imported::default();
    for path in files {
        let modified = fs::metadata(path).and_then(|m| m.modified()).map_or(UnixTime(0), UnixTime::from);
        if known(path, modified) {
            continue;
        }
        match read_file(path, modified, now) {
            Ok(record) => imported.tracks.push(record),
            Err(reason) => imported.refused.push((path.clone(), reason)),
        }
    }
    imported
}

/// Music files below a folder, by name. Links are not followed: they may lead in a circle.
fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => collect(&path, depth - 1, files),
            Ok(kind) if kind.is_file() && is_music(&path) => files.push(path),
            _ => {}
        }
    }
}

/// By its name; what is inside is seen when it is read.
pub fn is_music(path: &Path) -> bool {
    const EXTENSIONS: &[&str] = &[
        "flac", "mp3", "m4a", "m4b", "mp4", "aac", "ogg", "oga", "opus", "wav", "wave", "aif", "aiff", "aifc",
    ];
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    EXTENSIONS.contains(&extension.as_str())
}

/// Reads one file's tags.
pub fn read_file(path: &Path, modified: UnixTime, now: UnixTime) -> Result<TrackRecord, String> {
    let bytes = File::open(path).map_err(|e| e.to_string())?;
    let size_bytes = bytes.metadata().map_err(|e| e.to_string())?.len();
    read_bytes(BufReader::new(bytes), path, size_bytes, modified, now)
}

/// The same of a file's bytes, wherever they are; its name says what they do not.
pub fn read_bytes(
    bytes: impl Read + Seek,
    path: &Path,
    size_bytes: u64,
    modified: UnixTime,
    now: UnixTime,
) -> Result<TrackRecord, String> {
    let file = tagged(bytes, path, false)?;
    let properties = file.properties();
    let codec = match codec_name(file.file_type()) {
        // In an MP4 file only lossless audio has a bit depth.
        Some("AAC") if properties.bit_depth().is_some() => "ALAC",
        codec => codec.ok_or("this kind of file is not supported")?,
    };
    let tag = file.primary_tag().or_else(|| file.first_tag());
    let text = |key| tag.and_then(|t| t.get_string(key)).and_then(tidy);
    let title = tag.and_then(Accessor::title).as_deref().and_then(tidy);
    Ok(TrackRecord {
        id: TrackId::of_own_file(path),
        origin: Origin::Own,
        path: path.to_owned(),
        title: title.unwrap_or_else(|| stem(path)),
        artist: tag.and_then(Accessor::artist).as_deref().and_then(tidy).unwrap_or_default(),
        album: tag.and_then(Accessor::album).as_deref().and_then(tidy).unwrap_or_default(),
        album_artist: text(ItemKey::AlbumArtist),
        composer: text(ItemKey::Composer),
        genre: tag.and_then(Accessor::genre).as_deref().and_then(tidy),
        year: year(tag),
        number: tag.and_then(Accessor::track).and_then(|n| u16::try_from(n).ok()),
        disc: tag.and_then(Accessor::disk).and_then(|n| u16::try_from(n).ok()),
        isrc: text(ItemKey::Isrc),
        duration_ms: u32::try_from(properties.duration().as_millis()).unwrap_or(u32::MAX),
        format: AudioFormat {
            codec: codec.into(),
            sample_rate: properties.sample_rate().unwrap_or(0),
            bits: properties.bit_depth().unwrap_or(0),
            bit_rate: properties.audio_bitrate().unwrap_or(0).saturating_mul(1_000),
            channels: properties.channels().unwrap_or(0),
        },
        loudness: None,
        size_bytes,
        modified,
        added_at: now,
        has_cover: has_cover(&file),
    })
}

/// The cover of an own file, front cover first: media type and bytes.
pub fn cover(path: &Path) -> Option<(String, Vec<u8>)> {
    cover_of(BufReader::new(File::open(path).ok()?), path)
}

/// The same of a file's bytes.
pub fn cover_of(bytes: impl Read + Seek, path: &Path) -> Option<(String, Vec<u8>)> {
    let file = tagged(bytes, path, true).ok()?;
    let pictures: Vec<_> = file.tags().iter().flat_map(Tag::pictures).collect();
    let is_front = |p: &&&lofty::picture::Picture| p.pic_type() == lofty::picture::PictureType::CoverFront;
    let picture = pictures.iter().find(is_front).or(pictures.first())?;
    let media_type = picture.mime_type().map_or("application/octet-stream", |m| m.as_str());
    Some((media_type.to_owned(), picture.data().to_vec()))
}

/// What it is, is known by its bytes, or else by its name.
fn tagged(bytes: impl Read + Seek, path: &Path, with_pictures: bool) -> Result<TaggedFile, String> {
    let probe = match FileType::from_path(path) {
        Some(named) => Probe::with_file_type(bytes, named),
        None => Probe::new(bytes),
    };
    let probe = probe.options(ParseOptions::new().read_cover_art(with_pictures));
    probe.guess_file_type().map_err(|e| e.to_string())?.read().map_err(|e| e.to_string())
}

/// Whether there may be one: pictures are not read while importing, so all that have tags are asked later.
fn has_cover(file: &TaggedFile) -> bool {
    file.tags().iter().any(|t| t.item_count() > 0)
}

fn codec_name(kind: FileType) -> Option<&'static str> {
    match kind {
        FileType::Flac => Some("FLAC"),
        FileType::Mpeg => Some("MP3"),
        FileType::Mp4 | FileType::Aac => Some("AAC"),
        FileType::Vorbis => Some("Vorbis"),
        FileType::Opus => Some("Opus"),
        FileType::Wav => Some("WAV"),
        FileType::Aiff => Some("AIFF"),
        _ => None,
    }
}

fn year(tag: Option<&Tag>) -> Option<u16> {
    let date = tag?.get_string(ItemKey::RecordingDate).or_else(|| tag?.get_string(ItemKey::Year))?;
    date.get(..4)?.parse().ok().filter(|y| (1000..=2200).contains(y))
}

/// One line of bounded length, or nothing.
fn tidy(text: &str) -> Option<String> {
    let line: String =
        text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_TEXT).collect();
    (!line.is_empty()).then_some(line)
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One second of silence: RIFF, 8 kHz, mono, 16 bit.
    fn wav() -> Vec<u8> {
        let mut bytes = b"RIFF\xa4\x3e\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x80\x3e\0\0".to_vec();
        bytes.resize(44 + 16_000, 0);
        bytes
    }

    // M8
    #[test]
    fn a_folder_is_read_to_its_depth_and_what_is_broken_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("Artist").join("Album");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("01 Silence.wav"), wav()).unwrap();
        fs::write(folder.path().join("notes.txt"), b"no music").unwrap();
        fs::write(folder.path().join("broken.flac"), b"no music either").unwrap();
        let imported = read(folder.path(), UnixTime(5), &|_, _| false).unwrap();
        assert_eq!(imported.tracks.len(), 1);
        let track = &imported.tracks[0];
        assert_eq!(
            (track.title.as_str(), track.duration_ms, track.format.sample_rate),
            ("01 Silence", 1_000, 8_000)
        );
        assert_eq!(track.added_at, UnixTime(5));
        assert_eq!(imported.refused.len(), 1);
        assert!(imported.refused[0].0.ends_with("broken.flac"));
        let again = read(folder.path(), UnixTime(9), &|path, _| path.ends_with("01 Silence.wav")).unwrap();
        assert!(again.tracks.is_empty(), "what is known is not read again");
    }
}
