//! What becomes of an entry whose transaction is rolled back.

use cadenza_protocol::audit_log::{EntryKind, LogWriter, verify_log};
use cadenza_protocol::secret::Secret;
use cadenza_protocol::time::UnixTime;

use super::client::LogClient;
use super::state_file::StateFile;
use super::writer::SecureLog;
use crate::center::CenterClient;
use crate::clock::Clock;
use crate::db::Database;
use crate::licensing::authority::Authority;
use crate::rest::Vault;
use crate::text::from_base64;

const LOG: [u8; 16] = [9; 16];
const NOW: UnixTime = UnixTime(1_800_000_000);

fn secret() -> Secret<32> {
    Secret::from_bytes([7; 32])
}

async fn entered(log: &SecureLog, database: &Database, content: &[u8], keep: bool) -> Vec<u8> {
    let mut pen = log.pen().await.expect("a pen");
    let mut tx = database.begin_write().await.expect("a transaction");
    pen.enter(&mut tx, EntryKind::Sale, content).await.expect("entered");
    let (entry,): (String,) = sqlx::query_as("SELECT entry FROM secure_log ORDER BY number DESC LIMIT 1")
        .fetch_one(&mut *tx)
        .await
        .expect("the entry");
    if keep {
        tx.commit().await.expect("committed");
        pen.keep().await;
    } else {
        tx.rollback().await.expect("rolled back");
        drop(pen);
    }
    from_base64(&entry).expect("base64")
}

// R2
#[tokio::test]
async fn a_rolled_back_entry_s_key_is_not_used_again_for_the_one_in_its_place() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a folder");
    let (vault, clock) = (Vault::default(), Clock::movable(NOW));
    let authority = Authority::open(&folder.path().join("licensing"), &vault, NOW).expect("an authority");
    let client =
        LogClient(CenterClient::new("https://localhost:1", authority.root(), &clock).expect("a client"));
    let database = Database::file(&folder.path().join("cadenza.db")).await.expect("a database");
    let state = StateFile::beside(&folder.path().join("writer.account"), &vault);
    state.store(&LogWriter::new(LOG, secret())).expect("a state");
    let log = SecureLog::new("writer", database.clone(), state, client, clock);

    let lost = entered(&log, &database, &[0x11; 64], false).await;
    let kept = entered(&log, &database, &[0x22; 64], true).await;
    assert_eq!(lost[..8], kept[..8], "they have the same number");
    let stream = |entry: &[u8]| entry[entry.len() - 32 - 16 - 64..entry.len() - 32 - 16].to_vec();
    let difference: Vec<u8> = stream(&lost).iter().zip(stream(&kept)).map(|(a, b)| a ^ b).collect();
    assert_ne!(difference, [0x33; 64], "the two differ as their contents do: one key sealed both");
    let whole =
        verify_log(&LOG, &secret(), [kept.as_slice()], &[log.checkpoint().await.expect("its length")]);
    assert_eq!(whole.expect("a whole log")[0].content, [0x22; 64]);
}
