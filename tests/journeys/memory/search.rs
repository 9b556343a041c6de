//! Searching the memory of another process: `/proc/PID/maps` names the regions, `/proc/PID/mem` holds the bytes.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem::Finder;

use super::needles::{Kind, Needle};

/// How often each needle was found.
pub struct Found<'n> {
    needles: &'n [Needle],
    counts: Vec<usize>,
}

impl Found<'_> {
    /// Of all needles of a kind together.
    pub fn of(&self, kind: Kind) -> usize {
        let counted = self.needles.iter().zip(&self.counts).filter(|(needle, _)| needle.kind == kind);
        counted.map(|(_, count)| count).sum()
    }

    /// Of one needle.
    pub fn count(&self, at: usize) -> usize {
        self.counts[at]
    }

    /// What was looked for.
    pub fn names(&self) -> impl Iterator<Item = (usize, String)> {
        self.needles
            .iter()
            .enumerate()
            .map(|(at, needle)| (at, format!("{:?}: {}", needle.kind, needle.name)))
    }
}

/// Looks through everything that the process can read of itself.
///
/// # Errors
/// The system does not let us.
pub fn search(process: u32, needles: &[Needle]) -> io::Result<Found<'_>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    let mut memory = File::open(format!("/proc/{process}/mem"))?;
    let finders: Vec<Finder<'_>> = needles.iter().map(|needle| Finder::new(&needle.bytes)).collect();
    let mut counts = vec![0; needles.len()];
    let mut read = 0;
    for line in maps.lines() {
        let mut words = line.split_ascii_whitespace();
        let (range, rights) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let name = words.nth(3).unwrap_or_default();
        // The kernel's own pages cannot be read from outside.
        if !rights.starts_with('r') || name.starts_with("[v") {
            continue;
        }
        let (from, to) = range.split_once('-').expect("a range");
        let address = |hex| u64::from_str_radix(hex, 16).expect("an address");
        let (from, to) = (address(from), address(to));
        let mut bytes = vec![0; usize::try_from(to - from).expect("it fits into memory")];
        memory.seek(SeekFrom::Start(from))?;
        // A region can go away while we come to it.
        if let Err(error) = memory.read_exact(&mut bytes) {
            assert!(
                !name.starts_with("[heap") && !name.starts_with("[stack"),
                "{name} cannot be read: {error}"
            );
            eprintln!("not searched ({error}): {line}");
            continue;
        }
        read += bytes.len();
        for (finder, count) in finders.iter().zip(&mut counts) {
            for at in finder.find_iter(&bytes) {
                *count += 1;
                if std::env::var_os("CADENZA_SHOW_FOUND").is_some() {
                    eprintln!("at {:x} in {line}", from + at as u64);
                }
            }
        }
    }
    assert!(read > 1 << 20, "a process has more memory than {read} bytes");
    Ok(Found { needles, counts })
}
