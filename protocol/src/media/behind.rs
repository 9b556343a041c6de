//! What stands behind the author's block, read in order: agency blocks, publication block, transaction block. Each signs what stands in
//! front of it, so here the running hash is kept.

use std::io::{Read, Seek};

use ring::digest::{Context, SHA256};

use super::MediaError;
use super::agency::{self, AgencyBlock};
use super::parts::{BLOCK_HEAD, read_block, read_range};
use super::publication::{self, PublicationBlock};
use super::transaction::{self, TransactionBlock};
use crate::cert::Certificate;
use crate::id::MediaId;
use crate::wire::WireError;

pub(super) const OTHER_FILE: &str = "the file in front of it is not the one that was granted";

/// How far a file was read, from the end of the author's block on.
pub(super) struct Behind<'r> {
    pub root: &'r Certificate,
    pub media_id: MediaId,
    /// Of all that was read.
    pub running_hash: [u8; 32],
    /// Where the next block begins.
    pub end: u64,
    pub file_length: u64,
}

impl Behind<'_> {
    pub fn agencies<R: Read + Seek>(&mut self, source: &mut R) -> Result<Vec<AgencyBlock>, MediaError> {
        let field = "agency codes";
        let invalid = |field| MediaError::malformed("agency codes")(WireError::Invalid { field });
        let mut agencies: Vec<AgencyBlock> = Vec::new();
        while let Some(bytes) = self.block(source, agency::MAGIC, agency::MAX_BLOCK, field)? {
            if agencies.len() == agency::MAX_BLOCKS {
                return Err(invalid("number of agency blocks"));
            }
            let block = AgencyBlock::from_bytes(&bytes[BLOCK_HEAD..])?;
            block.verify(self.root, &self.media_id, &self.running_hash)?;
            if agencies.iter().any(|earlier| block.repeats(earlier)) {
                return Err(invalid("second block of one hub for one agent"));
            }
            agencies.push(block);
            self.pass(&bytes);
        }
        Ok(agencies)
    }

    pub fn publication<R: Read + Seek>(
        &mut self,
        source: &mut R,
    ) -> Result<Option<PublicationBlock>, MediaError> {
        let field = "record of publication";
        let Some(bytes) = self.block(source, publication::MAGIC, publication::MAX_BLOCK, field)? else {
            return Ok(None);
        };
        let block = PublicationBlock::from_bytes(&bytes[BLOCK_HEAD..])?;
        block.verify(self.root, &self.media_id, &self.running_hash)?;
        self.pass(&bytes);
        Ok(Some(block))
    }

    /// The record of purchase, which fills the rest; only what a content manager sells can have one.
    pub fn transaction<R: Read + Seek>(
        &self,
        source: &mut R,
        published: bool,
    ) -> Result<Option<TransactionBlock>, MediaError> {
        let field = "record of purchase";
        let rest = self.file_length - self.end;
        if rest == 0 {
            return Ok(None);
        }
        if rest > transaction::MAX_BLOCK {
            let count = usize::try_from(rest).unwrap_or(usize::MAX);
            return Err(MediaError::malformed(field)(WireError::Trailing { field: "media file", count }));
        }
        let bytes = read_range(source, self.end, rest, field)?;
        let block = TransactionBlock::from_bytes(&bytes)?;
        block.verify(self.root, &self.media_id)?;
        if !published || block.facts.grant.length != self.end {
            return Err(MediaError::Transaction { reason: OTHER_FILE.to_owned() });
        }
        Ok(Some(block))
    }

    fn block<R: Read + Seek>(
        &self,
        source: &mut R,
        magic: &[u8; 8],
        bound: u32,
        field: &'static str,
    ) -> Result<Option<Vec<u8>>, MediaError> {
        read_block(source, self.end, self.file_length, magic, bound, field)
    }

    fn pass(&mut self, block: &[u8]) {
        let mut context = Context::new(&SHA256);
        context.update(&self.running_hash);
        context.update(block);
        self.running_hash = context.finish().as_ref().try_into().expect("SHA-256 gives 32 bytes");
        self.end += block.len() as u64;
    }
}
