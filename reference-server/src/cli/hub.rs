//! `hub`: a distribution hub adds an agency's codes to a media file.

use std::path::{Path, PathBuf};

use cadenza_server::authoring::hub::{Coded, HubOptions, add_codes};
use cadenza_server::clock::Clock;
use cadenza_server::identity::Identity;
use clap::Args;

use super::{Failure, publish};

#[derive(Debug, Args)]
#[command(after_help = "The agency file:
  agent = \"agency.pem\"      # the rights agent's certificate, beside this file
  [[code]]
  scheme = \"product\"
  value = \"ML-0042\"

Examples:
  cadenza-server account --data ./store --role hub --name 'Example Hub' --out hub.account
  cadenza-server hub song.cadenza --agency agency.toml --account hub.account --out coded.cadenza")]
pub struct HubArgs {
    /// Media file as its author made it; nothing in it is opened or changed
    input: PathBuf,
    /// Agent and codes, TOML
    #[arg(long)]
    agency: PathBuf,
    /// The hub's account file (account --role hub)
    #[arg(long)]
    account: PathBuf,
    /// Media file to write; its keys are copied beside it
    #[arg(long)]
    out: PathBuf,
    /// The licensing center's root certificate, PEM; default: root.pem beside the account file
    #[arg(long)]
    root: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(serde::Serialize)]
struct CodedJson<'a> {
    #[serde(flatten)]
    coded: &'a Coded,
    file: &'a Path,
}

pub async fn hub(args: HubArgs) -> Result<(), Failure> {
    let account = Identity::load(&args.account)?;
    let root = publish::read_root(args.root.as_deref(), &args.account)?;
    let options = HubOptions { input: args.input, agency: args.agency, out: args.out.clone() };
    let coded =
        tokio::task::spawn_blocking(move || add_codes(&options, &account, &root, Clock::System.now()))
            .await??;
    if args.json {
        println!("{}", serde_json::to_string(&CodedJson { coded: &coded, file: &args.out })?);
        return Ok(());
    }
    println!("{}  {} ({} codes, {} bytes)", coded.media_id, args.out.display(), coded.codes, coded.bytes);
    if !coded.keys {
        println!("no .keys file lay beside the media file; its author needs one to publish it");
    }
    Ok(())
}
