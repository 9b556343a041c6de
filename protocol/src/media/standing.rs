//! Who stands behind a file that is sold: its author, its hubs, its content manager. Each of them was in good standing when the
//! licensing center stamped it, which looks them up before it does ([`StampRequest`]); readers judge their certificates at that time too.

use std::io::Cursor;

use serde::{Deserialize, Serialize};

use super::MediaError;
use super::agency::AgencyBlock;
use super::author::AuthorBlock;
use super::behind::Behind;
use super::publication::Publication;
use crate::cert::{Certificate, RevocationLists, Role, verify_unrevoked_chain};
use crate::time::UnixTime;
use crate::time_stamp::{AHEAD_SECONDS, Imprint};
use crate::wire::{WireError, base64_bytes};

/// Checks everyone who signed: their certificates at the time of the stamp, and that nobody's own time is behind it.
pub(super) fn check(
    author: &AuthorBlock,
    agencies: &[AgencyBlock],
    word: &Publication,
    root: &Certificate,
    stamped_at: UnixTime,
    revoked: &RevocationLists,
) -> Result<(), MediaError> {
    let hubs = agencies.iter().map(|block| (&block.chain, Role::Hub, block.facts.added_at));
    let signers = [
        (&author.chain, Role::Author, author.signed_at),
        (&word.chain, Role::ContentManager, word.facts.published_at),
    ];
    for (chain, role, own_time) in signers.into_iter().chain(hubs) {
        let refuse = |why: String| MediaError::Publication {
            reason: format!("{}, when it was stamped: {why}", role.name()),
        };
        verify_unrevoked_chain(chain, root, role, stamped_at, revoked).map_err(|e| refuse(e.to_string()))?;
        if own_time > stamped_at.plus_seconds(AHEAD_SECONDS) {
            return Err(refuse("the time of the signature was still to come; set that clock".into()));
        }
    }
    Ok(())
}

/// What a content manager shows to the licensing center before it sells a file: all that was signed, without the song.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StampRequest {
    /// Author's block and agency blocks, as in the file.
    #[serde(with = "base64_bytes")]
    blocks: Vec<u8>,
    /// The content manager's word, without a stamp.
    #[serde(with = "base64_bytes")]
    word: Vec<u8>,
}

impl StampRequest {
    /// For a file with these blocks ([`MediaFile::blocks`](super::MediaFile::blocks)).
    pub fn new(blocks: Vec<u8>, word: &Publication) -> Self {
        Self { blocks, word: word.to_bytes() }
    }

    /// What is to be stamped, if everyone who signed it is in good standing now.
    pub fn judge(
        &self,
        root: &Certificate,
        now: UnixTime,
        revoked: &RevocationLists,
    ) -> Result<Imprint, MediaError> {
        let mut source = Cursor::new(&self.blocks);
        let word = Publication::from_bytes(&self.word)?;
        let (author, running_hash, end) = AuthorBlock::read(&mut source, 0)?;
        let (media_id, file_length) = (word.facts.media_id, self.blocks.len() as u64);
        let mut behind = Behind { root, media_id, running_hash, end, file_length };
        let agencies = behind.agencies(&mut source)?;
        if behind.end != file_length {
            let field = "agency codes";
            let count = usize::try_from(file_length - behind.end).unwrap_or(usize::MAX);
            return Err(MediaError::malformed(field)(WireError::Trailing { field, count }));
        }
        word.verify(root, &media_id, &behind.running_hash)?;
        check(&author, &agencies, &word, root, now, revoked)?;
        Ok(word.imprint(&behind.running_hash))
    }
}
