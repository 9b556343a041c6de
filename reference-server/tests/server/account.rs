//! `cadenza-server account` as an operator calls it.

use std::process::Command;

use cadenza_server::db::Database;

// C9, S4: an account stands where the licensing center looks, and its keys open with the configured data key
#[tokio::test]
async fn an_account_is_certified_in_the_configured_database_under_the_configured_data_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let url = format!("sqlite://{}?mode=rwc", path("elsewhere.db").display());
    std::fs::write(path("data.key"), "5a".repeat(32)).unwrap();
    let config = format!("database = {url:?}\ndata_key_file = {:?}\n", path("data.key"));
    std::fs::write(path("server.toml"), config).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_cadenza-server"))
        .args(["account", "--name", "Ada Example"])
        .args([
            "--data".as_ref(),
            path("store").as_os_str(),
            "--config".as_ref(),
            path("server.toml").as_os_str(),
        ])
        .args(["--out".as_ref(), path("ada.account").as_os_str()])
        .env_remove("CADENZA_DATA_KEY")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(!path("store").join("cadenza.db").exists(), "nothing in a database that nobody asks");
    let database = Database::open(&url).await.unwrap();
    let (found,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM certificates WHERE subject = $1")
        .bind("Ada Example")
        .fetch_one(database.pool())
        .await
        .unwrap();
    assert_eq!(found, 1);
    let licensing = std::fs::read_dir(path("store").join("licensing")).unwrap().flatten();
    let accounts: Vec<_> =
        licensing.filter(|file| file.path().extension().is_some_and(|e| e == "account")).collect();
    assert!(!accounts.is_empty());
    for account in accounts {
        let text = std::fs::read_to_string(account.path()).unwrap();
        assert!(!text.contains("PRIVATE KEY"), "{}", account.path().display());
    }
}
