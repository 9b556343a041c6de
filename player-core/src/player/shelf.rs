//! The library: what is on this computer, its texts and covers, and whether it is all still whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cadenza_protocol::id::MediaId;
use cadenza_protocol::media::{GraphicKind, MediaError, TextKind};
use cadenza_protocol::shop::TrackOffer;

use super::{Player, blocking};
use crate::atomic::{FileError, NewFile};
use crate::error::{Code, Failure};
use crate::event::News;
use crate::library::groups::{self, Album, AlbumKey};
use crate::library::playlist::{Playlist, PlaylistError};
use crate::library::{Library, Origin, TrackId, TrackOrder, TrackRecord, import, scan};
use crate::path::shown;

/// A picture of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Art {
    /// Media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What there is to read about a track. Encrypted items are there only while the passport is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// Words, or programme notes.
    pub lyrics: Option<String>,
    /// Liner notes.
    pub liner_notes: Option<String>,
    /// Credits.
    pub credits: Option<String>,
    /// Critical commentary.
    pub commentary: Option<String>,
    /// Biography of the artist.
    pub biography: Option<String>,
    /// Whether some items stay closed until the passport is open.
    pub some_are_locked: bool,
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Tracks new or changed.
    pub tracks: Vec<TrackId>,
    /// Files that look like music and were refused, with the reason.
    pub refused: Vec<(PathBuf, String)>,
}

/// What became of one file at a check of everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Its file.
    pub path: PathBuf,
    /// Its track, when it is in the library.
    pub title: Option<String>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Player {
    /// The library, for lists, searches and playlists.
    pub fn library(&self) -> &Library {
        &self.0.library
    }

    /// One track, or a failure that says what to do.
    pub fn track(&self, id: TrackId) -> Result<Arc<TrackRecord>, Failure> {
        self.0.library.track(id).ok_or_else(|| {
            let message = format!("there is no track {id} in the library: `library list` shows what there is; buy or import it first");
            Failure::new(Code::NotFound, message).with("track", id)
        })
    }

    /// The file of a track.
    pub fn track_path(&self, track: &TrackRecord) -> PathBuf {
        match track.origin {
            Origin::Purchase { .. } => self.0.home.music().join(&track.path),
            Origin::Own => track.path.clone(),
        }
    }

    /// Takes in own files, or a folder of them, or bought tracks that were copied into the music folder (M8).
    pub async fn import(&self, path: &Path) -> Result<Imported, Failure> {
        let (player, path) = (self.clone(), path.to_owned());
        blocking(move || player.import_now(&path)).await?
    }

    /// Takes one file into the library, to be played: own music or a bought track, also one that is there already.
    pub async fn open_file(&self, path: &Path) -> Result<TrackId, Failure> {
        let (player, path) = (self.clone(), path.to_owned());
        blocking(move || {
            let Imported { tracks, refused } = player.import_now(&path)?;
            if let Some((file, reason)) = refused.first() {
                let message = format!("{} cannot be played: {reason}", shown(file));
                return Err(Failure::new(Code::FileBroken, message).with("path", shown(file)));
            }
            // own files that did not change since are not read again
            let there = || std::path::absolute(&path).map(|path| TrackId::of_own_file(&path));
            let id = match tracks.first() {
                Some(id) => *id,
                None => there().map_err(|e| FileError::reading(&path, e))?,
            };
            player.track(id).map(|track| track.id)
        })
        .await?
    }

    /// Puts bought tracks into the library. Of the same song bought in two qualities the better one is played.
    pub(super) fn shelve(&self, mut records: Vec<TrackRecord>) -> Result<(), Failure> {
        self.recall_counts(&records);
        records.sort_by_key(|r| (r.id, std::cmp::Reverse(r.quality_rank())));
        records.dedup_by_key(|r| r.id);
        let is_wanted = |new: &TrackRecord| {
            let there = self.0.library.track(new.id).filter(|there| there.path != new.path);
            there.is_none_or(|there| {
                there.quality_rank() <= new.quality_rank() || !self.track_path(&there).exists()
            })
        };
        records.retain(is_wanted);
        if !records.is_empty() {
            self.0.library.put(records)?;
            self.tell(News::Library);
        }
        Ok(())
    }

    fn import_now(&self, path: &Path) -> Result<Imported, Failure> {
        let missing = |e| Failure::from(FileError::reading(path, e));
        let absolute = std::path::absolute(path).map_err(missing)?;
        if absolute.extension().is_some_and(|e| e == "cadenza") {
            return self.import_media(&absolute);
        }
        let now = self.now();
        let known = |file: &Path, modified| {
            let there = self.0.library.track(TrackId::of_own_file(file));
            there.is_some_and(|t| t.modified == modified && t.path == file)
        };
        let read = import::read(&absolute, now, &known).map_err(missing)?;
        let mut refused = read.refused;
        if absolute == self.0.home.music() || self.0.home.music().starts_with(&absolute) {
            refused.extend(self.rescan_music()?.into_iter().map(|(p, e)| (p, e.to_string())));
        }
        let tracks: Vec<TrackId> = read.tracks.iter().map(|track| track.id).collect();
        if !tracks.is_empty() {
            self.0.library.put(read.tracks)?;
            self.tell(News::Library);
        }
        Ok(Imported { tracks, refused })
    }

    /// A bought track from elsewhere: checked, then copied into the music folder.
    fn import_media(&self, path: &Path) -> Result<Imported, Failure> {
        let root = self.root()?;
        let refuse = |e: scan::ScanError| {
            let message = format!("{} cannot be taken into the library: {e}", path.display());
            Failure::new(Code::FileBroken, message).with("path", path.display())
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        let name = PathBuf::from(path.file_name().unwrap_or_default());
        let record = scan::read(folder, &name, &root).map_err(refuse)?;
        let target = self.0.home.music().join(&name);
        if target != path {
            let copy = || {
                let mut new = NewFile::private(&target)?;
                std::io::copy(&mut std::fs::File::open(path)?, new.file())?;
                new.place()
            };
            copy().map_err(|e| FileError::writing(&target, e))?;
        }
        let tracks = vec![record.id];
        self.shelve(vec![record])?;
        Ok(Imported { tracks, refused: Vec::new() })
    }

    /// Checks every byte of every bought track, and that own files are there.
    pub async fn verify(&self) -> Result<Vec<Verified>, Failure> {
        let player = self.clone();
        blocking(move || player.verify_now()).await?
    }

    fn verify_now(&self) -> Result<Vec<Verified>, Failure> {
        let tracks = self.0.library.tracks(TrackOrder::default());
        let music = self.0.home.music();
        let mut results = Vec::new();
        for name in scan::media_files(&music) {
            let root = self.root()?;
            let checked = scan::open(&music.join(&name), &root).and_then(|mut media| {
                media.transaction().ok_or(scan::ScanError::NotBought)?;
                Ok(media.verify_all()?)
            });
            let title =
                tracks.iter().find(|t| t.media_id().is_some() && t.path == name).map(|t| t.title.clone());
            results.push(Verified {
                path: music.join(&name),
                title,
                problem: checked.err().map(|e| e.to_string()),
            });
        }
        for track in tracks.iter() {
            let path = self.track_path(track);
            if track.media_id().is_some() && !path.exists() {
                let problem = "the file is missing; redeem or download the track again".to_owned();
                results.push(Verified { path, title: Some(track.title.clone()), problem: Some(problem) });
            } else if track.media_id().is_none() {
                let problem = std::fs::File::open(&path)
                    .err()
                    .map(|e| format!("the file cannot be opened ({e}); restore it or import it again"));
                results.push(Verified { path, title: Some(track.title.clone()), problem });
            }
        }
        Ok(results)
    }

    /// What there is to read about a track.
    pub async fn texts(&self, id: TrackId) -> Result<Texts, Failure> {
        let player = self.clone();
        blocking(move || player.texts_now(id)).await?
    }

    fn texts_now(&self, id: TrackId) -> Result<Texts, Failure> {
        let track = self.track(id)?;
        if track.media_id().is_none() {
            return Ok(Texts::default());
        }
        let mut media = self.open_media(&track)?;
        // Closed items are told as closed: reading them must not ask for the passphrase.
        let keys = self.media_keys(&track, &media).ok();
        let mut texts = Texts::default();
        let mut read = |kind| {
            let text = match &keys {
                Some(keys) => media.text_with_keys(kind, keys),
                None => media.text(kind),
            };
            match text {
                Ok(text) => Ok(text.filter(|t| !t.trim().is_empty())),
                Err(MediaError::Locked { .. }) => {
                    texts.some_are_locked = true;
                    Ok(None)
                }
                Err(e) => Err(Failure::new(Code::FileBroken, e.to_string()).with("title", &track.title)),
            }
        };
        let (lyrics, liner_notes) = (read(TextKind::Lyrics)?, read(TextKind::LinerNotes)?);
        let (credits, commentary) = (read(TextKind::Credits)?, read(TextKind::Commentary)?);
        let biography = read(TextKind::Biography)?;
        Ok(Texts { lyrics, liner_notes, credits, commentary, biography, ..texts })
    }

    /// A track's cover; none while it is for buyers and the passport is locked.
    pub async fn cover(&self, id: TrackId) -> Result<Option<Art>, Failure> {
        let player = self.clone();
        blocking(move || {
            let track = player.track(id)?;
            if track.media_id().is_none() {
                let cover = import::cover(&track.path);
                return Ok(cover.map(|(media_type, bytes)| Art { media_type, bytes }));
            }
            let mut media = player.open_media(&track)?;
            let mut cover = media.graphic(GraphicKind::Cover);
            if matches!(cover, Err(MediaError::Locked { .. })) {
                cover = match player.media_keys(&track, &media) {
                    Ok(keys) => media.graphic_with_keys(GraphicKind::Cover, &keys),
                    Err(_) => Ok(None),
                };
            }
            let cover = cover
                .map_err(|e| Failure::new(Code::FileBroken, e.to_string()).with("title", &track.title))?;
            Ok(cover.map(|g| Art { media_type: g.media_type, bytes: g.bytes }))
        })
        .await?
    }

    /// What there is to read about a track: of one that is here all, of one in the store what is free to read.
    pub async fn texts_of_any(&self, id: TrackId) -> Result<Texts, Failure> {
        if self.track(id).is_ok() {
            return self.texts(id).await;
        }
        let offer = self.store_track(MediaId::from_bytes(*id.as_bytes())).await?;
        let TrackOffer { liner_notes, credits, biography, .. } = offer;
        Ok(Texts { liner_notes, credits, biography, ..Texts::default() })
    }

    /// A new playlist with these tracks.
    pub fn playlist_create(&self, name: &str, tracks: &[TrackId]) -> Result<Playlist, Failure> {
        self.change_playlists(|lists| {
            let made = lists.create(name)?;
            lists.add(&made.id.to_string(), tracks)
        })
    }

    /// Takes out of a playlist what stands at these places of [`Player::playlist`], from 0.
    pub fn playlist_remove(&self, name: &str, shown: &[usize]) -> Result<Playlist, Failure> {
        let mut places = self.places(name, shown)?;
        // From the end, so that the places before it stay what they were.
        places.sort_unstable();
        places.dedup();
        self.change_playlists(|lists| {
            places.iter().rev().try_for_each(|place| lists.remove_at(name, *place).map(drop))?;
            lists.find(name)
        })
    }

    /// Moves a track from one place of [`Player::playlist`] to another, from 0.
    pub fn playlist_move(&self, name: &str, from: usize, to: usize) -> Result<Playlist, Failure> {
        let places = self.places(name, &[from, to])?;
        self.change_playlists(|lists| lists.shift(name, places[0], places[1]))
    }

    /// Where tracks that are shown really stand: tracks that are not in the library are left out of what is shown, not forgotten.
    fn places(&self, name: &str, shown: &[usize]) -> Result<Vec<usize>, PlaylistError> {
        let list = self.0.library.playlists().find(name)?;
        let is_here = |place: &usize| self.0.library.track(list.tracks[*place]).is_some();
        let real: Vec<usize> = (0..list.tracks.len()).filter(is_here).collect();
        let place = |shown: &usize| {
            let missing = PlaylistError::NoPlace { place: shown + 1, count: real.len() };
            real.get(*shown).copied().ok_or(missing)
        };
        shown.iter().map(place).collect()
    }

    /// Changes a playlist and says so.
    pub fn change_playlists<T, E: Into<Failure>>(
        &self,
        change: impl FnOnce(crate::library::playlist::Playlists<'_>) -> Result<T, E>,
    ) -> Result<T, Failure> {
        let done = change(self.0.library.playlists()).map_err(Into::into)?;
        self.tell(News::Library);
        Ok(done)
    }

    /// A playlist with the tracks that are in the library; others are left out, not forgotten.
    pub fn playlist(&self, name: &str) -> Result<(Playlist, Vec<Arc<TrackRecord>>), Failure> {
        let playlist = self.0.library.playlists().find(name)?;
        let tracks = self.tracks_of(&playlist);
        Ok((playlist, tracks))
    }

    /// The tracks of a playlist that are in the library.
    pub fn tracks_of(&self, playlist: &Playlist) -> Vec<Arc<TrackRecord>> {
        playlist.tracks.iter().filter_map(|id| self.0.library.track(*id)).collect()
    }

    /// An album of the library by its key, as [`AlbumKey`] writes it.
    pub fn library_album(&self, key: &str) -> Result<Album, Failure> {
        let key: Option<AlbumKey> = key.parse().ok();
        let tracks = self.0.library.tracks(TrackOrder::Album);
        let album = groups::albums(&tracks).into_iter().find(|album| Some(album.key) == key);
        album.ok_or_else(|| {
            Failure::new(Code::NotFound, "this album is no longer in the library: go back to the list")
        })
    }
}
