//! The authoring tool (requirement S8): one recording and its description become one media data file.
//!
//! ```text
//! SONG.flac ─ pcm ─┬─ flac ──────▶ lossless image, encrypted ┐
//!                  ├─ opus ──────▶ lossy image, encrypted    │
//!                  ├─ clip, opus ▶ previews, clear           ├─▶ SONG.cadenza + SONG.cadenza.keys
//!                  └─ shape ─────▶ waveform, loudness        │
//! ABOUT.toml ─ texts, art, prices, restrictions ─────────────┘
//! ```
//! The file is signed with the author's account. The content keys are written beside it, locked to the author's
//! own certificate; publishing locks them to the content manager's. Nothing is left behind half-written.

mod about;
mod encode;
pub mod hub;
mod keys;
mod time_code;

use std::io::Write;
use std::path::{Path, PathBuf};

use cadenza_encode::Recording;
use cadenza_protocol::cert::CertificateError;
use cadenza_protocol::crypto::sign::{SigningKey, SigningKeyError};
use cadenza_protocol::crypto::wrap::WrapError;
use cadenza_protocol::id::MediaId;
use cadenza_protocol::time::UnixTime;
use thiserror::Error;

pub use about::{About, AboutError, Facts};
pub use keys::{AuthorKeys, AuthorKeysError, keys_path};

use crate::atomic::{NewFile, write_private};
use crate::identity::{Identity, IdentityError};

/// What to author, and where to put it.
#[derive(Debug, Clone)]
pub struct AuthorOptions {
    /// The recording: WAV, FLAC or AIFF, mono or stereo.
    pub input: PathBuf,
    /// Its description; pictures are found relative to it.
    pub about: PathBuf,
    /// The media data file to write; `.keys` is added for the keys beside it.
    pub out: PathBuf,
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Authored {
    /// The new file's media id.
    pub media_id: MediaId,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Why nothing was made.
#[derive(Debug, Error)]
pub enum AuthoringError {
    /// The description does not hold together.
    #[error(transparent)]
    About(#[from] AboutError),
    /// The recording cannot be read.
    #[error("{path}: {reason}; give a mono or stereo WAV, FLAC or AIFF file")]
    Input {
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// An encoder refused.
    #[error("the {quality} version could not be encoded: {reason}")]
    Encode {
        /// Which version.
        quality: String,
        /// Why.
        reason: String,
    },
    /// The author's account cannot be used.
    #[error(transparent)]
    Account(#[from] IdentityError),
    /// The author's key is of an unfit kind.
    #[error("the author's account cannot sign: {0}")]
    Key(#[from] SigningKeyError),
    /// The author's certificate is unfit.
    #[error("the author's account cannot be used: {0}")]
    Certificate(#[from] CertificateError),
    /// The keys cannot be locked to the author.
    #[error("the media keys cannot be kept: {0}")]
    Wrap(#[from] WrapError),
    /// The result cannot be written.
    #[error("{path} cannot be written: {source}; check space and permissions")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Makes `SONG.cadenza` and `SONG.cadenza.keys`. Takes seconds of processor time: not for an async thread.
pub fn author(
    options: &AuthorOptions,
    account: &Identity,
    now: UnixTime,
) -> Result<Authored, AuthoringError> {
    let about = About::load(&options.about)?;
    let recording = Recording::read(&options.input)
        .map_err(|reason| AuthoringError::Input { path: options.input.clone(), reason })?;
    let media_id = MediaId::random();
    let builder = encode::assemble(media_id, &about, &recording)?;

    let signer = SigningKey::from_pkcs8_der(account.key_pkcs8())?;
    let mut bytes = Counting { count: 0 };
    let write_error = |path: &Path| {
        let path = path.to_owned();
        move |source| AuthoringError::Write { path, source }
    };
    let mut media = NewFile::public(&options.out).map_err(write_error(&options.out))?;
    let keys = builder
        .finish(bytes.through(media.file()), &signer, account.chain(), now)
        .map_err(write_error(&options.out))?;
    let keys_path = keys_path(&options.out);
    let locked = AuthorKeys::lock(media_id, &keys, account.chain().leaf())?;
    // Keys first: a media file without its keys could never be published.
    write_private(&keys_path, &locked.to_json()).map_err(write_error(&keys_path))?;
    media.place().map_err(write_error(&options.out))?;
    Ok(Authored { media_id, bytes: bytes.count })
}

/// Counts what passes through.
struct Counting {
    count: u64,
}

impl Counting {
    fn through<'a, W: Write + 'a>(&'a mut self, out: W) -> impl Write + 'a {
        struct Through<'a, W: Write> {
            count: &'a mut u64,
            out: std::io::BufWriter<W>,
        }
        impl<W: Write> Write for Through<'_, W> {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                let written = self.out.write(bytes)?;
                *self.count += written as u64;
                Ok(written)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                self.out.flush()
            }
        }
        Through { count: &mut self.count, out: std::io::BufWriter::new(out) }
    }
}

#[cfg(test)]
mod tests;
