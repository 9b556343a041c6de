//! The demo album: scores in, finished recordings out.
//!
//! `assets/demo-album/scores/NN-slug.score` → [`notation`] → [`performance`] → [`midi`] →
//! [`synth`] (FluidSynth) → [`master`] → `NN-slug.flac`, with `NN-slug.toml` for the
//! authoring tool and the art beside it. A track whose stamp fits is left alone.

mod about;
mod block;
mod chance;
mod clock;
mod event;
mod header;
mod limiter;
mod master;
mod measure;
mod midi;
mod notation;
mod performance;
mod refusal;
mod score;
mod stamp;
mod sustain;
mod synth;
mod tokens;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use flac_codec::encode::{FlacSampleWriter, Options};
use toml::Table;

pub use master::MasterError;
pub use measure::Measure;
pub use refusal::NotationError;
pub use synth::SynthError;

/// Tracks rendered at the same time.
const TOGETHER: usize = 2;

/// One finished track.
#[derive(Debug, Clone)]
pub struct RenderedTrack {
    /// Its place on the album, from 1.
    pub number: u32,
    /// The recording.
    pub flac: PathBuf,
    /// Its description, as the authoring tool reads it.
    pub about: PathBuf,
    /// None if it was there already and still right.
    pub made: Option<Made>,
}

/// What was measured on a track made just now.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// Length, loudness, peaks, silences.
    pub measure: Measure,
    /// Deepest gain reduction of the limiter, in dB.
    pub limited_db: f64,
}

impl std::fmt::Display for Made {
    /// One row of the table in `assets/demo-album/README.md`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let m = &self.measure;
        let (minutes, seconds) = (m.seconds as u32 / 60, m.seconds % 60.0);
        write!(
            out,
            "{minutes}:{seconds:04.1} | {:.2} | {:.1} | {:.2} | {:.1} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1}",
            m.lufs, m.range_lu, m.true_peak_db, m.crest_db, m.lead, m.tail, m.gap, m.offset, self.limited_db
        )
    }
}

/// Why the album could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AlbumError {
    #[error("{path}: {source}; check that the folder is there and can be written to")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{0} holds no scores (NN-slug.score); give the folder assets/demo-album")]
    NoScores(PathBuf),
    #[error("{path}: {source}")]
    Score { path: PathBuf, source: Box<NotationError> },
    #[error("{path}: {source}; correct that file")]
    About { path: PathBuf, source: Box<toml::de::Error> },
    #[error(transparent)]
    Synth(#[from] SynthError),
    #[error("{path}: {source}")]
    Master { path: PathBuf, source: MasterError },
    #[error("{path}: FLAC could not be written ({reason}); is the disk full?")]
    Flac { path: PathBuf, reason: String },
}

/// Renders the album whose folder is `album` (with `scores/`, `about/`, `art/`, `album.toml`)
/// into `out`, made if missing. Work already done is kept.
pub fn render_album(album: &Path, out: &Path) -> Result<Vec<RenderedTrack>, AlbumError> {
    let album = if album.ends_with("scores") { album.parent().unwrap_or(album) } else { album };
    std::fs::create_dir_all(out).map_err(|source| file(out, source))?;
    copy_art(&album.join("art"), out)?;
    let pieces = pieces(&album.join("scores"))?;
    sweep(out, &pieces)?;
    let shared_path = album.join("album.toml");
    let shared = table(&shared_path)?;
    let count = pieces.len() as i64;
    let queue = Mutex::new(pieces.into_iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let work = || {
        let mut done = Vec::new();
        while let Some(piece) = next() {
            done.push(render(album, out, &shared, count, &piece)?);
        }
        Ok::<_, AlbumError>(done)
    };
    let mut tracks = Vec::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..TOGETHER).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let done = worker.join().expect("a worker reports errors, it does not panic")?;
            tracks.extend(done);
        }
        Ok::<_, AlbumError>(())
    })?;
    tracks.sort_by_key(|track| track.number);
    Ok(tracks)
}

/// A score's file name is its place and its name: `03-some-rag.score`.
struct Piece {
    number: u32,
    name: String,
    score: PathBuf,
}

fn pieces(folder: &Path) -> Result<Vec<Piece>, AlbumError> {
    let mut pieces = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|source| file(folder, source))? {
        let score = entry.map_err(|source| file(folder, source))?.path();
        let name = score.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.split('-').next().and_then(|digits| digits.parse().ok());
        if let (Some(number), true) = (number, score.extension().is_some_and(|ext| ext == "score")) {
            pieces.push(Piece { number, name: name.into(), score });
        }
    }
    pieces.sort_by_key(|piece| piece.number);
    if pieces.is_empty() {
        return Err(AlbumError::NoScores(folder.into()));
    }
    Ok(pieces)
}

fn render(
    album: &Path,
    out: &Path,
    shared: &Table,
    count: i64,
    piece: &Piece,
) -> Result<RenderedTrack, AlbumError> {
    let place = |extension: &str| out.join(format!("{}.{extension}", piece.name));
    let own_path = album.join("about").join(format!("{}.toml", piece.name));
    let mut track =
        RenderedTrack { number: piece.number, flac: place("flac"), about: place("toml"), made: None };
    let text = read(&piece.score)?;
    let own = table(&own_path)?;
    let stamp_path = place("stamp");
    let stamp = stamp::of(&[&text, &own.to_string(), &shared.to_string(), &count.to_string()]);
    if stamp::fits(&stamp_path, &stamp, &[&track.flac, &track.about]) {
        return Ok(track);
    }
    let score = notation::parse(&text)
        .map_err(|source| AlbumError::Score { path: piece.score.clone(), source: Box::new(source) })?;
    let performance = performance::perform(&score);
    let midi = midi::write(&score, &performance).map_err(|source| file(&piece.score, source))?;
    let midi_path = place("mid.part");
    write(&midi_path, &midi)?;
    let sound = synth::render(&midi_path, &synth::sound_font()?, &score.manner.room, &place("wav.part"));
    std::fs::remove_file(&midi_path).map_err(|source| file(&midi_path, source))?;
    let sound = sound?;
    let finished = master::master(sound, score.manner.seed)
        .map_err(|source| AlbumError::Master { path: piece.score.clone(), source })?;
    encode(&track.flac, &finished.samples)?;
    let heard = |at: f64| (at - finished.cut).max(0.0);
    let times = about::Times {
        words: performance.words.into_iter().map(|(at, text)| (heard(at), text)).collect(),
        clip: heard(performance.clip - 0.05),
        length: finished.measure.seconds,
    };
    let about = about::write(shared, &own, i64::from(piece.number), count, &times);
    write(&track.about, about.as_bytes())?;
    stamp::leave(&stamp_path, &stamp, &[&track.flac, &track.about])
        .map_err(|source| file(&stamp_path, source))?;
    track.made = Some(Made { measure: finished.measure, limited_db: finished.limited_db });
    Ok(track)
}

/// Writes FLAC beside the goal, then moves it there, so a broken run leaves no half file.
fn encode(goal: &Path, samples: &[i16]) -> Result<(), AlbumError> {
    let part = goal.with_extension("flac.part");
    let wrong = |reason: String| AlbumError::Flac { path: goal.into(), reason };
    let options = Options::best().overwrite();
    let mut writer = FlacSampleWriter::create_cdda(&part, options, Some(samples.len() as u64))
        .map_err(|error| wrong(error.to_string()))?;
    for block in samples.chunks(1 << 16) {
        let block: Vec<i32> = block.iter().map(|&sample| i32::from(sample)).collect();
        writer.write(&block).map_err(|error| wrong(error.to_string()))?;
    }
    writer.finalize().map_err(|error| wrong(error.to_string()))?;
    std::fs::rename(&part, goal).map_err(|source| file(goal, source))
}

/// Takes away tracks that we made and that are no longer on the album.
fn sweep(out: &Path, pieces: &[Piece]) -> Result<(), AlbumError> {
    for entry in std::fs::read_dir(out).map_err(|source| file(out, source))? {
        let stamp = entry.map_err(|source| file(out, source))?.path();
        let kept =
            pieces.iter().any(|piece| stamp.file_stem().is_some_and(|stem| stem == piece.name.as_str()));
        if kept || stamp.extension().is_none_or(|extension| extension != "stamp") {
            continue;
        }
        for extension in ["flac", "toml", "stamp"] {
            let path = stamp.with_extension(extension);
            if path.exists() {
                std::fs::remove_file(&path).map_err(|source| file(&path, source))?;
            }
        }
    }
    Ok(())
}

fn copy_art(from: &Path, out: &Path) -> Result<(), AlbumError> {
    for entry in std::fs::read_dir(from).map_err(|source| file(from, source))? {
        let path = entry.map_err(|source| file(from, source))?.path();
        if let (Some(name), true) = (path.file_name(), path.extension().is_some_and(|ext| ext == "png")) {
            std::fs::copy(&path, out.join(name)).map_err(|source| file(&path, source))?;
        }
    }
    Ok(())
}

fn table(path: &Path) -> Result<Table, AlbumError> {
    read(path)?.parse().map_err(|source| AlbumError::About { path: path.into(), source: Box::new(source) })
}

fn read(path: &Path) -> Result<String, AlbumError> {
    std::fs::read_to_string(path).map_err(|source| file(path, source))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), AlbumError> {
    std::fs::write(path, bytes).map_err(|source| file(path, source))
}

fn file(path: &Path, source: std::io::Error) -> AlbumError {
    AlbumError::File { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn album() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo-album")
    }

    #[test]
    fn every_score_of_the_album_reads_and_lasts_one_to_four_minutes() {
        let pieces = pieces(&album().join("scores")).unwrap();
        assert!(pieces.len() >= 8);
        for piece in pieces {
            let text = read(&piece.score).unwrap();
            let score = notation::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", piece.name));
            let seconds = performance::perform(&score).end;
            assert!((60.0..240.0).contains(&seconds), "{} lasts {seconds} s", piece.name);
            assert!(!score.words.is_empty(), "{} has no words to show", piece.name);
        }
    }

    #[test]
    fn every_track_is_described_and_its_pictures_are_there() {
        let shared = table(&album().join("album.toml")).unwrap();
        for piece in pieces(&album().join("scores")).unwrap() {
            let own = table(&album().join(format!("about/{}.toml", piece.name))).unwrap();
            for field in ["title", "composer", "liner_notes", "credits", "cover", "isrc"] {
                assert!(own.contains_key(field), "{} lacks {field}", piece.name);
            }
            let cover = own["cover"].as_str().unwrap();
            assert!(album().join("art").join(cover).is_file(), "{cover} is missing");
        }
        assert!(shared.contains_key("price") && shared.contains_key("restrictions"));
    }
}
