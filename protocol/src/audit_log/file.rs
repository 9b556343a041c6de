//! A whole log on its way to the licensing center: `magic "CDZSLOG1" (8) | log id (16)`, then entry after entry, each with its length
//! (4), to the end of the file.

use super::{LogError, LogId};
use crate::wire::{Reader, WireError, Writer};

const MAGIC: &[u8; 8] = b"CDZSLOG1";
const ENTRY_BOUND: u32 = 68 * 1024;

/// A log and its entries, none of them checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Which log.
    pub log: LogId,
    /// Its entries, in the file's order.
    pub entries: Vec<Vec<u8>>,
}

impl LogFile {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.raw(MAGIC).raw(&self.log);
        for entry in &self.entries {
            w.bytes(entry);
        }
        w.into_bytes()
    }

    /// Reads a file; each entry is at most 68 KiB, there are as many as fit into the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LogError> {
        Self::parse(bytes).map_err(|source| LogError::NotALog { source })
    }

    fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        if r.array::<8>("log file")? != *MAGIC {
            return Err(WireError::Invalid { field: "log file" });
        }
        let log = r.array("log id")?;
        let mut entries = Vec::new();
        while r.remaining() > 0 {
            entries.push(r.bytes(ENTRY_BOUND, "log entry")?.to_vec());
        }
        Ok(Self { log, entries })
    }
}
