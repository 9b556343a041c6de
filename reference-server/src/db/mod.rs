//! The server's tables: an SQLite file, or PostgreSQL by a URL, with the same migrations and the same statements.
//!
//! Statements live beside the code that needs them; here is only how a database is opened and how a
//! transaction that will write begins. Placeholders are `$1`, columns are TEXT and BIGINT: both databases take that.

use std::path::Path;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyPool, Executor, Transaction};

/// Connections at most; SQLite writes one at a time anyway.
const CONNECTIONS: u32 = 8;

/// An open database with its tables in place. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Database {
    pool: AnyPool,
    kind: Kind,
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
        Self::open(&format!("sqlite://{}?mode=rwc", path.display())).await
    }

    /// Opens `sqlite://...` or `postgres://...` and brings the tables up to date.
    pub async fn open(url: &str) -> Result<Self, DatabaseError> {
        sqlx::any::install_default_drivers();
        let kind = if url.starts_with("sqlite:") { Kind::Sqlite } else { Kind::Postgres };
        let options: AnyConnectOptions = url.parse()?;
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
        Ok(Self { pool, kind })
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

#[cfg(test)]
mod tests {
    use super::*;

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
