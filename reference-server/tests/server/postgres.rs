//! The same journey on PostgreSQL, where it is installed: same migrations, same statements.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cadenza_protocol::card::test_cards;
use cadenza_server::config::ServerConfig;
use cadenza_server::licensing::archive::Archive;
use cadenza_server::licensing::log::audit;
use cadenza_server::rest::Vault;

use crate::listener::{Listener, download, report};
use crate::recovery::{open_door, sixty_at_once_get_five_tries};
use crate::world::{START, World, alone};

/// A PostgreSQL server of our own, ended with the test.
struct Postgres {
    process: Child,
    socket: PathBuf,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions.flatten().map(|version| version.path().join("bin")).find(|bin| bin.join("initdb").exists())
}

/// PostgreSQL refuses to run as root: as root, its programs run as the user that its package made.
fn command(program: &Path) -> Command {
    let root =
        std::fs::metadata("/proc/self").is_ok_and(|facts| std::os::unix::fs::MetadataExt::uid(&facts) == 0);
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

fn start(bin: &Path, folder: &Path) -> Postgres {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).unwrap();
    let open = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o777);
    std::fs::set_permissions(folder, open).unwrap();
    let data = folder.join("pg");
    let made = command(&bin.join("initdb"))
        .arg("-D")
        .arg(&data)
        .args(["-A", "trust", "-U", "cadenza", "--no-sync", "-E", "UTF8"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let mut serve = command(&bin.join("postgres"));
    serve
        .arg("-D")
        .arg(&data)
        .arg("-k")
        .arg(folder)
        .args(["-c", "listen_addresses=", "-c", "fsync=off"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Postgres { process: serve.spawn().unwrap(), socket: folder.to_owned() }
}

async fn answering(postgres: &Postgres) -> String {
    let socket = postgres.socket.display().to_string().replace('/', "%2F");
    let url = format!("postgres://cadenza@{socket}/postgres");
    let mut patience = tokio::time::interval(std::time::Duration::from_millis(50));
    for _ in 0..200 {
        patience.tick().await;
        if postgres.socket.join(".s.PGSQL.5432").exists()
            && cadenza_server::db::Database::open(&url).await.is_ok()
        {
            return url;
        }
    }
    panic!("PostgreSQL does not answer");
}

#[test]
fn the_journey_runs_on_postgresql() {
    let Some(bin) = programs() else {
        eprintln!("no PostgreSQL on this machine: not tested");
        return;
    };
    let folder = std::env::temp_dir().join(format!("cadenza-postgres-{}", std::process::id()));
    let postgres = start(&bin, &folder);
    alone(async {
        let url = answering(&postgres).await;
        let config = ServerConfig { database: Some(url.clone()), ..open_door() };
        let world = World::start("postgres", config).await;
        let (_, voucher) = Listener::buy(&world, 0, "postgres-1").await;
        let (ada, eve) = (Listener::register(&world).await, Listener::register(&world).await);
        let approval = ada.redeem(&world, &voucher.tracks[0]).await.unwrap();
        let bytes = download(&world, &approval, 0).await;
        assert_eq!(report(&world, &approval, &bytes).await, 204);
        assert_eq!(report(&world, &approval, &bytes).await, 204);
        assert_eq!(eve.redeem(&world, &voucher.tracks[0]).await.unwrap_err(), (409, "voucher-used".into()));
        assert_eq!(world.order(&world.tracks().await[0], test_cards::DECLINED, "postgres-2").await.0, 402);
        sixty_at_once_get_five_tries(&world).await;
        world.clock.advance(std::time::Duration::from_secs(10 * 86_400)); // the content manager's certificate is due
        world.server.as_ref().unwrap().maintain().await;
        let archive = Archive::open(&world.data, Some(&url), None, &Vault::default()).await.unwrap();
        let logs = audit::list(&archive).await.unwrap();
        let log = logs.iter().find(|log| log.writer == "content-manager").unwrap();
        assert_eq!(
            (log.entries, log.problem.as_deref()),
            (3, None),
            "opened, one sale and the stamp on them, uploaded and verified"
        );
        assert!(world.identity("content-manager").chain().leaf().not_before() > START.plus_days(9));
        world.stop().await;
    });
    drop(postgres);
    let _ = std::fs::remove_dir_all(&folder);
}
