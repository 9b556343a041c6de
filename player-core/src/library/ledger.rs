//! How often a restricted track was recorded or played (requirements O3, D3): counted so that a crash cannot give a use back, and by
//! transaction, so that the same song bought twice is counted twice.
//!
//! A recording is **reserved** before the first byte is written, which is on disk (synced) before `reserve` returns, and then
//! **kept**, before anything of it can be read, or **returned**. One that was never settled (power cut, crash) left nothing that
//! can be read ([`crate::disc`]) and is returned at the next start. A play is counted for good when it begins. What other copies
//! of the count know better ([`counts`](super::counts)) **raises** it. The file is append-only text, one entry a line; every line
//! ends in the SHA-256 of itself and the line before, so a line that was cut short, edited or dropped is noticed. One that is
//! gone as a whole, or cut at a line's end, is noticed by the other copies.
//!
//! ```text
//! reserve record 5f0c... 17 a94f...      transaction, number of the entry, check
//! keep 17 03be...                        entry 17 can be read from here on
//! return 18 77b1...                      entry 18 came to nothing
//! count play 5f0c... 1d22...             a play
//! raise record 5f0c... 2 90aa...         there were two recordings at least
//! ```

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use cadenza_protocol::id::{VoucherId, hex};
use parking_lot::Mutex;
use ring::digest::{SHA256, digest};
use thiserror::Error;

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

#[derive(Debug, Default)]
struct Book {
    file: Option<File>,
    /// Uses for good.
    settled: HashMap<(Use, VoucherId), u32>,
    /// Uses that may still come to nothing, by the number of their entry.
    open: HashMap<u64, (Use, VoucherId)>,
    next: u64,
    check: String,
}

/// A use that is counted already: keep it before anything of it can be read, or give it back.
#[derive(Debug)]
#[must_use = "a use is counted from here on; keep it, or give it back when nothing came of it"]
pub struct Reservation {
    entry: u64,
    voucher: VoucherId,
}

impl Reservation {
    /// The transaction.
    pub const fn voucher(&self) -> VoucherId {
        self.voucher
    }
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
        let mut book = Book::default();
        for (line, text) in bytes[..whole].split(|b| *b == b'\n').enumerate().filter(|(_, t)| !t.is_empty()) {
            let taken = std::str::from_utf8(text).ok().and_then(|text| book.take(text));
            taken.ok_or_else(|| LedgerError::Altered { path: path.to_owned(), line: line + 1 })?;
        }
        if whole < bytes.len() {
            atomic::replace_file(path, &bytes[..whole])?;
        }
        Ok(Self { path: path.to_owned(), book: Mutex::new(book) })
    }

    /// How often a purchase was used, reservations included.
    pub fn used(&self, what: Use, voucher: VoucherId) -> u32 {
        let book = self.book();
        let open = book.open.values().filter(|open| **open == (what, voucher)).count();
        book.settled(what, voucher).saturating_add(u32::try_from(open).unwrap_or(u32::MAX))
    }

    /// How often it was used for good.
    pub fn settled(&self, what: Use, voucher: VoucherId) -> u32 {
        self.book().settled(what, voucher)
    }

    /// Counts one use for good, once this returns.
    pub fn count(&self, what: Use, voucher: VoucherId) -> Result<(), LedgerError> {
        Ok(self.book().append(&self.path, &format!("count {} {voucher}", what.word()))?)
    }

    /// Counts one use that may still come to nothing, once this returns.
    pub fn reserve(&self, what: Use, voucher: VoucherId) -> Result<Reservation, LedgerError> {
        let mut book = self.book();
        let entry = book.next;
        book.append(&self.path, &format!("reserve {} {voucher} {entry}", what.word()))?;
        Ok(Reservation { entry, voucher })
    }

    /// Something of it can be read from here on.
    pub fn keep(&self, reservation: &Reservation) -> Result<(), LedgerError> {
        Ok(self.book().append(&self.path, &format!("keep {}", reservation.entry))?)
    }

    /// Gives a use back: nothing that can be read was written.
    pub fn give_back(&self, reservation: Reservation) -> Result<(), LedgerError> {
        Ok(self.book().append(&self.path, &format!("return {}", reservation.entry))?)
    }

    /// Gives back what the last run reserved and did not settle. Only before this one reserves anything.
    pub fn give_back_unfinished(&self) -> Result<(), LedgerError> {
        let mut book = self.book();
        let mut open: Vec<u64> = book.open.keys().copied().collect();
        open.sort_unstable();
        open.into_iter().try_for_each(|entry| Ok(book.append(&self.path, &format!("return {entry}"))?))
    }

    /// Another copy of the count knows of so many uses.
    pub fn raise(&self, what: Use, voucher: VoucherId, to: u32) -> Result<(), LedgerError> {
        let mut book = self.book();
        if book.settled(what, voucher) < to {
            book.append(&self.path, &format!("raise {} {voucher} {to}", what.word()))?;
        }
        Ok(())
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
        let written = file.write_all(format!("{entry} {check}\n").as_bytes());
        let written = written.and_then(|()| cadenza_failpoint::reach("ledger.written"));
        let written = written.and_then(|()| file.sync_data());
        if let Err(e) = written {
            // Half a line would make the next one unreadable.
            let _ = file.set_len(before);
            return Err(failed(e));
        }
        self.count(entry).expect("an entry of our own making is understood");
        self.check = check;
        atomic::reach("ledger.kept", path)
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
            ["reserve", what, voucher, number] => {
                (number.parse::<u64>().ok()? == self.next).then_some(())?;
                self.open.insert(self.next, key(what, voucher)?);
                self.next += 1;
            }
            ["keep", number] => {
                let key = self.open.remove(&number.parse().ok()?)?;
                self.use_up(key);
            }
            ["return", number] => {
                self.open.remove(&number.parse().ok()?)?;
            }
            ["count", what, voucher] => self.use_up(key(what, voucher)?),
            ["raise", what, voucher, to] => {
                let (key, to) = (key(what, voucher)?, to.parse::<u32>().ok()?);
                let settled = self.settled.entry(key).or_default();
                *settled = to.max(*settled);
            }
            _ => return None,
        }
        Some(())
    }

    fn use_up(&mut self, key: (Use, VoucherId)) {
        let settled = self.settled.entry(key).or_default();
        *settled = settled.saturating_add(1);
    }

    fn settled(&self, what: Use, voucher: VoucherId) -> u32 {
        self.settled.get(&(what, voucher)).copied().unwrap_or(0)
    }

    fn check_of(&self, entry: &str) -> String {
        hex(&digest(&SHA256, format!("{} {entry}", self.check).as_bytes()).as_ref()[..16])
    }
}

fn key(what: &str, voucher: &str) -> Option<(Use, VoucherId)> {
    let what = [Use::Play, Use::Record].into_iter().find(|u| u.word() == what)?;
    Some((what, voucher.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUGHT: VoucherId = VoucherId::from_bytes([7; 16]);

    fn ledger() -> (tempfile::TempDir, PathBuf, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record-ledger");
        let ledger = Ledger::open(&path).unwrap();
        (folder, path, ledger)
    }

    // D3
    #[test]
    fn a_recording_that_a_crash_cut_off_is_given_back_and_one_that_can_be_read_is_not() {
        let (_folder, path, ledger) = ledger();
        let _crashed = ledger.reserve(Use::Record, BOUGHT).unwrap();
        let readable = ledger.reserve(Use::Record, BOUGHT).unwrap();
        ledger.keep(&readable).unwrap();
        ledger.count(Use::Play, BOUGHT).unwrap();
        assert_eq!(ledger.used(Use::Record, BOUGHT), 2, "while it is being written it counts");
        drop(ledger);
        let again = Ledger::open(&path).unwrap();
        assert_eq!(again.used(Use::Record, BOUGHT), 2, "until the start has looked after it");
        again.give_back_unfinished().unwrap();
        assert_eq!((again.used(Use::Record, BOUGHT), again.used(Use::Play, BOUGHT)), (1, 1));
        assert_eq!(Ledger::open(&path).unwrap().used(Use::Record, BOUGHT), 1);
    }

    // D3
    #[test]
    fn what_another_copy_knows_raises_the_count_and_never_lowers_it() {
        let (_folder, path, ledger) = ledger();
        ledger.raise(Use::Record, BOUGHT, 2).unwrap();
        ledger.raise(Use::Record, BOUGHT, 1).unwrap();
        let reserved = ledger.reserve(Use::Record, BOUGHT).unwrap();
        assert_eq!(ledger.used(Use::Record, BOUGHT), 3);
        ledger.give_back(reserved).unwrap();
        assert_eq!(Ledger::open(&path).unwrap().used(Use::Record, BOUGHT), 2);
    }

    #[test]
    fn a_line_cut_short_by_a_crash_is_taken_away() {
        let (_folder, path, ledger) = ledger();
        ledger.count(Use::Record, BOUGHT).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(b"reserve record 0707");
        std::fs::write(&path, bytes).unwrap();
        let again = Ledger::open(&path).unwrap();
        assert_eq!(again.used(Use::Record, BOUGHT), 1);
        again.count(Use::Record, BOUGHT).unwrap();
        assert_eq!(Ledger::open(&path).unwrap().used(Use::Record, BOUGHT), 2);
    }

    // F5
    #[test]
    fn an_edited_or_dropped_line_is_noticed() {
        let (_folder, path, ledger) = ledger();
        for _ in 0..3 {
            let _ = ledger.reserve(Use::Record, BOUGHT).unwrap();
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
