//! The command line: what can be asked, and who does it.

mod center;
mod hub;
mod publish;
mod serve;

use std::path::PathBuf;

use cadenza_protocol::audit_log::LogFile;
use cadenza_protocol::cert::Role;
use cadenza_protocol::id::MediaId;
use cadenza_server::admin::client::AdminClient;
use cadenza_server::atomic::write_private;
use cadenza_server::authoring::{self, AuthorOptions};
use cadenza_server::clock::Clock;
use cadenza_server::config::ServerConfig;
use cadenza_server::db::Database;
use cadenza_server::identity::Identity;
use cadenza_server::licensing::authority::{Authority, Subject};
use cadenza_server::licensing::enrol::{Enrolling, Enrolment};
use cadenza_server::licensing::tokens::{HOURS, Permit};
use cadenza_server::rest::Vault;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Anything that ends a command with code 1 and one line.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The Cadenza reference server: sells, keeps and delivers music; and the tools around it.
#[derive(Debug, Parser)]
#[command(
    name = "cadenza-server",
    version,
    after_help = "Examples:
  cadenza-server serve --data ./store --demo --demo-album ./album --ready-file ./ready.json
  cadenza-server account --data ./store --name 'Ada Example' --out ada.account
  cadenza-server author --input song.flac --about song.toml --account ada.account --out song.cadenza
  cadenza-server publish song.cadenza --to https://127.0.0.1:8445 --account ada.account
  cadenza-server admin --data ./store stats
  cadenza-server hub song.cadenza --agency agency.toml --account hub.account --out coded.cadenza
  cadenza-server admin --data ./store export-log shop.log
  cadenza-server verify-log shop.log --data ./store
  cadenza-server trace found.cadenza --data ./store"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server: all roles in one process, or some of them
    Serve(serve::ServeArgs),
    /// Make a media file from a recording and its description
    Author(AuthorArgs),
    /// Make an account of an author, hub or rights agent at a licensing center of this machine
    Account(AccountArgs),
    /// Upload media files to a content manager
    Publish(publish::PublishArgs),
    /// Make a project on a content manager
    Project(publish::PathArgs),
    /// List a project, or the top
    List(publish::ListArgs),
    /// Show what a content manager knows of a file
    Info(publish::PathArgs),
    /// Move a published file to another path
    Rename(publish::RenameArgs),
    /// Take a file out of the catalogue
    Delete(publish::PathArgs),
    /// Show the space for uploads
    Space(publish::ContentArgs),
    /// List uploads that were begun and not finished
    Uploads(publish::ContentArgs),
    /// Give up uploads that were begun to a path and not finished; their space is free again
    Abort(publish::PathArgs),
    /// Publish a file that lies in the content manager's import folder
    Import(publish::ImportArgs),
    /// Add agency and product codes to a media file
    Hub(hub::HubArgs),
    /// Report sales and previews to rights agents
    Report(Later),
    /// Name the transaction and the person that a found copy comes from, at the licensing center
    Trace(center::TraceArgs),
    /// Check a content manager's secure log, at the licensing center
    VerifyLog(center::VerifyLogArgs),
    /// Statistics, configuration and shutdown of a running server
    Admin(AdminArgs),
}

#[derive(Debug, Args)]
struct Later {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: cadenza-server author --input song.flac --about song.toml --account ada.account --out song.cadenza"
)]
struct AuthorArgs {
    /// Recording: WAV, FLAC or AIFF
    #[arg(long)]
    input: PathBuf,
    /// Description, TOML
    #[arg(long)]
    about: PathBuf,
    /// Media file to write; its keys are written beside it
    #[arg(long)]
    out: PathBuf,
    /// The author's account file
    #[arg(long)]
    account: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cadenza-server account --data ./store --name 'Ada Example' --out ada.account
  cadenza-server account --data ./store --role hub --name 'Example Hub' --out hub.account
  cadenza-server account --data ./store --config server.toml --name 'Ada Example' --out ada.account")]
struct AccountArgs {
    /// Data folder of the server that runs the licensing center
    #[arg(long)]
    data: PathBuf,
    /// Whose account: the name in its certificate
    #[arg(long)]
    name: String,
    /// What the holder does
    #[arg(long, value_enum, default_value_t = AccountRole::Author)]
    role: AccountRole,
    /// Account file to write
    #[arg(long)]
    out: PathBuf,
    /// The server's configuration, where the database is not the file in that folder or a data key seals it
    #[arg(long)]
    config: Option<PathBuf>,
}

/// Roles of people; services get theirs by themselves.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum AccountRole {
    /// Makes and publishes media files
    Author,
    /// Adds agency and product codes to them
    Hub,
    /// Receives reports of sales and previews
    RightsAgent,
}

impl From<AccountRole> for Role {
    fn from(role: AccountRole) -> Self {
        match role {
            AccountRole::Author => Role::Author,
            AccountRole::Hub => Role::Hub,
            AccountRole::RightsAgent => Role::RightsAgent,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cadenza-server admin --data ./store stats
  cadenza-server admin --data ./store export-log shop.log
  cadenza-server admin --data ./store logs")]
struct AdminArgs {
    /// Data folder of the server
    #[arg(long)]
    data: PathBuf,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: AdminCommand,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Uptime, vouchers, items, accesses, delivery servers
    Stats,
    /// Certificates issued, valid, expired and revoked, by role
    Certificates,
    /// Withdraw a certificate and all others of its key: it can no longer buy, sell, publish or deliver
    Revoke {
        /// Serial number, hexadecimal, as a passport shows it
        serial: String,
        /// Why, for the licensing center's own table
        #[arg(long, default_value = "revoked by the administration")]
        reason: String,
    },
    /// Make an enrolment token for a service of another machine; add the line to its enrolment_token_file
    Enrol {
        /// merchant, 'content manager', 'delivery server', 'payment processor', author, 'distribution hub' or 'rights agent'
        #[arg(long)]
        role: String,
        /// Name in its certificate: merchant, content-manager, payment, or the delivery server's id
        #[arg(long)]
        name: String,
        /// Host name or address under which others reach it; may be given several times
        #[arg(long = "host")]
        hosts: Vec<String>,
        /// Hours for which the token is good
        #[arg(long, default_value_t = HOURS)]
        hours: u32,
    },
    /// Pay an order back: its vouchers end, keys that were delivered are not recalled
    Refund {
        /// The order's id
        order: String,
    },
    /// Print the configuration it runs with
    GetConfig,
    /// Keep a configuration as server.toml in the data folder, for the next start
    SetConfig {
        /// The configuration, TOML
        file: PathBuf,
    },
    /// Write the running content manager's secure log to a file, for verify-log at the licensing center
    ExportLog {
        /// Log file to write
        file: PathBuf,
        /// An earlier log than the present one, by its name
        #[arg(long)]
        log: Option<String>,
    },
    /// List the secure logs that this licensing center agreed on, and what is wrong with them
    Logs {
        /// The server's configuration, where the database is not the file in the data folder
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Hold merchants' logs against content managers' at the licensing center: every difference, and what is owed and was taken
    CompareLogs {
        /// The server's configuration, where the database is not the file in the data folder
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// End a secure log that does not hold and cannot be mended, at the licensing center; what was found of it is kept
    CloseLog {
        /// The log's name, as `logs` and every complaint about it show it
        log: String,
        /// The server's configuration, where the database is not the file in the data folder
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Stop the server
    Shutdown,
}

/// Does what was asked.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Serve(args) => serve::run(args).await,
        Command::Author(args) => author(args).await,
        Command::Account(args) => account(args).await,
        Command::Publish(args) => publish::publish(args).await,
        Command::Project(args) => publish::project(args).await,
        Command::List(args) => publish::list(args).await,
        Command::Info(args) => publish::info(args).await,
        Command::Rename(args) => publish::rename(args).await,
        Command::Delete(args) => publish::delete(args).await,
        Command::Space(args) => publish::space(args).await,
        Command::Uploads(args) => publish::uploads(args).await,
        Command::Abort(args) => publish::abort(args).await,
        Command::Import(args) => publish::import(args).await,
        Command::Admin(args) => admin(args).await,
        Command::Hub(args) => hub::hub(args).await,
        Command::Trace(args) => center::trace(args).await,
        Command::VerifyLog(args) => center::verify_log(args).await,
        Command::Report(later) => {
            tracing::debug!(arguments = later.rest.len(), "ignored");
            Err("this command is not available yet; it comes with a later version".into())
        }
    }
}

/// What `author --json` prints.
#[derive(serde::Serialize)]
struct AuthoredJson {
    media_id: MediaId,
    bytes: u64,
    file: PathBuf,
}

/// What `admin export-log --json` prints.
#[derive(serde::Serialize)]
struct ExportedJson {
    file: PathBuf,
    entries: usize,
}

async fn author(args: AuthorArgs) -> Result<(), Failure> {
    let account = Identity::load(&args.account)?;
    let options = AuthorOptions { input: args.input, about: args.about, out: args.out.clone() };
    let made =
        tokio::task::spawn_blocking(move || authoring::author(&options, &account, Clock::System.now()))
            .await??;
    if args.json {
        let made = AuthoredJson { media_id: made.media_id, bytes: made.bytes, file: args.out };
        println!("{}", serde_json::to_string(&made)?);
    } else {
        println!("{}  {} ({} bytes)", made.media_id, args.out.display(), made.bytes);
    }
    Ok(())
}

async fn account(args: AccountArgs) -> Result<(), Failure> {
    let config = args.config.as_deref().map(ServerConfig::load).transpose()?.unwrap_or_default();
    let vault = Vault::find(config.data_key_file.as_deref())?;
    let authority = Authority::open(&args.data.join("licensing"), &vault, Clock::System.now())?;
    let database = match &config.database {
        Some(url) => Database::open(url).await?,
        None => Database::file(&args.data.join("cadenza.db")).await?,
    };
    let root = authority.root().to_pem();
    let enrolment = Enrolment::Here { authority: std::sync::Arc::new(authority), database };
    let subject = Subject { name: args.name, role: args.role.into(), hosts: vec![] };
    enrolment
        .identity(
            &Enrolling { subject, file: args.out.clone(), vault: Vault::default(), takes_over: false },
            &Clock::System,
        )
        .await?;
    std::fs::write(publish::root_beside(&args.out), root)?;
    println!("{}", args.out.display());
    Ok(())
}

async fn admin(args: AdminArgs) -> Result<(), Failure> {
    let client = || AdminClient::open(&args.data);
    match args.what {
        AdminCommand::Stats => {
            let stats = client()?.stats().await?;
            if args.json {
                println!("{}", serde_json::to_string(&stats)?);
                return Ok(());
            }
            println!("uptime      {} s", stats.uptime_seconds);
            if let Some(content) = stats.content {
                println!(
                    "vouchers    {}\nitems       {}\naccesses    {}\nmisses      {}\ndelivered   {}",
                    content.vouchers, content.items, content.accesses, content.misses, content.delivered
                );
                for (id, streams, used) in content.delivery_servers {
                    println!("delivery    {id}: {used} of {streams} streams in use");
                }
            }
            for (limit, times) in stats.turned_away {
                println!("turned away {times} times: {limit}");
            }
        }
        AdminCommand::Certificates => {
            let counts = client()?.certificates().await?;
            if args.json {
                println!("{}", serde_json::to_string(&counts)?);
                return Ok(());
            }
            println!("{:20} {:>8} {:>8} {:>8} {:>8}", "role", "issued", "valid", "expired", "revoked");
            for c in counts {
                println!("{:20} {:>8} {:>8} {:>8} {:>8}", c.role, c.issued, c.valid, c.expired, c.revoked);
            }
        }
        AdminCommand::Revoke { serial, reason } => {
            client()?.revoke(serial.clone(), reason).await?;
            println!("{serial} is revoked; servers refuse it within a minute");
        }
        AdminCommand::Enrol { role, name, hosts, hours } => {
            let token = client()?.enrol(&Permit { role: role.clone(), name, hosts, hours }).await?;
            println!("{role} {}", token.as_str());
        }
        AdminCommand::Refund { order } => {
            let order = client()?.refund(order).await?;
            if args.json {
                println!("{}", serde_json::to_string(&order)?);
            } else {
                println!(
                    "order {} is refunded: {}.{:02} {} were given back to {}; what was delivered before stays playable",
                    order.order_id,
                    order.total_cents / 100,
                    order.total_cents % 100,
                    order.currency,
                    order.paid_with
                );
            }
        }
        AdminCommand::GetConfig => print!("{}", client()?.config().await?),
        AdminCommand::SetConfig { file } => {
            client()?.set_config(std::fs::read_to_string(file)?).await?;
            println!("kept as server.toml in the data folder; start with --config to use it");
        }
        AdminCommand::ExportLog { file, log } => {
            let bytes = client()?.log(log.as_deref()).await?;
            write_private(&file, &bytes).map_err(|e| format!("{} cannot be written: {e}", file.display()))?;
            let entries = LogFile::from_bytes(&bytes)?.entries.len();
            if args.json {
                println!("{}", serde_json::to_string(&ExportedJson { file, entries })?);
            } else {
                println!("{}  {entries} entries", file.display());
            }
        }
        AdminCommand::Logs { config } => center::logs(&args.data, config.as_deref(), args.json).await?,
        AdminCommand::CompareLogs { config } => {
            center::compare_logs(&args.data, config.as_deref(), args.json).await?;
        }
        AdminCommand::CloseLog { log, config } => {
            center::close_log(&args.data, config.as_deref(), &log).await?;
        }
        AdminCommand::Shutdown => client()?.shutdown().await?,
    }
    Ok(())
}
