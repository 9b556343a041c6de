//! The play queue: which track is played now, which one next.
//!
//! The listener's order is the order of the entries. Shuffle lays a second order over it and leaves the first
//! alone, so switching it off goes on in the listener's order from the same track. Nothing here plays or opens.

use std::collections::HashMap;
use std::sync::Arc;

use super::track::Track;

/// What comes after the last track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeat {
    /// Silence.
    #[default]
    Off,
    /// The first track again.
    All,
    /// The same track again, until the listener moves on.
    One,
}

/// A place in the queue that stays the same when others are added, moved or removed. The same track may stand in
/// the queue twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryKey(u64);

impl EntryKey {
    /// The key as a number, unique within one queue.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// One entry of the queue.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its identity.
    pub key: EntryKey,
    /// What it plays.
    pub track: Arc<Track>,
}

/// The queue.
#[derive(Debug, Clone)]
pub struct Queue {
    entries: Vec<Entry>,
    current: Option<EntryKey>,
    /// Keys in the order of play, when shuffled.
    shuffled: Option<Vec<EntryKey>>,
    repeat: Repeat,
    next_key: u64,
    dice: SplitMix,
}

impl Queue {
    /// An empty queue; `seed` decides its shuffles.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Queue {
            entries: Vec::new(),
            current: None,
            shuffled: None,
            repeat: Repeat::Off,
            next_key: 1,
            dice: SplitMix(seed),
        }
    }

    /// Replaces everything; the track at `start` becomes the current one.
    pub fn load(&mut self, tracks: Vec<Arc<Track>>, start: usize) {
        self.entries.clear();
        self.current = None;
        let shuffle = self.shuffled.take().is_some();
        self.append(tracks);
        self.current = self.entries.get(start).or(self.entries.first()).map(|entry| entry.key);
        self.shuffle(shuffle);
    }

    /// Adds tracks at the end.
    pub fn append(&mut self, tracks: Vec<Arc<Track>>) {
        let end = self.entries.len();
        self.insert(end, tracks);
    }

    /// Adds tracks behind the current one.
    pub fn append_next(&mut self, tracks: Vec<Arc<Track>>) {
        let at = self.index().map_or(self.entries.len(), |index| index + 1);
        self.insert(at, tracks);
    }

    fn insert(&mut self, at: usize, tracks: Vec<Arc<Track>>) {
        let first = self.next_key;
        self.next_key += tracks.len() as u64;
        let entries: Vec<Entry> =
            tracks.into_iter().zip(first..).map(|(track, key)| Entry { key: EntryKey(key), track }).collect();
        let keys: Vec<EntryKey> = entries.iter().map(|entry| entry.key).collect();
        let behind_current = self.index().is_some_and(|index| index + 1 == at) && at < self.entries.len();
        self.entries.splice(at..at, entries);
        if let Some(order) = &mut self.shuffled {
            let current = self.current.and_then(|current| order.iter().position(|key| *key == current));
            match current.filter(|_| behind_current) {
                Some(place) => drop(order.splice(place + 1..place + 1, keys)),
                None => order.extend(keys),
            }
        }
        if self.current.is_none() {
            self.current = self.entries.first().map(|entry| entry.key);
        }
    }

    /// Takes one entry out. When it was the current one, the one behind it becomes current.
    pub fn remove(&mut self, key: EntryKey) {
        if self.current == Some(key) {
            let behind = self.beside(1).filter(|behind| *behind != key);
            self.current = behind.or_else(|| self.beside(-1).filter(|before| *before != key));
        }
        self.entries.retain(|entry| entry.key != key);
        if let Some(order) = &mut self.shuffled {
            order.retain(|other| *other != key);
        }
    }

    /// Moves an entry to another place in the order of play.
    pub fn reorder(&mut self, key: EntryKey, to: usize) {
        match &mut self.shuffled {
            Some(order) => move_to(order, to, |other| *other == key),
            None => move_to(&mut self.entries, to, |entry| entry.key == key),
        }
    }

    /// Makes room for something in between; gives what stood here, for [`Queue::resume`].
    pub fn interrupt(&mut self) -> Queue {
        let between = Queue { next_key: self.next_key, dice: self.dice.clone(), ..Queue::new(0) };
        std::mem::replace(self, between)
    }

    /// Puts back what was interrupted. No key is ever used twice.
    pub fn resume(&mut self, interrupted: Queue) {
        *self = Queue { next_key: self.next_key, ..interrupted };
    }

    /// Empties the queue.
    pub fn clear(&mut self) {
        self.load(Vec::new(), 0);
    }

    /// All entries in the listener's order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All entries in the order of play.
    #[must_use]
    pub fn in_order_of_play(&self) -> Vec<Entry> {
        let Some(order) = &self.shuffled else { return self.entries.clone() };
        let by_key: HashMap<EntryKey, &Entry> = self.entries.iter().map(|entry| (entry.key, entry)).collect();
        order.iter().filter_map(|key| by_key.get(key).copied().cloned()).collect()
    }

    /// The entry that is played, or would be.
    #[must_use]
    pub fn current(&self) -> Option<&Entry> {
        self.current.and_then(|key| self.entry(key))
    }

    /// Place of the current entry in the listener's order.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        self.current.and_then(|key| self.entries.iter().position(|entry| entry.key == key))
    }

    /// Looks an entry up.
    #[must_use]
    pub fn entry(&self, key: EntryKey) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Makes an entry the current one.
    pub fn select(&mut self, key: EntryKey) -> Option<&Entry> {
        self.current = self.entry(key).map(|entry| entry.key).or(self.current);
        self.current()
    }

    /// The first entry in the order of play.
    #[must_use]
    pub fn first(&self) -> Option<EntryKey> {
        self.order().first().copied()
    }

    /// What follows an entry when it ends by itself.
    #[must_use]
    pub fn after_end_of(&self, key: EntryKey) -> Option<EntryKey> {
        match self.repeat {
            Repeat::One => self.entry(key).map(|entry| entry.key),
            _ => self.after(key),
        }
    }

    /// What follows an entry when the listener asks for the next track.
    #[must_use]
    pub fn after(&self, key: EntryKey) -> Option<EntryKey> {
        let order = self.order();
        let place = order.iter().position(|other| *other == key)?;
        match order.get(place + 1) {
            Some(next) => Some(*next),
            None if self.repeat == Repeat::Off => None,
            None => order.first().copied(),
        }
    }

    /// What stands before the current entry.
    #[must_use]
    pub fn before_current(&self) -> Option<EntryKey> {
        self.beside(-1).or_else(|| match self.repeat {
            Repeat::Off => None,
            Repeat::All | Repeat::One => self.order().last().copied(),
        })
    }

    /// What comes after the last track.
    #[must_use]
    pub fn repeat(&self) -> Repeat {
        self.repeat
    }

    /// Sets what comes after the last track.
    pub fn set_repeat(&mut self, repeat: Repeat) {
        self.repeat = repeat;
    }

    /// Whether the order of play is shuffled.
    #[must_use]
    pub fn is_shuffled(&self) -> bool {
        self.shuffled.is_some()
    }

    /// Shuffles what is not the current track behind it, or returns to the listener's order.
    pub fn shuffle(&mut self, on: bool) {
        self.shuffled = on.then(|| {
            let mut order: Vec<EntryKey> = self.entries.iter().map(|entry| entry.key).collect();
            let fixed = match self.current.and_then(|current| order.iter().position(|key| *key == current)) {
                Some(place) => {
                    order.swap(0, place);
                    1
                }
                None => 0,
            };
            for last in (fixed + 1..order.len()).rev() {
                let other = fixed + self.dice.below(last - fixed + 1);
                order.swap(last, other);
            }
            order
        });
    }

    fn order(&self) -> Vec<EntryKey> {
        match &self.shuffled {
            Some(order) => order.clone(),
            None => self.entries.iter().map(|entry| entry.key).collect(),
        }
    }

    fn beside(&self, step: isize) -> Option<EntryKey> {
        let order = self.order();
        let place = order.iter().position(|key| Some(*key) == self.current)?;
        order.get(place.checked_add_signed(step)?).copied()
    }
}

fn move_to<T>(list: &mut Vec<T>, to: usize, is_it: impl Fn(&T) -> bool) {
    if let Some(from) = list.iter().position(is_it) {
        let moved = list.remove(from);
        list.insert(to.min(list.len()), moved);
    }
}

/// SplitMix64: enough for a shuffle, and the same every time in a test.
#[derive(Debug, Clone)]
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::super::track::TrackKind;
    use super::*;
    use crate::audio::source::SourceError;
    use crate::library::TrackId;

    fn tracks(names: &str) -> Vec<Arc<Track>> {
        names
            .split(' ')
            .map(|name| {
                let id = TrackId::of_own_file(Path::new(name));
                Arc::new(Track::new(id, TrackKind::Own, name, || Err(SourceError::Missing("test".into()))))
            })
            .collect()
    }

    fn queue(names: &str, start: usize) -> Queue {
        let mut queue = Queue::new(7);
        queue.load(tracks(names), start);
        queue
    }

    fn played(queue: &mut Queue, count: usize) -> String {
        let mut names = Vec::new();
        for _ in 0..count {
            let Some(entry) = queue.current() else { break };
            names.push(entry.track.title.clone());
            let Some(next) = queue.after(entry.key) else { break };
            queue.select(next);
        }
        names.join(" ")
    }

    // M2
    #[test]
    fn tracks_follow_in_order_and_stop_at_the_end() {
        assert_eq!(played(&mut queue("a b c", 1), 9), "b c");
    }

    // M2
    #[test]
    fn repeat_goes_round_and_repeat_one_stays() {
        let mut all = queue("a b", 0);
        all.set_repeat(Repeat::All);
        assert_eq!(played(&mut all, 5), "a b a b a");
        let mut one = queue("a b", 0);
        one.set_repeat(Repeat::One);
        let current = one.current().expect("a").key;
        assert_eq!(one.after_end_of(current), Some(current));
        assert_ne!(one.after(current), Some(current), "the listener can still move on");
    }

    // M2
    #[test]
    fn a_shuffled_queue_is_seen_and_moved_in_the_order_it_is_played_in() {
        let names = |queue: &Queue| {
            queue
                .in_order_of_play()
                .iter()
                .map(|entry| entry.track.title.clone())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let mut queue = queue("a b c d e f g h", 3);
        queue.shuffle(true);
        let seen = names(&queue);
        assert_eq!(seen, played(&mut queue.clone(), 20));
        let last = queue.in_order_of_play().last().expect("eight").key;
        queue.reorder(last, 1);
        let moved = played(&mut queue.clone(), 20);
        assert_eq!(moved.split(' ').nth(1), seen.split(' ').next_back());
        queue.shuffle(false);
        assert_eq!(names(&queue), "a b c d e f g h", "the listener's order stayed");
    }

    // M2
    #[test]
    fn shuffle_plays_every_track_once_and_keeps_the_current_one() {
        let mut queue = queue("a b c d e f g h", 3);
        queue.shuffle(true);
        let order = played(&mut queue, 20);
        assert!(order.starts_with('d'));
        assert_eq!(order.split(' ').collect::<BTreeSet<_>>().len(), 8);
        assert_ne!(order, "d a b c e f g h");
        queue.shuffle(false);
        let last = queue.current().expect("last").track.title.clone();
        let names = "a b c d e f g h";
        assert_eq!(played(&mut queue, 20), names[names.find(&last).expect("known")..]);
    }

    #[test]
    fn play_next_comes_next_even_when_shuffled() {
        let mut queue = queue("a b c d", 0);
        queue.shuffle(true);
        queue.append_next(tracks("x y"));
        assert!(played(&mut queue, 3).starts_with("a x y"));
    }

    #[test]
    fn removing_the_current_track_moves_on_to_the_one_behind_it() {
        let mut queue = queue("a b c", 1);
        let key = queue.current().expect("b").key;
        queue.remove(key);
        assert_eq!(queue.current().expect("c").track.title, "c");
        let key = queue.current().expect("c").key;
        queue.remove(key);
        assert_eq!(queue.current().expect("a").track.title, "a");
    }
}
