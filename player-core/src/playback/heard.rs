//! When a track counts as heard (requirement M11): once more than half of it was.

use super::event::Status;
use super::queue::{Entry, EntryKey};
use super::track::TrackKind;

/// Notices that a track was heard, once for each time it is. Previews do not count.
#[derive(Debug, Default)]
pub struct HeardMark(Option<EntryKey>);

impl HeardMark {
    /// Looks where things stand: the entry that has just become heard, if one has.
    pub fn look(&mut self, status: &Status) -> Option<Entry> {
        let entry = status.current.as_ref()?;
        let (time_ms, length_ms) = (status.time_ms(), status.length_ms());
        if length_ms == 0 || time_ms <= length_ms / 2 {
            // Back before the middle: it is heard anew.
            self.0 = self.0.filter(|key| *key != entry.key);
            return None;
        }
        let is_new = self.0 != Some(entry.key) && entry.track.kind != TrackKind::Preview;
        is_new.then(|| {
            self.0 = Some(entry.key);
            entry.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::audio::source::SourceError;
    use crate::library::TrackId;
    use crate::playback::queue::Queue;
    use crate::playback::track::Track;

    fn status(kind: TrackKind, position_ms: u64) -> Status {
        let track =
            Track::new(TrackId::from_bytes([1; 16]), kind, "T", || Err(SourceError::Missing("test".into())));
        let mut queue = Queue::new(1);
        queue.load(vec![Arc::new(Track { duration_ms: Some(1_000), ..track })], 0);
        Status { current: queue.current().cloned(), position_ms, ..Status::default() }
    }

    // M11
    #[test]
    fn a_track_is_heard_once_until_it_is_begun_again() {
        let mut mark = HeardMark::default();
        assert!(mark.look(&status(TrackKind::Own, 500)).is_none());
        assert!(mark.look(&status(TrackKind::Own, 501)).is_some());
        assert!(mark.look(&status(TrackKind::Own, 900)).is_none());
        assert!(mark.look(&status(TrackKind::Own, 0)).is_none());
        assert!(mark.look(&status(TrackKind::Own, 700)).is_some());
    }

    #[test]
    fn a_preview_is_not_counted() {
        assert!(HeardMark::default().look(&status(TrackKind::Preview, 900)).is_none());
    }
}
