//! A track's bytes, from the delivery server to a `.part` file (requirement B6): resumable, hashed while they come in.
//!
//! The network is read here; a thread of its own hashes and writes, with a bounded queue between them, so that decrypting,
//! hashing and the disk go on at the same time. What is in the `.part` stays when the connection breaks and is continued
//! with `Range`. Only a file whose length and SHA-256 are those of the signed grant is handed on, synced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use cadenza_protocol::id::hex;
use reqwest::{Response, StatusCode};
use ring::digest::{Context, SHA256};
use thiserror::Error;
use tokio::sync::mpsc;
use url::Url;

use super::address::host_of;
use super::client::{ExchangeError, StoreClient, broken_transfer};
use crate::atomic::{self, FileError};
use crate::error::{Code, Explain};

/// Chunks between network and disk; each is at most a TLS record or two.
const QUEUE: usize = 64;
/// Tries without a single new byte before giving up.
const TRIES: u32 = 4;
/// Wait before the first further try; doubles.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Bytes between two reports of progress.
const PROGRESS_STEP: u64 = 1 << 20;

/// Why the bytes are not here.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// The connection; what has arrived is kept.
    #[error("{0}; what has arrived is kept and the download goes on from there")]
    Broken(#[source] ExchangeError),
    /// The delivery server refuses.
    #[error(transparent)]
    Refused(ExchangeError),
    /// The disk.
    #[error(transparent)]
    File(#[from] FileError),
    /// Twice the wrong bytes.
    #[error(
        "{host} delivers damaged data: nothing was kept and nothing is lost. Try again later, or tell the store's operator"
    )]
    Damaged {
        /// Host and port.
        host: String,
    },
}

impl Explain for DownloadError {
    fn code(&self) -> Code {
        match self {
            Self::Broken(_) => Code::DownloadFailed,
            Self::Refused(e) => e.code(),
            Self::File(e) => e.code(),
            Self::Damaged { .. } => Code::DownloadDamaged,
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Broken(e) | Self::Refused(e) => e.fields(),
            Self::File(e) => e.fields(),
            Self::Damaged { host } => vec![("host", host.clone())],
        }
    }
}

/// What is to be fetched, as the approval says it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where.
    pub url: Url,
    /// The download token.
    pub token: String,
    /// Length in bytes.
    pub length: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// Fetches the bytes into `part`. `progress` hears how many are here.
pub async fn fetch(
    client: &StoreClient,
    wanted: &Wanted,
    part: &Path,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<(), DownloadError> {
    for _ in 0..2 {
        let mut sink = Sink::open(part, wanted.length).await?;
        if let Err(full) = atomic::check_room(part, wanted.length.saturating_sub(sink.length)) {
            // Half a track is no use on a full disk; the room is.
            let _ = fs::remove_file(part);
            return Err(full.into());
        }
        sink = fill(client, wanted, sink, progress).await?;
        if sink.finish(wanted.sha256).await? {
            return Ok(());
        }
        // A part left by something else, or damaged on the way: once more from the first byte.
        tracing::warn!(part = %part.display(), "what arrived is not what was granted; starting again");
    }
    Err(DownloadError::Damaged { host: host_of(&wanted.url) })
}

/// Connects, and connects again, until every byte is here or nothing comes any more.
async fn fill(
    client: &StoreClient,
    wanted: &Wanted,
    mut sink: Sink,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<Sink, DownloadError> {
    let (mut tries, mut wait) = (0, FIRST_WAIT);
    while sink.length < wanted.length {
        let before = sink.length;
        let result = match client.download(&wanted.url, &wanted.token, sink.length).await {
            Ok(response) => receive(response, wanted, &mut sink, progress).await,
            Err(e @ (ExchangeError::Refused { .. } | ExchangeError::NotTrusted { .. }))
                if !e.leaves_doubt() =>
            {
                return Err(DownloadError::Refused(e));
            }
            Err(e) => Err(DownloadError::Broken(e)),
        };
        match result {
            Ok(()) => {}
            Err(DownloadError::Broken(e)) => {
                sink.settle().await?;
                let is_silent = matches!(e, ExchangeError::Silent { .. });
                if sink.length > before {
                    (tries, wait) = (0, FIRST_WAIT);
                }
                tries += 1;
                // A server that is silent has used the ten seconds that a person is asked to wait.
                if tries >= TRIES || is_silent {
                    return Err(DownloadError::Broken(e));
                }
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(sink)
}

async fn receive(
    mut response: Response,
    wanted: &Wanted,
    sink: &mut Sink,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<(), DownloadError> {
    if sink.length > 0 && !continues_at(&response, sink.length) {
        sink.restart().await?;
    }
    let mut told = sink.length;
    progress(told);
    while let Some(chunk) =
        response.chunk().await.map_err(|e| DownloadError::Broken(broken_transfer(&wanted.url, &e)))?
    {
        if sink.length + chunk.len() as u64 > wanted.length {
            return Err(DownloadError::Damaged { host: host_of(&wanted.url) });
        }
        atomic::reach("download.piece", &sink.path)?;
        sink.write(chunk).await?;
        if sink.length - told >= PROGRESS_STEP {
            told = sink.length;
            progress(told);
        }
    }
    progress(sink.length);
    if sink.length < wanted.length {
        let reason = "it ended the transfer early".into();
        return Err(DownloadError::Broken(ExchangeError::Unreachable { host: host_of(&wanted.url), reason }));
    }
    Ok(())
}

/// Whether a server took our `Range`: 206, and from the byte that we asked for.
fn continues_at(response: &Response, from: u64) -> bool {
    let range = response.headers().get("content-range").and_then(|v| v.to_str().ok()).unwrap_or_default();
    response.status() == StatusCode::PARTIAL_CONTENT && range.starts_with(&format!("bytes {from}-"))
}

/// The writing side: a thread that hashes and writes what comes through the queue.
struct Sink {
    path: PathBuf,
    length: u64,
    queue: mpsc::Sender<Bytes>,
    writer: tokio::task::JoinHandle<Result<Written, FileError>>,
}

struct Written {
    file: File,
    hash: Context,
}

impl Sink {
    /// Opens what is there already, at most `bound` bytes of it: what stands behind was not from the network.
    async fn open(path: &Path, bound: u64) -> Result<Self, FileError> {
        let path = path.to_owned();
        let opened = path.clone();
        let (written, length) =
            blocking(move || existing(&opened, bound).map_err(|e| FileError::writing(&opened, e))).await?;
        Ok(Self::start(path, written, length))
    }

    fn start(path: PathBuf, written: Written, length: u64) -> Self {
        let (queue, mut chunks) = mpsc::channel::<Bytes>(QUEUE);
        let target = path.clone();
        let writer = tokio::task::spawn_blocking(move || {
            let Written { mut file, mut hash } = written;
            while let Some(chunk) = chunks.blocking_recv() {
                if let Err(e) = file.write_all(&chunk) {
                    let error = FileError::writing(&target, e);
                    if matches!(error, FileError::DiskFull { .. }) {
                        // The room is worth more to the person than half a track.
                        let _ = fs::remove_file(&target);
                    }
                    return Err(error);
                }
                hash.update(&chunk);
            }
            Ok(Written { file, hash })
        });
        Self { path, length, queue, writer }
    }

    async fn write(&mut self, chunk: Bytes) -> Result<(), DownloadError> {
        self.length += chunk.len() as u64;
        if self.queue.send(chunk).await.is_err() {
            // The writer has ended, and not well: settling says why.
            self.settle().await?;
        }
        Ok(())
    }

    /// Waits until everything is written, and goes on from there.
    async fn settle(&mut self) -> Result<(), FileError> {
        let written = self.stop().await?;
        *self = Self::start(self.path.clone(), written, self.length);
        Ok(())
    }

    /// Empties the file: the server sends from the first byte.
    async fn restart(&mut self) -> Result<(), FileError> {
        self.stop().await?;
        let path = self.path.clone();
        *self = Self::open(&path, 0).await?;
        Ok(())
    }

    /// Syncs, and says whether this is the file that was meant. Another one is emptied.
    async fn finish(mut self, sha256: [u8; 32]) -> Result<bool, FileError> {
        let written = self.stop().await?;
        let path = self.path;
        blocking(move || {
            let is_right = written.hash.finish().as_ref() == sha256;
            let done = if is_right { written.file.sync_all() } else { written.file.set_len(0) };
            done.map(|()| is_right).map_err(|e| FileError::writing(&path, e))
        })
        .await
    }

    async fn stop(&mut self) -> Result<Written, FileError> {
        let (closed, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.queue, closed));
        let ended = (&mut self.writer).await;
        ended.unwrap_or_else(|e| Err(FileError::writing(&self.path, io::Error::other(e.to_string()))))
    }
}

fn existing(path: &Path, bound: u64) -> io::Result<(Written, u64)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if file.metadata()?.len() > bound {
        file.set_len(bound)?;
    }
    let mut hash = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 18];
    let mut length = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => {
                hash.update(&buffer[..n]);
                length += n as u64;
            }
        }
    }
    file.seek(SeekFrom::Start(length))?;
    Ok((Written { file, hash }, length))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(e) => Err(FileError::writing(Path::new("the download"), io::Error::other(e.to_string()))),
    }
}

/// SHA-256 in hexadecimal, as reports carry it.
pub fn in_words(sha256: &[u8; 32]) -> String {
    hex(sha256)
}
