//! Publishing as an author does it (S3).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cadenza_protocol::cert::Role;
use cadenza_server::authoring::{AuthorOptions, author};
use cadenza_server::call::CallError;
use cadenza_server::content::publish::client::{PublishClient, PublishError};
use cadenza_server::content::publish::{StartUpload, UploadState};
use cadenza_server::identity::Identity;
use cadenza_server::licensing::authority::{Authority, Subject};
use cadenza_server::licensing::enrol::{Enrolling, Enrolment};
use cadenza_server::rest::Vault;

use crate::world::{START, World, shared};

pub async fn account(world: &World, name: &str) -> Identity {
    let authority =
        Arc::new(Authority::open(&world.data.join("licensing"), &Vault::default(), START).unwrap());
    let subject = Subject { name: name.into(), role: Role::Author, hosts: vec![] };
    let file = world.data.join("accounts").join(name).with_extension("account");
    let database = world.database().await;
    Enrolment::Here { authority, database }
        .identity(&Enrolling { subject, file, vault: Vault::default(), takes_over: true }, &world.clock)
        .await
        .unwrap()
        .0
}

pub fn song(world: &World, account: &Identity, name: &str) -> PathBuf {
    song_about(world, account, name, "[price]\ncurrency = \"USD\"\nlossless = 129\nlossy = 99\n")
}

/// A song with more in its description.
pub fn song_about(world: &World, account: &Identity, name: &str, about_more: &str) -> PathBuf {
    let folder = world.data.join("songs");
    std::fs::create_dir_all(&folder).unwrap();
    let (input, about, out) = (
        folder.join(format!("{name}.wav")),
        folder.join(format!("{name}.toml")),
        folder.join(format!("{name}.cadenza")),
    );
    std::fs::write(&input, crate::world::wav(4, 330.0)).unwrap();
    std::fs::write(&about, format!("title = \"{name}\"\nartist = \"Someone\"\nclip = {{ start = 0.5, duration = 2.0, fade_in = 0.2, fade_out = 0.2 }}\n{about_more}")).unwrap();
    author(&AuthorOptions { input, about, out: out.clone() }, account, START).unwrap();
    out
}

pub fn refused(error: PublishError) -> String {
    match error {
        PublishError::Content(CallError::Refused { error, .. }) => error.code,
        other => panic!("{other}"),
    }
}

// S3
#[test]
fn an_author_publishes_moves_and_withdraws_a_file() {
    shared(async |world| {
        let bob = account(world, "Bob").await;
        let file = song(world, &bob, "Single");
        let client =
            PublishClient::new(&world.content, bob.clone(), world.root.clone(), world.clock.clone()).unwrap();
        interrupted_upload(world, &bob, &file).await;
        let published = client.publish(&file, "singles/one.cadenza", false).await.unwrap();
        assert_eq!(published.title, "Single");
        assert_eq!(
            refused(client.publish(&file, "singles/two.cadenza", false).await.unwrap_err()),
            "already-published"
        );
        client.publish(&file, "singles/one.cadenza", true).await.unwrap();

        assert!(client.list("").await.unwrap().entries.iter().any(|e| e.name == "singles" && e.is_project));
        client.rename("singles/one.cadenza", "singles/uno.cadenza").await.unwrap();
        assert_eq!(client.list("singles").await.unwrap().entries[0].name, "uno.cadenza");
        assert_eq!(client.info("singles/uno.cadenza").await.unwrap().media_id, published.media_id);
        assert!(client.space().await.unwrap().free_kb > 0);

        let carol = account(world, "Carol").await;
        let other =
            PublishClient::new(&world.content, carol, world.root.clone(), world.clock.clone()).unwrap();
        assert_eq!(refused(other.delete("singles/uno.cadenza").await.unwrap_err()), "not-your-file");
        client.delete("singles/uno.cadenza").await.unwrap();
        assert_eq!(refused(client.info("singles/uno.cadenza").await.unwrap_err()), "not-found");
    });
}

/// Half a file, then nothing: the next attempt goes on from there.
async fn interrupted_upload(world: &World, account: &Identity, file: &Path) {
    let bytes = std::fs::read(file).unwrap();
    let http = world.with_identity(account.clone());
    let sha256 = cadenza_protocol::id::hex(&cadenza_protocol::crypto::sha256(&bytes));
    let wish = StartUpload {
        path: "singles/one.cadenza".into(),
        length: bytes.len() as u64,
        sha256,
        overwrite: false,
    };
    let start = async || -> UploadState {
        http.post(format!("{}/v1/publish/uploads", world.content))
            .json(&wish)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    };
    let state = start().await;
    let url = format!("{}/v1/publish/uploads/{}?offset=0", world.content, state.upload_id);
    let half = bytes[..bytes.len() / 2].to_vec();
    assert_eq!(http.put(&url).body(half.clone()).send().await.unwrap().status(), 200);
    assert_eq!(start().await.received, half.len() as u64);
    assert_eq!(
        http.put(&url).body(half).send().await.unwrap().status(),
        409,
        "a piece sent twice is noticed"
    );
}

// S3, O1
#[test]
fn a_file_that_was_altered_or_belongs_to_someone_else_is_not_published() {
    shared(async |world| {
        let dave = account(world, "Dave").await;
        let file = song(world, &dave, "Altered");
        let mallory = account(world, "Mallory").await;
        let thief =
            PublishClient::new(&world.content, mallory, world.root.clone(), world.clock.clone()).unwrap();
        assert!(matches!(
            thief.publish(&file, "stolen.cadenza", false).await.unwrap_err(),
            PublishError::Keys(_)
        ));

        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let client =
            PublishClient::new(&world.content, dave, world.root.clone(), world.clock.clone()).unwrap();
        assert_eq!(
            refused(client.publish(&file, "altered.cadenza", false).await.unwrap_err()),
            "unusable-file"
        );
    });
}
