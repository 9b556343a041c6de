//! Media files as delivery and content services read them: from a folder, or from an S3 store through a local cache.
//!
//! Bytes come from the object store that publishing wrote and go to `MediaFile::open`, which wants
//! `Read + Seek`. A folder store is opened in place; anything else is fetched once into the cache folder.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::io::AsyncWriteExt;

/// The published files of a store.
#[derive(Debug, Clone)]
pub struct MediaFiles {
    store: Arc<dyn ObjectStore>,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(PathBuf),
    Cache(PathBuf),
}

/// Why a media file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum MediaFilesError {
    /// The store's address could not be understood.
    #[error("the media store address {0} is not usable; give a folder or s3://bucket/prefix")]
    Address(String),
    /// The store answered with an error.
    #[error("the media store failed; check that it is reachable and has space: {0}")]
    Store(#[from] object_store::Error),
    /// A local file could not be read or written.
    #[error("a media file could not be read or written; check space and permissions of the data folder: {0}")]
    Io(#[from] std::io::Error),
}

impl MediaFiles {
    /// Opens the store at `address` (a folder path or an `s3://` URL); `cache` holds fetched copies.
    pub fn at(address: &str, cache: &Path) -> Result<Self, MediaFilesError> {
        if let Some(bucket_and_prefix) = address.strip_prefix("s3://") {
            let bucket = bucket_and_prefix.split('/').next().unwrap_or_default();
            let s3 = object_store::aws::AmazonS3Builder::from_env()
                .with_url(address)
                .with_bucket_name(bucket)
                .build()?;
            let prefix = bucket_and_prefix.split_once('/').map(|(_, prefix)| prefix).unwrap_or_default();
            std::fs::create_dir_all(cache)?;
            return Ok(Self {
                store: Arc::new(object_store::prefix::PrefixStore::new(s3, prefix)),
                place: Place::Cache(cache.to_owned()),
            });
        }
        if address.contains("://") {
            return Err(MediaFilesError::Address(address.to_owned()));
        }
        let folder = Path::new(address);
        std::fs::create_dir_all(folder)?;
        let store = object_store::local::LocalFileSystem::new_with_prefix(folder)?;
        Ok(Self { store: Arc::new(store), place: Place::Folder(folder.to_owned()) })
    }

    /// Opens a published file for reading and seeking.
    pub async fn open(&self, object: &str) -> Result<File, MediaFilesError> {
        Ok(File::open(self.local_path(object).await?)?)
    }

    /// A local path that holds the file's bytes, fetching them first if the store is not a folder.
    pub async fn local_path(&self, object: &str) -> Result<PathBuf, MediaFilesError> {
        let name = ObjectPath::from(object);
        match &self.place {
            Place::Folder(folder) => Ok(folder.join(name.as_ref())),
            Place::Cache(cache) => {
                let path = cache.join(name.as_ref().replace('/', "_"));
                if !path.exists() {
                    self.fetch(&name, &path).await?;
                }
                Ok(path)
            }
        }
    }

    async fn fetch(&self, name: &ObjectPath, path: &Path) -> Result<(), MediaFilesError> {
        let part = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        let mut out = tokio::fs::File::from_std(part.reopen()?);
        let mut bytes = self.store.get(name).await?.into_stream();
        while let Some(piece) = bytes.next().await {
            out.write_all(&piece?).await?;
        }
        out.sync_all().await?;
        part.persist(path).map_err(|failed| failed.error)?;
        Ok(())
    }

    /// Puts the file at `from` into the store under `object`, in pieces.
    pub async fn store_file(&self, object: &str, from: &Path) -> Result<(), MediaFilesError> {
        let mut source = tokio::fs::File::open(from).await?;
        let mut writer = object_store::buffered::BufWriter::new(self.store.clone(), ObjectPath::from(object));
        tokio::io::copy(&mut source, &mut writer).await?;
        writer.shutdown().await?;
        Ok(())
    }

    /// Puts small bytes (a picture) into the store.
    pub async fn store_bytes(&self, object: &str, bytes: Vec<u8>) -> Result<(), MediaFilesError> {
        self.store.put(&ObjectPath::from(object), bytes.into()).await?;
        Ok(())
    }

    /// Reads small bytes back; `None` when there are none.
    pub async fn read_bytes(&self, object: &str) -> Result<Option<bytes::Bytes>, MediaFilesError> {
        match self.store.get(&ObjectPath::from(object)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a file and its cached copy. Removing what is gone already is fine.
    pub async fn remove(&self, object: &str) -> Result<(), MediaFilesError> {
        let name = ObjectPath::from(object);
        if let Place::Cache(cache) = &self.place {
            let _ = std::fs::remove_file(cache.join(name.as_ref().replace('/', "_")));
        }
        match self.store.delete(&name).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
