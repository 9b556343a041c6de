//! The seeds of the fuzz targets for files and answers that the programs read themselves, without a fuzzer (requirement F4): each seed is
//! read as it is, and changed here and there, always the same way. Nothing panics, and what must hold holds. Corpora and runs are in
//! `tests/fuzz/README.md`.

use std::fs;
use std::path::Path;

#[path = "fuzz/src/files/mod.rs"]
mod files;

/// Changed forms of each seed.
const CHANGES: u64 = 40;

fn each_seed_of(target: &str, read: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut names: Vec<_> = fs::read_dir(&folder).expect("make_seeds wrote it").flatten().collect();
    names.sort_by_key(fs::DirEntry::file_name);
    assert!(names.len() > 3, "{} holds {} seeds", folder.display(), names.len());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for name in names {
        let seed = fs::read(name.path()).expect("a seed");
        println!("{}", name.path().display());
        read(&seed);
        for number in 0..CHANGES {
            let changed = dice.change(&seed);
            // a failure can be read again from its number alone
            println!("  change {number}");
            read(&changed);
        }
    }
}

/// Numbers that are the same at every run (xorshift64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (bound.max(1) as u64)).expect("below a length")
    }

    /// A few bits flipped, bytes set, pieces taken out, doubled or cut off; the first byte stays, it chooses the part of a target.
    fn change(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(6) {
            if bytes.len() < 2 {
                break;
            }
            let at = 1 + self.below(bytes.len() - 1);
            let end = (at + 1 + self.below(16)).min(bytes.len());
            match self.below(6) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'9', b'"', b'-'][self.below(8)],
                2 => bytes[at..end].fill(0xff),
                3 => drop(bytes.drain(at..end)),
                4 => {
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => bytes.truncate(at),
            }
        }
        bytes
    }
}

// F4
#[test]
fn tags_and_covers_of_own_music_that_are_whole_cut_or_altered_stop_nothing() {
    each_seed_of("tags", files::tags::read);
    each_seed_of("pictures", files::pictures::read);
}

// F4
#[test]
fn a_merchants_answers_and_a_buyers_wishes_stop_nothing() {
    each_seed_of("shop", files::shop::read);
}

// F4
#[test]
fn files_that_a_person_wrote_stop_nothing() {
    each_seed_of("forms", files::forms::read);
    each_seed_of("settings", files::settings::read);
}

// F4, B7
#[test]
fn a_journal_that_was_cut_or_altered_stops_nothing() {
    each_seed_of("journal", files::journal::read);
}
