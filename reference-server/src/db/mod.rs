//! The server's tables: an SQLite file, or PostgreSQL by a URL, with the same migrations and the same statements.
//!
//! Statements live beside the code that needs them; here is only how a database is opened and how a
//! transaction that will write begins. Placeholders are `$1`, columns are TEXT and BIGINT: both databases take that.

use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyPool, Executor, Transaction};

use crate::rest::folder::private_file;
use crate::rest::{Vault, VaultError};

/// Connections at most; SQLite writes one at a time anyway.
const CONNECTIONS: u32 = 8;

/// An open database with its tables in place. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Database {
    pool: AnyPool,
    kind: Kind,
    vault: Vault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database could not be reached or created.
    #[error(
        "the database cannot be opened; check the path or URL, its permissions and the space on the disk: {0}"
    )]
    Open(#[from] sqlx::Error),
    /// SQLite takes names that are text only.
    #[error("the path {0} is no Unicode text, which SQLite needs; use a folder with another name")]
    Path(PathBuf),
    /// The tables could not be brought up to date.
    #[error(
        "the tables could not be brought up to date; the data may come from a newer version of this program: {0}"
    )]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// A column says something that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("a table holds the word '{0}', which this version does not know; was a newer one here?")]
pub struct UnknownWord(pub String);

impl Database {
    /// Opens the SQLite file at `path`, creating it when it is missing.
    pub async fn file(path: &Path) -> Result<Self, DatabaseError> {
        private_file(path).map_err(sqlx::Error::Io)?; // its journals take its permissions
        Self::connect(Kind::Sqlite, file_options(path)?).await
    }

    /// Opens `sqlite://...` or `postgres://...` and brings the tables up to date.
    pub async fn open(url: &str) -> Result<Self, DatabaseError> {
        let kind = if url.starts_with("sqlite:") { Kind::Sqlite } else { Kind::Postgres };
        Self::connect(kind, url.parse()?).await
    }

    async fn connect(kind: Kind, options: AnyConnectOptions) -> Result<Self, DatabaseError> {
        sqlx::any::install_default_drivers();
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(Duration::from_secs(30))
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if kind == Kind::Sqlite {
                        connection.execute("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 20000; PRAGMA foreign_keys = ON;").await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await?;
        sqlx::migrate!("./migrations").run(&pool).await?;
        Ok(Self { pool, kind, vault: Vault::default() })
    }

    /// The same tables, with secrets in them sealed by this.
    #[must_use]
    pub fn sealing(self, vault: Vault) -> Self {
        Self { vault, ..self }
    }

    /// A secret as a column takes it; `owner` is the row it belongs to.
    pub fn seal(&self, owner: &str, secret: String) -> Result<String, VaultError> {
        self.vault.seal_column(owner, secret)
    }

    /// The secret in a column.
    pub fn unseal(&self, owner: &str, column: &str) -> Result<String, VaultError> {
        self.vault.open_column(owner, column)
    }

    /// For statements of their own.
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// A transaction that will write. SQLite takes the write lock at once, so that what was read stays true.
    pub async fn begin_write(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self.kind {
            Kind::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await,
            Kind::Postgres => self.pool.begin().await,
        }
    }

    /// Closes every connection; what was committed is on the disk.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// The file at `path`, as [`sqlx::Any`] takes it: a URL is its only way in, and what `SqliteConnectOptions` makes of itself there
/// loses percent signs and drive letters. So every byte but letters and digits is escaped, which the driver undoes to the byte.
fn file_options(path: &Path) -> Result<AnyConnectOptions, DatabaseError> {
    let text = path.to_str().ok_or_else(|| DatabaseError::Path(path.to_owned()))?;
    let url = format!("sqlite:{}?mode=rwc", utf8_percent_encode(text, NON_ALPHANUMERIC));
    Ok(url.parse()?)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;

    #[tokio::test]
    async fn a_database_lies_in_the_folder_that_was_named_whatever_its_name() {
        let home = tempfile::tempdir().expect("a folder");
        for name in ["a%20b", "what?#x", "ü ö", "50% & 'more'"] {
            if cfg!(windows) && name.contains('?') {
                continue; // no name there
            }
            let folder = home.path().join(name);
            std::fs::create_dir(&folder).expect("room");
            let database = Database::file(&folder.join("cadenza.db")).await.expect("a new database");
            database.close().await;
            assert!(folder.join("cadenza.db").is_file(), "{name}");
        }
    }

    #[test]
    fn a_drive_letter_and_a_share_come_through() {
        for path in
            [r"C:\Users\Ada Lovelace\100%\cadenza.db", r"\\?\D:\store\cadenza.db", "/srv/what?#x/cadenza.db"]
        {
            let options = file_options(Path::new(path)).expect("a URL");
            let read =
                SqliteConnectOptions::from_str(options.database_url.as_str()).expect("the driver's reading");
            assert_eq!(read.get_filename(), Path::new(path));
        }
    }

    #[tokio::test]
    async fn a_new_file_gets_its_tables_and_an_old_one_keeps_its_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cadenza.db");
        let first = Database::file(&path).await.expect("a new database");
        let mut tx = first.begin_write().await.expect("a transaction");
        sqlx::query("INSERT INTO projects (path, created_at) VALUES ($1, $2)")
            .bind("demo")
            .bind(7_i64)
            .execute(&mut *tx)
            .await
            .expect("a row");
        tx.commit().await.expect("committed");
        first.close().await;
        let again = Database::file(&path).await.expect("the same database");
        let (at,): (i64,) = sqlx::query_as("SELECT created_at FROM projects WHERE path = $1")
            .bind("demo")
            .fetch_one(again.pool())
            .await
            .expect("the row");
        assert_eq!(at, 7);
    }
}
