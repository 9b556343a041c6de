//! A distribution hub's codes, from the hub through the store to the buyer.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use cadenza_protocol::card::test_cards;
use cadenza_protocol::cert::{CertificateChain, Role};
use cadenza_protocol::id::hex;
use cadenza_protocol::media::{MediaFile, TextKind};
use cadenza_server::admin::client::AdminClient;
use cadenza_server::authoring::hub::{HubError, HubOptions, add_codes};
use cadenza_server::authoring::keys_path;
use cadenza_server::call::CallError;
use cadenza_server::config::ServerConfig;
use cadenza_server::content::catalogue::Inventory;
use cadenza_server::content::publish::client::{PublishClient, PublishError};
use cadenza_server::identity::Identity;
use cadenza_server::licensing::authority::{Authority, Subject};
use cadenza_server::licensing::enrol::{EnrolError, Enrolling, Enrolment};
use cadenza_server::rest::Vault;

use crate::author::{account, song};
use crate::listener::{Listener, download, report, voucher_of};
use crate::world::{START, World, alone, shared};

async fn hub(world: &World, name: &str) -> Identity {
    holder(world, name, Role::Hub).await
}

/// Puts a rights agent's certificate into `folder` and gives its file's name.
async fn agent(world: &World, folder: &Path, name: &str) -> String {
    let agent = holder(world, name, Role::RightsAgent).await;
    let file = format!("{}.pem", name.to_lowercase());
    std::fs::write(folder.join(&file), agent.chain().to_pem()).unwrap();
    file
}

async fn holder(world: &World, name: &str, role: Role) -> Identity {
    certified(world, name, role, &[]).await.unwrap()
}

/// A certificate of this name; with other hosts than before another one for the same key.
async fn certified(world: &World, name: &str, role: Role, hosts: &[&str]) -> Result<Identity, EnrolError> {
    let authority =
        Arc::new(Authority::open(&world.data.join("licensing"), &Vault::default(), START).unwrap());
    let subject =
        Subject { name: name.into(), role, hosts: hosts.iter().map(|host| (*host).into()).collect() };
    let file = world.data.join("accounts").join(name).with_extension("account");
    let database = world.database().await;
    let wish = Enrolling { subject, file, vault: Vault::default(), takes_over: true };
    Ok(Enrolment::Here { authority, database }.identity(&wish, &world.clock).await?.0)
}

// S9, S3, B6
#[test]
fn a_file_with_a_hub_s_codes_is_published_and_bought_as_it_is() {
    alone(async {
        let world = &World::start("hub", ServerConfig::default()).await;
        let erin = account(world, "Erin").await;
        let input = song(world, &erin, "Coded");
        let agency = input.with_extension("agency.toml");
        let certificate = agent(world, input.parent().unwrap(), "Rights Agency").await;
        let text =
            format!("agent = \"{certificate}\"\n[[code]]\nscheme = \"product\"\nvalue = \"ML-0042\"\n");
        std::fs::write(&agency, text).unwrap();
        let out = input.with_file_name("coded-out.cadenza");
        let options = HubOptions { input: input.clone(), agency, out: out.clone() };
        let hub = hub(world, "Example Hub").await;
        let coded = add_codes(&options, &hub, &world.root, START).unwrap();
        let (before, after) = (std::fs::read(&input).unwrap(), std::fs::read(&out).unwrap());
        assert_eq!(after[..before.len()], before, "no byte of the author's changed");
        assert_eq!(coded.bytes, after.len() as u64);
        assert_eq!(std::fs::read(keys_path(&out)).unwrap(), std::fs::read(keys_path(&input)).unwrap());

        let client =
            PublishClient::new(&world.content, erin, world.root.clone(), world.clock.clone()).unwrap();
        let published = client.publish(&out, "coded/song.cadenza", false).await.unwrap();
        let inventory: Inventory = world
            .as_service("merchant")
            .get(format!("{}/v1/commerce/inventory", world.content))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let entry = inventory.tracks.into_iter().find(|t| t.media_id == published.media_id).unwrap();
        assert_eq!(
            (entry.agencies[0].agent.as_str(), entry.agencies[0].hub.as_str()),
            ("Rights Agency", "Example Hub")
        );
        let key =
            CertificateChain::from_pem(&std::fs::read_to_string(input.with_file_name(&certificate)).unwrap());
        assert_eq!(entry.agencies[0].agent_key, hex(&key.unwrap().leaf().key_fingerprint()));
        assert_eq!(entry.agencies[0].codes, [("product".into(), "ML-0042".into())]);

        let (status, order) = world.order(&published.media_id, test_cards::GOOD, "coded-order-1").await;
        assert_eq!(status, 200, "{order}");
        let voucher = voucher_of(world, order["order_id"].as_str().unwrap()).await;
        let ada = Listener::register(world).await;
        let approval = ada.redeem(world, &voucher.tracks[0]).await.unwrap();
        let bytes = download(world, &approval, 0).await;
        assert!(bytes.starts_with(&after) && bytes.len() > after.len(), "the store's signature is behind it");
        assert_eq!(report(world, &approval, &bytes).await, 204);
        let mut media = MediaFile::open(Cursor::new(bytes), &world.root).unwrap();
        media.verify_all().unwrap();
        assert_eq!(media.published_length(), approval.grant.length);
        let seller = media.publication().unwrap().word.chain.leaf().clone();
        assert_eq!(seller, *world.identity("content-manager").chain().leaf());
        assert_eq!(media.text(TextKind::Title).unwrap().as_deref(), Some("Coded"));
    });
}

// C2, S9, C5
#[test]
fn what_a_withdrawn_hub_coded_is_not_stamped_and_so_not_sold() {
    alone(async {
        let world = &World::start("withdrawn-hub", ServerConfig::default()).await;
        let erin = account(world, "Erin").await;
        let input = song(world, &erin, "Coded");
        let agency = input.with_extension("agency.toml");
        let certificate = agent(world, input.parent().unwrap(), "Rights Agency").await;
        let text = format!("agent = \"{certificate}\"\n[[code]]\nscheme = \"sku\"\nvalue = \"1\"\n");
        std::fs::write(&agency, text).unwrap();
        let out = input.with_file_name("coded-out.cadenza");
        let hub = hub(world, "Stolen Hub").await;
        add_codes(&HubOptions { input: input.clone(), agency, out: out.clone() }, &hub, &world.root, START)
            .unwrap();
        let admin = AdminClient::open(&world.data).unwrap();
        // its later certificate is revoked: the thief's, an older one of the same key, is too
        let later = certified(world, "Stolen Hub", Role::Hub, &["localhost"]).await.unwrap();
        assert_ne!(later.chain().leaf().serial(), hub.chain().leaf().serial());
        admin.revoke(later.chain().leaf().serial(), "its key was stolen".into()).await.unwrap();
        let again = certified(world, "Stolen Hub", Role::Hub, &["127.0.0.1"]).await;
        assert!(matches!(again, Err(EnrolError::Withdrawn(_))), "no new one for that key");

        let client =
            PublishClient::new(&world.content, erin, world.root.clone(), world.clock.clone()).unwrap();
        let refusal = client.publish(&out, "coded/song.cadenza", false).await.unwrap_err();
        assert!(
            matches!(&refusal, PublishError::Content(CallError::Refused { error, .. }) if error.code == "not-stamped"),
            "{refusal}"
        );
        assert!(refusal.to_string().contains("revoked"), "{refusal}");
        // nothing of it is left that would be in the way
        client.publish(&input, "coded/song.cadenza", false).await.unwrap();
    });
}

// S9
#[test]
fn a_hub_adds_its_codes_once_or_not_at_all() {
    shared(async |world| {
        let frank = account(world, "Frank").await;
        let input = song(world, &frank, "Uncoded");
        let folder = input.parent().unwrap().join("hub");
        std::fs::create_dir_all(&folder).unwrap();
        let agency = folder.join("agency.toml");
        for name in ["A", "B", "C", "D", "E"] {
            agent(world, &folder, name).await;
        }
        std::fs::write(folder.join("no-agent.pem"), frank.chain().to_pem()).unwrap();
        let good = "agent = \"a.pem\"\n[[code]]\nscheme = \"sku\"\nvalue = \"1\"\n";
        let options =
            |out: &str| HubOptions { input: input.clone(), agency: agency.clone(), out: folder.join(out) };
        let own = hub(world, "Second Hub").await;
        let add = |account: &Identity, text: &str, options: &HubOptions| {
            std::fs::write(&agency, text).unwrap();
            add_codes(options, account, &world.root, START)
        };
        let before = std::fs::read_dir(&folder).unwrap().count();
        for wrong in ["", "agent = \"a.pem\"", "agnet = \"a.pem\""] {
            assert!(matches!(add(&own, wrong, &options("x.cadenza")), Err(HubError::Agency(..))), "{wrong}");
        }
        assert!(matches!(add(&frank, good, &options("x.cadenza")), Err(HubError::Account(_))));
        let mut altered = std::fs::read(&input).unwrap();
        let middle = altered.len() / 2;
        altered[middle] ^= 1;
        let broken = folder.join("broken.cadenza");
        std::fs::write(&broken, altered).unwrap();
        let from_broken = HubOptions { input: broken.clone(), ..options("x.cadenza") };
        assert!(matches!(add(&own, good, &from_broken), Err(HubError::Media(..))));
        std::fs::remove_file(broken).unwrap();
        let unproven = add(&own, &good.replace("a.pem", "no-agent.pem"), &options("x.cadenza"));
        assert!(matches!(unproven, Err(HubError::Agent(..))));
        let left = std::fs::read_dir(&folder).unwrap().count() - 1; // agency.toml
        assert_eq!(left, before, "nothing half-written is left behind");

        add(&own, good, &options("1.cadenza")).unwrap();
        let again = HubOptions { input: folder.join("1.cadenza"), ..options("2.cadenza") };
        assert!(matches!(add(&own, good, &again), Err(HubError::Already(..))));
        for (n, agent) in (1..4).zip(["b.pem", "c.pem", "d.pem"]) {
            let next = HubOptions {
                input: folder.join(format!("{n}.cadenza")),
                ..options(&format!("{}.cadenza", n + 1))
            };
            add(&own, &good.replace("a.pem", agent), &next).unwrap();
        }
        let fifth = HubOptions { input: folder.join("4.cadenza"), ..options("5.cadenza") };
        assert!(matches!(add(&own, &good.replace("a.pem", "e.pem"), &fifth), Err(HubError::Full(_))));
    });
}
