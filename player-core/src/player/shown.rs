//! What is shown of a track that plays or waits in the queue, and of how it sounds: from the library where the track is there, from
//! the store's catalogue for a preview.

use std::sync::Arc;

use cadenza_protocol::id::MediaId;
use cadenza_protocol::shop::{Clip, TrackOffer};

use super::{Player, blocking, locked};
use crate::audio::waveform;
use crate::error::{Code, Failure};
use crate::library::{Origin, TrackId, TrackRecord};
use crate::playback::{Entry, Track, TrackKind};

/// A whole song is being previewed when it is longer than the clip by this much.
const CLIP_SLACK_MS: u64 = 1_000;

/// What is shown of a track.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its record, unless it is a preview.
    pub record: Option<Arc<TrackRecord>>,
    /// As it is sold, when the catalogue was asked.
    pub offer: Option<TrackOffer>,
    /// Its media id; none for an own file.
    pub media_id: Option<MediaId>,
    /// Title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// Album.
    pub album: String,
    /// Length of what is heard: of the clip for a preview of the clip, of the song otherwise; 0 when not known.
    pub length_ms: u64,
    /// Where a previewed clip lies in its song; none when the whole song plays.
    pub clip: Option<Clip>,
    /// Loudness over time, 0 to 100; empty when not known.
    pub waveform: Vec<u8>,
}

impl Player {
    /// What to show of a track; `heard_ms` is the length that its source told.
    pub fn shown(&self, track: &Track, heard_ms: Option<u64>) -> Shown {
        let is_preview = track.kind == TrackKind::Preview;
        let media_id = (track.kind != TrackKind::Own).then(|| MediaId::from_bytes(*track.id.as_bytes()));
        let offer = media_id.and_then(|id| self.known_offer(id));
        let record = self.library().track(track.id).filter(|_| !is_preview);
        let clip = offer.as_ref().filter(|_| is_preview).map(|offer| offer.clip);
        let length = heard_ms.or(track.duration_ms).or(clip.map(|clip| clip.duration_ms.into()));
        let is_cut =
            |clip: &Clip| length.is_none_or(|length| length <= u64::from(clip.duration_ms) + CLIP_SLACK_MS);
        let said = |kept: Option<&String>, offered: fn(&TrackOffer) -> &String| {
            kept.or(offer.as_ref().map(offered)).cloned().unwrap_or_default()
        };
        Shown {
            media_id,
            title: said(Some(&track.title).filter(|title| !title.is_empty()), |offer| &offer.title),
            artist: said(track.artist.as_ref(), |offer| &offer.artist),
            album: said(track.album.as_ref(), |offer| &offer.album),
            length_ms: length.unwrap_or(0),
            clip: clip.filter(is_cut),
            waveform: match (&record, &offer) {
                (Some(record), _) => self.waveform(record.id),
                (None, Some(offer)) if is_preview => offer.waveform.clone(),
                (None, _) => Vec::new(),
            },
            record,
            offer,
        }
    }

    /// The levels of a track of the library, 0 to 100; empty until they are known.
    pub fn waveform(&self, id: TrackId) -> Vec<u8> {
        self.library().index().fact(&waveform_key(id)).unwrap_or_default()
    }

    /// Works out the levels of a track of the library that plays, once in a session. True when they are known now and were not
    /// before.
    pub async fn draw_waveform(&self, track: &Track) -> Result<bool, Failure> {
        let id = track.id;
        if track.kind == TrackKind::Preview || self.library().track(id).is_none() {
            return Ok(false);
        }
        if !self.waveform(id).is_empty() || !locked(&self.0.waveforms).insert(id) {
            return Ok(false);
        }
        let player = self.clone();
        blocking(move || player.draw_now(id)).await?.map(|()| true)
    }

    fn draw_now(&self, id: TrackId) -> Result<(), Failure> {
        let track = self.track(id)?;
        let unreadable =
            |error: crate::audio::source::SourceError| Failure::new(Code::TrackUnreadable, error.to_string());
        let source = match track.origin {
            // Looking is not playing: the opening that counts plays is another one.
            Origin::Purchase { .. } => self.media_opening(id)?.source(),
            Origin::Own => match self.playback_tracks(&[id])?.first() {
                Some(track) => (track.open)(),
                None => return Ok(()),
            },
        };
        let levels = waveform::levels(&mut *source.map_err(unreadable)?).map_err(unreadable)?;
        Ok(self.library().index().keep_fact(&waveform_key(id), &levels)?)
    }

    /// Counts a play of the library's track that an entry of the queue stands for.
    pub fn count_heard(&self, entry: &Entry) -> Result<(), Failure> {
        // An own file can be played without being in the library.
        if self.library().track(entry.track.id).is_some() {
            self.library().count_play(entry.track.id, self.now())?;
        }
        Ok(())
    }
}

fn waveform_key(id: TrackId) -> String {
    format!("waveform/{id}")
}
