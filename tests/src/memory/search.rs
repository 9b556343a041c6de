//! Searching the memory of another process: `/proc/PID/maps` names the regions, `/proc/PID/pagemap` says which of their pages
//! hold anything (a web view reserves far more than a machine has), `/proc/PID/mem` holds the bytes.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem::Finder;

use super::needles::{Kind, Needle};

/// How often each needle was found.
#[derive(Debug)]
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
    pub(super) fn count(&self, at: usize) -> usize {
        self.counts[at]
    }

    /// What was looked for.
    pub(super) fn names(&self) -> impl Iterator<Item = (usize, String)> {
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
    let mut pages = Pages::of(process)?;
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
        for (from, to) in pages.in_use(address(from), address(to))? {
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
                    if *count <= SHOWN {
                        eprintln!("at {:x} in {line}", from + at as u64);
                    }
                }
            }
        }
    }
    assert!(read > 1 << 20, "a process has more memory than {read} bytes");
    Ok(Found { needles, counts })
}

/// Places told of each needle; a test that fails needs a few of them, not thousands.
const SHOWN: usize = 5;

/// Which pages of a process are in memory or in the swap file: one 64-bit word for each, the two states in its upper bits.
struct Pages {
    map: File,
    size: u64,
}

impl Pages {
    const IN_USE: u64 = 1 << 63 | 1 << 62;
    /// Words read at a time.
    const PIECE: u64 = 1 << 16;

    fn of(process: u32) -> io::Result<Self> {
        let told = fs::read_to_string("/proc/self/smaps")?;
        let size = told.lines().find_map(|line| line.strip_prefix("KernelPageSize:"));
        let kib: u64 =
            size.and_then(|size| size.trim().strip_suffix(" kB")?.parse().ok()).expect("a page size");
        Ok(Self { map: File::open(format!("/proc/{process}/pagemap"))?, size: kib * 1024 })
    }

    /// The stretches of a region that hold something.
    fn in_use(&mut self, from: u64, to: u64) -> io::Result<Vec<(u64, u64)>> {
        let mut found: Vec<(u64, u64)> = Vec::new();
        let (mut page, end) = (from / self.size, to / self.size);
        self.map.seek(SeekFrom::Start(page * 8))?;
        while page < end {
            let mut words = vec![0; (Self::PIECE.min(end - page) * 8) as usize];
            self.map.read_exact(&mut words)?;
            for word in words.chunks_exact(8) {
                let (start, stop) = (page * self.size, (page + 1) * self.size);
                if u64::from_ne_bytes(word.try_into().expect("8 bytes")) & Self::IN_USE != 0 {
                    match found.last_mut() {
                        Some(last) if last.1 == start => last.1 = stop,
                        _ => found.push((start, stop)),
                    }
                }
                page += 1;
            }
        }
        Ok(found)
    }
}
