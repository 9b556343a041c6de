//! The distribution hub's work (S9): an agency's codes go into a finished media file, behind the author's part.
//!
//! The hub reads the file only to check it and to copy it: no text and no audio is opened, no byte of the author's changes, the
//! keys beside the file stay locked to the author. The new file is there whole or not at all.
//!
//! The codes come from a TOML file:
//!
//! ```toml
//! agent = "agency.pem"        # certificate of the rights agent to whom sales and previews are reported; beside this file
//! [[code]]
//! scheme = "product"          # artist, product, sku, isrc, iswc, or an agency's own
//! value = "ML-0042"
//! ```

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use cadenza_protocol::cert::{Certificate, CertificateChain, CertificateError, Role, verify_chain};
use cadenza_protocol::crypto::sign::{SigningKey, SigningKeyError};
use cadenza_protocol::id::MediaId;
use cadenza_protocol::media::{AgencyCode, AgencyFacts, MediaError, MediaFile};
use cadenza_protocol::time::UnixTime;
use serde::Deserialize;

use super::keys_path;
use crate::atomic::{NewFile, write_private};
use crate::identity::Identity;

/// Longest agency file, bytes.
const MAX_AGENCY_FILE: u64 = 64 * 1024;
const BOUNDS: &str = "needs 1 to 16 codes, each text 1 to 128 bytes";

/// What to add to which file.
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// The media file as its author made it, or with another hub's codes.
    pub input: PathBuf,
    /// The codes, TOML.
    pub agency: PathBuf,
    /// The media file to write; the input's keys are copied beside it.
    pub out: PathBuf,
}

/// What was added.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Coded {
    /// The song.
    pub media_id: MediaId,
    /// Length of the new file, bytes.
    pub bytes: u64,
    /// Codes of this hub in it.
    pub codes: usize,
    /// Whether there were keys to copy.
    pub keys: bool,
}

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// A file cannot be read.
    #[error("{0} cannot be read; check its path: {1}")]
    Read(PathBuf, std::io::Error),
    /// The agency file is not what it should be.
    #[error("{0}: {1}")]
    Agency(PathBuf, String),
    /// The media file is not genuine, or the codes do not fit.
    #[error("{0}: {1}")]
    Media(PathBuf, MediaError),
    /// A store's or a buyer's copy.
    #[error("{0} is a copy that a store sells or has sold; add codes to the file as its author made it")]
    Sold(PathBuf),
    /// Who the agent is cannot be told.
    #[error("the rights agent's certificate {0} cannot be used: {1}; copy it again from the agent")]
    Agent(PathBuf, CertificateError),
    /// This hub did so before.
    #[error("{0} has codes of '{1}' for this agent already; take the file as it was before")]
    Already(PathBuf, String),
    /// No more room.
    #[error("{0} has codes of four hubs or agencies already, which is the most that a file holds")]
    Full(PathBuf),
    /// The account is not a hub's.
    #[error("the account cannot add codes: {0}; make one with 'account --role hub'")]
    Account(#[from] CertificateError),
    /// The account's key cannot sign.
    #[error("the hub's account cannot sign: {0}")]
    Key(#[from] SigningKeyError),
    /// The result cannot be written.
    #[error("{0} cannot be written; check space and permissions: {1}")]
    Write(PathBuf, std::io::Error),
}

/// The agency file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgencyFile {
    agent: String,
    #[serde(default)]
    code: Vec<CodeText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeText {
    scheme: String,
    value: String,
}

/// Writes the file with the hub's codes in it. `root` is the licensing center's.
pub fn add_codes(
    options: &HubOptions,
    account: &Identity,
    root: &Certificate,
    now: UnixTime,
) -> Result<Coded, HubError> {
    let hub = verify_chain(account.chain(), root, Role::Hub, now)?;
    let AgencyFile { agent, code } = read_agency(&options.agency)?;
    let agent = read_agent(&options.agency.with_file_name(agent), root, now)?;
    let agent_key = agent.key_fingerprint();
    let (input, refused) = (&options.input, |e| HubError::Media(options.input.clone(), e));
    let source = File::open(input).map_err(|e| HubError::Read(input.clone(), e))?;
    let mut media = MediaFile::open(BufReader::new(source), root).map_err(refused)?;
    media.verify_all().map_err(refused)?;
    if media.publication().is_some() || media.transaction().is_some() {
        return Err(HubError::Sold(input.clone()));
    }
    if media.agencies().len() == cadenza_protocol::media::MAX_AGENCIES {
        return Err(HubError::Full(input.clone()));
    }
    if media.agencies().iter().any(|b| b.is_by(hub, &agent_key)) {
        return Err(HubError::Already(input.clone(), hub.subject()));
    }
    let codes: Vec<AgencyCode> =
        code.into_iter().map(|c| AgencyCode { scheme: c.scheme, value: c.value }).collect();
    let (media_id, count) = (*media.media_id(), codes.len());
    let key = SigningKey::from_pkcs8_der(account.key_pkcs8())?;
    let block = AgencyFacts { media_id, added_at: now, agent: agent.subject(), agent_key, codes }
        .sign(media.running_hash(), &key, account.chain().clone())
        .map_err(|_| HubError::Agency(options.agency.clone(), BOUNDS.to_owned()))?;
    let keys = copy_keys(options)?;
    let bytes = write(options, media.published_length(), &block.to_bytes(), root)?;
    Ok(Coded { media_id, bytes, codes: count, keys })
}

fn read_agency(path: &Path) -> Result<AgencyFile, HubError> {
    let failed = |e| HubError::Read(path.to_owned(), e);
    let wrong = |why: String| HubError::Agency(path.to_owned(), why);
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_AGENCY_FILE + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_AGENCY_FILE {
        return Err(wrong("is longer than 64 KiB; it holds an agent and 1 to 16 codes".into()));
    }
    toml::from_str(&text).map_err(|e| {
        wrong(format!("write agent = \"agency.pem\" and [[code]] with scheme and value: {}", e.message()))
    })
}

/// The agent by its certificate: a name alone would be anybody's (requirement C9).
fn read_agent(path: &Path, root: &Certificate, now: UnixTime) -> Result<Certificate, HubError> {
    let unfit = |e| HubError::Agent(path.to_owned(), e);
    let text = std::fs::read_to_string(path).map_err(|e| HubError::Read(path.to_owned(), e))?;
    let chain = CertificateChain::from_pem(&text).map_err(unfit)?;
    verify_chain(&chain, root, Role::RightsAgent, now).cloned().map_err(unfit)
}

/// Keys first: a media file without its keys could never be published.
fn copy_keys(options: &HubOptions) -> Result<bool, HubError> {
    let (from, to) = (keys_path(&options.input), keys_path(&options.out));
    if from == to {
        return Ok(from.exists());
    }
    match std::fs::read(&from) {
        Ok(bytes) => write_private(&to, &bytes).map(|()| true).map_err(|e| HubError::Write(to, e)),
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(HubError::Read(from, error)),
    }
}

/// Copies what was published, adds the block, and looks at the result as a stranger would before it gets its name.
fn write(options: &HubOptions, length: u64, block: &[u8], root: &Certificate) -> Result<u64, HubError> {
    let failed = |e| HubError::Write(options.out.clone(), e);
    let source = File::open(&options.input).map_err(|e| HubError::Read(options.input.clone(), e))?;
    let mut out = NewFile::public(&options.out).map_err(failed)?;
    let copied = std::io::copy(&mut source.take(length), out.file()).map_err(failed)?;
    out.write_all(block).map_err(failed)?;
    let again = out.again().map_err(failed)?;
    MediaFile::open(BufReader::new(again), root).map_err(|e| HubError::Media(options.input.clone(), e))?;
    out.place().map_err(failed)?;
    Ok(copied + block.len() as u64)
}
