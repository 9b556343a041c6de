//! What a thief of the data folder finds (F12): nothing without the user's rights, and with the owner's data key elsewhere no secret.

use std::path::Path;

use cadenza_server::config::ServerConfig;
use cadenza_server::serve::{ServeOptions, Server};

use crate::listener::{Listener, download, order_signed, report};
use crate::world::{World, alone};

fn every_file(folder: &Path, look: &mut dyn FnMut(&Path)) {
    look(folder);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { every_file(&path, look) } else { look(&path) }
    }
}

// S4
#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_data_folder_even_if_they_once_could() {
    use std::os::unix::fs::PermissionsExt;
    alone(async {
        let world = World::start("private", ServerConfig::default()).await;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        every_file(&world.data, &mut |path| assert_eq!(mode(path) & 0o077, 0, "{}", path.display()));
        let (data, album) = (world.data.clone(), world.data.parent().unwrap().join("album"));
        let clock = world.clock.clone();
        world.stop().await;
        // S3: what a publishing was at when the server was killed
        let unsealed = data.join("uploads").join(".tmpA1b2C3");
        std::fs::create_dir_all(unsealed.parent().unwrap()).unwrap();
        std::fs::write(&unsealed, "half a song").unwrap();
        std::fs::set_permissions(&data, PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::set_permissions(data.join("cadenza.db"), PermissionsExt::from_mode(0o644)).unwrap();
        let world = World::open(&data, &album, ServerConfig::default(), clock).await;
        assert!(!unsealed.exists());
        assert_eq!(mode(&data), 0o700);
        assert_eq!(mode(&data.join("cadenza.db")), 0o600);
        assert_eq!(mode(&data.join("cadenza.db-wal")), 0o600);
        every_file(&data, &mut |path| assert_eq!(mode(path) & 0o077, 0, "{}", path.display()));
        world.stop().await;
    });
}

// S4, B7
#[test]
fn with_a_data_key_kept_elsewhere_neither_keys_nor_receipts_lie_in_the_data_folder() {
    alone(async {
        let key = Path::new(env!("CARGO_TARGET_TMPDIR")).join("server").join("data.key");
        std::fs::create_dir_all(key.parent().unwrap()).unwrap();
        std::fs::write(&key, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n").unwrap();
        let config = ServerConfig { data_key_file: Some(key), ..ServerConfig::default() };
        let world = World::start("sealed", config.clone()).await;
        let (_, voucher) = Listener::buy(&world, 0, "sealed-1").await;
        let receipt = cadenza_protocol::id::hex(voucher.tracks[0].receipt.as_ref().unwrap().expose());
        // an order that a passport signed names its key, by which the purchase is fetched
        let buyer = Listener::register(&world).await;
        let items = [(world.tracks().await[1], 129)];
        let wish = Listener::wish(&world, "sealed-2", &items, &[]);
        assert_eq!(order_signed(&world, "sealed-2", &items, &buyer.sign(&wish)).await.0, 200);
        let (data, album) = (world.data.clone(), world.data.parent().unwrap().join("album"));
        let clock = world.clock.clone();
        world.stop().await;
        every_file(&data, &mut |path| {
            let bytes = if path.is_file() { std::fs::read(path).unwrap() } else { vec![] };
            let holds = |needle: &str| bytes.windows(needle.len()).any(|w| w == needle.as_bytes());
            assert!(!holds("PRIVATE KEY"), "{}", path.display());
            assert!(!holds(&receipt), "{}", path.display());
            assert!(!holds("{\"body\":"), "{} holds a signed order", path.display());
        });
        let without = ServeOptions { clock: clock.clone(), ..ServeOptions::new(data.clone()) };
        let refusal = Server::start(without).await.expect_err("no key, no start").to_string();
        assert!(refusal.contains("is sealed") && refusal.contains("CADENZA_DATA_KEY"), "{refusal}");
        let world = World::open(&data, &album, config, clock).await;
        let buyer = Listener::register(&world).await;
        let approval = buyer.redeem(&world, &voucher.tracks[0]).await.unwrap();
        let bytes = download(&world, &approval, 0).await;
        assert_eq!(report(&world, &approval, &bytes).await, 204);
        world.stop().await;
    });
}
