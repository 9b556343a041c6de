//! How often a restricted track was recorded or played (requirement D3): counted so that a crash cannot give a use back.
//!
//! A use is **reserved** before the first byte is written, which is on disk (synced) before `reserve` returns, and then
//! **settled**: used, or given back because nothing came of it. A reservation that was never settled (power cut, crash) counts
//! as used. The file is append-only text, one entry a line: kind, track, and which entry it settles; every line ends in
//! the SHA-256 of itself and the line before, so a line that was cut short, edited or dropped is noticed.
//!
//! ```text
//! reserve record 5f0c... 17 a94f...      track, number of the entry, check
//! return 17 77b1...                      entry 17 came to nothing
//! ```

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use cadenza_protocol::id::hex;
use parking_lot::Mutex;
use ring::digest::{SHA256, digest};
use thiserror::Error;

use super::track::TrackId;
use crate::atomic::{self, FileError};
use crate::error::{Code, Explain};

const BOUND: u64 = 64 << 20;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    /// Playing it.
    Play,
    /// Writing it to a disc, or exporting it.
    Record,
}

impl Use {
    const fn word(self) -> &'static str {
        match self {
            Self::Play => "play",
            Self::Record => "record",
        }
    }
}

/// Why a use cannot be counted, and so must not happen.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The count was changed by something else than this program.
    #[error("the record of uses {} was altered at line {line}: restore it from a backup; until then tracks with a limit cannot be recorded", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
        /// Where.
        line: usize,
    },
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Explain for LedgerError {
    fn code(&self) -> Code {
        match self {
            Self::Altered { .. } => Code::LedgerAltered,
            Self::File(e) => e.code(),
        }
    }
}

/// The open ledger.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    book: Mutex<Book>,
}

#[derive(Debug)]
struct Book {
    file: Option<File>,
    used: HashMap<(Use, TrackId), u32>,
    reserved: HashMap<u64, (Use, TrackId)>,
    next: u64,
    check: String,
}

/// A use that is counted already. Give it back only when nothing came of it.
#[derive(Debug)]
#[must_use = "a use is counted from here on; give it back when nothing came of it"]
pub struct Reservation {
    entry: u64,
}

impl Ledger {
    /// Reads the file. A last line that was cut short by a crash was never relied on, and is taken away.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let bytes = match atomic::read_bounded(path, BOUND) {
            Ok(bytes) => bytes,
            Err(FileError::Missing { .. }) => Vec::new(),
            Err(e) => return Err(e.into()),
        };
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
        let mut book = Book {
            file: None,
            used: HashMap::new(),
            reserved: HashMap::new(),
            next: 0,
            check: String::new(),
        };
        for (line, text) in bytes[..whole].split(|b| *b == b'\n').enumerate().filter(|(_, t)| !t.is_empty()) {
            let taken = std::str::from_utf8(text).ok().and_then(|text| book.take(text));
            taken.ok_or_else(|| LedgerError::Altered { path: path.to_owned(), line: line + 1 })?;
        }
        if whole < bytes.len() {
            atomic::replace_file(path, &bytes[..whole])?;
        }
        Ok(Self { path: path.to_owned(), book: Mutex::new(book) })
    }

    /// How often a track was used, reservations included.
    pub fn used(&self, what: Use, track: TrackId) -> u32 {
        self.book().used.get(&(what, track)).copied().unwrap_or(0)
    }

    /// Counts one use, for good once this returns.
    pub fn reserve(&self, what: Use, track: TrackId) -> Result<Reservation, LedgerError> {
        let mut book = self.book();
        let entry = book.next;
        book.append(&self.path, &format!("reserve {} {track} {entry}", what.word()))?;
        Ok(Reservation { entry })
    }

    /// Gives a use back: nothing was written, or nothing was heard.
    pub fn give_back(&self, reservation: Reservation) -> Result<(), LedgerError> {
        Ok(self.book().append(&self.path, &format!("return {}", reservation.entry))?)
    }

    fn book(&self) -> parking_lot::MutexGuard<'_, Book> {
        self.book.lock()
    }
}

impl Book {
    /// Writes a line, syncs it, and only then counts it.
    fn append(&mut self, path: &Path, entry: &str) -> Result<(), FileError> {
        let check = self.check_of(entry);
        let failed = |e| FileError::writing(path, e);
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut options = OpenOptions::new();
                options.create(true).append(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let file = options.open(path).map_err(failed)?;
                atomic::sync_folder_of(path).map_err(failed)?;
                none.insert(file)
            }
        };
        let before = file.metadata().map_err(failed)?.len();
        let written = file.write_all(format!("{entry} {check}\n").as_bytes()).and_then(|()| file.sync_data());
        if let Err(e) = written {
            // Half a line would make the next one unreadable.
            let _ = file.set_len(before);
            return Err(failed(e));
        }
        self.count(entry).expect("an entry of our own making is understood");
        self.check = check;
        Ok(())
    }

    /// Takes a line as it stands in the file; `None` when it does not follow from the one before.
    fn take(&mut self, line: &str) -> Option<()> {
        let (entry, check) = line.rsplit_once(' ')?;
        let expected = self.check_of(entry);
        (check == expected).then_some(())?;
        self.count(entry)?;
        self.check = expected;
        Some(())
    }

    fn count(&mut self, entry: &str) -> Option<()> {
        let words: Vec<&str> = entry.split(' ').collect();
        match words.as_slice() {
            ["reserve", what, track, number] => {
                let what = [Use::Play, Use::Record].into_iter().find(|u| u.word() == *what)?;
                let key = (what, track.parse().ok()?);
                (number.parse::<u64>().ok()? == self.next).then_some(())?;
                self.reserved.insert(self.next, key);
                *self.used.entry(key).or_default() += 1;
                self.next += 1;
            }
            ["return", number] => {
                let key = self.reserved.remove(&number.parse().ok()?)?;
                let used = self.used.get_mut(&key)?;
                *used = used.saturating_sub(1);
            }
            _ => return None,
        }
        Some(())
    }

    fn check_of(&self, entry: &str) -> String {
        hex(&digest(&SHA256, format!("{} {entry}", self.check).as_bytes()).as_ref()[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_track() -> TrackId {
        TrackId::from_bytes([7; 16])
    }

    // D3
    #[test]
    fn a_reservation_that_a_crash_left_open_stays_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record-ledger");
        let ledger = Ledger::open(&path).unwrap();
        let _crashed = ledger.reserve(Use::Record, a_track()).unwrap();
        let failed = ledger.reserve(Use::Record, a_track()).unwrap();
        ledger.give_back(failed).unwrap();
        drop(ledger);
        let again = Ledger::open(&path).unwrap();
        assert_eq!(again.used(Use::Record, a_track()), 1);
        assert_eq!(again.used(Use::Play, a_track()), 0);
        let _ = again.reserve(Use::Record, a_track()).unwrap();
        assert_eq!(again.used(Use::Record, a_track()), 2);
    }

    #[test]
    fn a_line_cut_short_by_a_crash_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record-ledger");
        let ledger = Ledger::open(&path).unwrap();
        let _ = ledger.reserve(Use::Record, a_track()).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(b"reserve record 0707");
        std::fs::write(&path, bytes).unwrap();
        let again = Ledger::open(&path).unwrap();
        assert_eq!(again.used(Use::Record, a_track()), 1);
        let _ = again.reserve(Use::Record, a_track()).unwrap();
        assert_eq!(Ledger::open(&path).unwrap().used(Use::Record, a_track()), 2);
    }

    // F5
    #[test]
    fn an_edited_or_dropped_line_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record-ledger");
        let ledger = Ledger::open(&path).unwrap();
        for _ in 0..3 {
            let _ = ledger.reserve(Use::Record, a_track()).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let altered = [
            text.replacen("record", "play", 1),
            format!("{}\n{}\n", lines[0], lines[2]),
            format!("{}\n{}\n", lines[1], lines[2]),
        ];
        for text in altered {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(Ledger::open(&path), Err(LedgerError::Altered { .. })));
        }
    }
}
