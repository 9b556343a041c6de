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
use percent_encoding::percent_decode_str;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::io::AsyncWriteExt;
use url::Url;

/// Where a store keeps its files: `media_store` in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaStore {
    /// A folder.
    Folder(PathBuf),
    /// `s3://bucket/prefix`.
    Bucket(Url),
}

impl<'de> Deserialize<'de> for MediaStore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if !text.contains("://") {
            return Ok(Self::Folder(text.into()));
        }
        let wrong = || {
            D::Error::custom(format!(
                "the media store {text} is not usable; give a folder or s3://bucket/prefix"
            ))
        };
        let url: Url = text.parse().map_err(|_| wrong())?;
        if url.scheme() == "s3" && url.has_host() { Ok(Self::Bucket(url)) } else { Err(wrong()) }
    }
}

impl Serialize for MediaStore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Folder(folder) => folder.serialize(serializer),
            Self::Bucket(url) => url.as_str().serialize(serializer),
        }
    }
}

use crate::atomic::NewFile;

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
    /// The store answered with an error.
    #[error("the media store failed; check that it is reachable and has space: {0}")]
    Store(#[from] object_store::Error),
    /// A local file could not be read or written.
    #[error("a media file could not be read or written; check space and permissions of the data folder: {0}")]
    Io(#[from] std::io::Error),
}

impl MediaFiles {
    /// Opens the store; `cache` holds fetched copies of what is not in a folder.
    pub fn at(place: &MediaStore, cache: &Path) -> Result<Self, MediaFilesError> {
        match place {
            MediaStore::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                let store = object_store::local::LocalFileSystem::new_with_prefix(folder)?;
                Ok(Self { store: Arc::new(store), place: Place::Folder(folder.to_owned()) })
            }
            MediaStore::Bucket(url) => {
                let s3 = object_store::aws::AmazonS3Builder::from_env()
                    .with_url(url.as_str())
                    .with_bucket_name(url.host_str().unwrap_or_default())
                    .build()?;
                std::fs::create_dir_all(cache)?;
                let prefix = percent_decode_str(url.path()).decode_utf8_lossy();
                Ok(Self {
                    store: Arc::new(object_store::prefix::PrefixStore::new(s3, prefix.as_ref())),
                    place: Place::Cache(cache.to_owned()),
                })
            }
        }
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
        let new = NewFile::private(path)?;
        let mut out = tokio::fs::File::from_std(new.again()?);
        let mut bytes = self.store.get(name).await?.into_stream();
        while let Some(piece) = bytes.next().await {
            out.write_all(&piece?).await?;
        }
        out.flush().await?;
        tokio::task::spawn_blocking(move || new.place()).await.map_err(std::io::Error::from)??;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_lie_in_the_folder_that_was_named_whatever_its_name() {
        let home = tempfile::tempdir().unwrap();
        for name in ["a%20b", "what?#x", "ü ö"] {
            if cfg!(windows) && name.contains('?') {
                continue; // no name there
            }
            let folder = home.path().join(name);
            let files =
                MediaFiles::at(&MediaStore::Folder(folder.clone()), &home.path().join("cache")).unwrap();
            files.store_bytes("art/one.jpg", vec![1, 2, 3]).await.unwrap();
            assert_eq!(std::fs::read(folder.join("art/one.jpg")).unwrap(), [1, 2, 3], "{name}");
            assert_eq!(std::fs::read(files.local_path("art/one.jpg").await.unwrap()).unwrap(), [1, 2, 3]);
        }
    }

    #[test]
    fn a_media_store_is_a_folder_or_a_bucket() {
        let read = |text: &str| serde_json::from_value::<MediaStore>(text.into());
        assert_eq!(read("/srv/what?#x").unwrap(), MediaStore::Folder("/srv/what?#x".into()));
        let bucket = read("s3://music/shop").unwrap();
        assert_eq!(serde_json::to_value(&bucket).unwrap(), "s3://music/shop");
        assert!(matches!(bucket, MediaStore::Bucket(_)));
        assert!(read("ftp://music").is_err() && read("s3://").is_err());
    }
}
