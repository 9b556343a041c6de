//! The content manager's word for the whole that it sells: its block goes behind what author and hubs signed, before the file is stored.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use cadenza_protocol::crypto::sign::SigningKey;
use cadenza_protocol::id::{MediaId, hex};
use cadenza_protocol::media::{PublicationBlock, PublicationFacts, StampRequest};
use cadenza_protocol::time_stamp::{Stamped, TimeStampToken};
use ring::digest::{Context, SHA256};
use tempfile::NamedTempFile;

use crate::api::ApiFailure;
use crate::content::ContentManager;
use crate::identity::Identity;

/// How the name of a copy begins that is being made; nobody is at one when a server starts.
pub(super) const UNSEALED: &str = ".tmp";

/// A file that was checked and may be sold.
pub(super) struct Unsealed {
    pub media_id: MediaId,
    pub running_hash: [u8; 32],
    /// What author and hubs signed, as it stands in the file.
    pub blocks: Vec<u8>,
}

/// The file as it is sold; gone when it is dropped.
#[derive(Debug)]
pub(super) struct Sealed {
    pub file: NamedTempFile,
    pub length: u64,
    pub sha256: String,
}

impl ContentManager {
    /// Signs for the whole, and has the licensing center stamp it (C2).
    pub(super) async fn publication(
        &self,
        unsealed: &Unsealed,
        keeper: &Identity,
    ) -> Result<PublicationBlock, ApiFailure> {
        let key = SigningKey::from_pkcs8_der(keeper.key_pkcs8()).map_err(ApiFailure::internal)?;
        let facts = PublicationFacts { media_id: unsealed.media_id, published_at: self.now() };
        let word = facts.sign(&unsealed.running_hash, &key, keeper.chain().clone());
        let request = StampRequest::new(unsealed.blocks.clone(), &word);
        let answer: Result<Stamped, _> = self.center.post("/v1/time-stamps/publication", &request).await;
        let silence = "the licensing center, which stamps what is published with the time, does not answer; publish it again in a moment";
        let stamped = answer.map_err(|error| error.handed_on("licensing-unreachable", silence))?;
        let stamp = TimeStampToken::from_bytes(&stamped.token).map_err(ApiFailure::internal)?;
        let block = word.stamped(stamp);
        block
            .verify(self.tls.root(), &unsealed.media_id, &unsealed.running_hash)
            .map_err(ApiFailure::internal)?;
        Ok(block)
    }
}

/// Copies `from` into `folder` with the block behind it. What came in stays as it is, so that publishing can be tried again.
pub(super) fn seal(from: &Path, folder: &Path, block: &PublicationBlock) -> io::Result<Sealed> {
    let block = block.to_bytes();
    std::fs::create_dir_all(folder)?;
    let file = tempfile::Builder::new().prefix(UNSEALED).tempfile_in(folder)?;
    let mut source = BufReader::new(File::open(from)?).chain(block.as_slice());
    let (mut context, mut length) = (Context::new(&SHA256), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = source.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        context.update(&buffer[..count]);
        file.as_file().write_all(&buffer[..count])?;
        length += count as u64;
    }
    file.as_file().sync_all()?;
    Ok(Sealed { file, length, sha256: hex(context.finish().as_ref()) })
}
