//! `publish` and the commands beside it: an author at a content manager.

use std::path::{Path, PathBuf};

use cadenza_protocol::cert::Certificate;
use cadenza_server::clock::Clock;
use cadenza_server::content::publish::client::{PublishClient, file_name};
use cadenza_server::identity::Identity;
use clap::Args;

use super::Failure;

/// Which content manager, and as whom.
#[derive(Debug, Args)]
pub struct ContentArgs {
    /// The content manager's URL (content_url of the ready file)
    #[arg(long)]
    to: String,
    /// The author's account file
    #[arg(long)]
    account: PathBuf,
    /// The licensing center's root certificate, PEM; default: root.pem beside the account file
    #[arg(long)]
    root: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: cadenza-server publish song.cadenza --to https://127.0.0.1:8445 --account ada.account --project album"
)]
pub struct PublishArgs {
    /// Media files; their .keys files lie beside them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    content: ContentArgs,
    /// Project to publish into
    #[arg(long, default_value = "")]
    project: String,
    /// Replace what is there
    #[arg(long)]
    overwrite: bool,
}

#[derive(Debug, Args)]
pub struct PathArgs {
    /// `project` or `project/file.cadenza`
    path: String,
    #[command(flatten)]
    content: ContentArgs,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Project; default: the top
    #[arg(default_value = "")]
    path: String,
    #[command(flatten)]
    content: ContentArgs,
}

#[derive(Debug, Args)]
pub struct RenameArgs {
    /// Present path
    from: String,
    /// New path
    new: String,
    #[command(flatten)]
    content: ContentArgs,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The media file as it lies here, with its .keys; a copy of the same name lies in the import folder
    file: PathBuf,
    /// Where it goes
    path: String,
    #[command(flatten)]
    content: ContentArgs,
    /// Replace what is there
    #[arg(long)]
    overwrite: bool,
}

/// Where `account` leaves the root, and the other commands look for it.
pub fn root_beside(account: &Path) -> PathBuf {
    account.parent().unwrap_or(Path::new("")).join("root.pem")
}

/// The root that was named, or the one beside the account.
pub fn read_root(named: Option<&Path>, account: &Path) -> Result<Certificate, Failure> {
    let path = named.map_or_else(|| root_beside(account), Path::to_owned);
    let pem = std::fs::read_to_string(&path).map_err(|e| {
        format!("{} cannot be read; name the licensing center's root with --root: {e}", path.display())
    })?;
    Ok(Certificate::from_pem(&pem)?)
}

impl ContentArgs {
    fn client(&self) -> Result<PublishClient, Failure> {
        let account = Identity::load(&self.account)?;
        let root = read_root(self.root.as_deref(), &self.account)?;
        Ok(PublishClient::new(&self.to, account, root, Clock::System)?)
    }

    fn print(&self, json: &impl serde::Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.json {
            println!("{}", serde_json::to_string(json)?);
        } else {
            println!("{}", text());
        }
        Ok(())
    }
}

pub async fn publish(args: PublishArgs) -> Result<(), Failure> {
    let client = args.content.client()?;
    let mut all = Vec::new();
    for file in &args.files {
        let name = file_name(file)?;
        let path = if args.project.is_empty() { name.to_owned() } else { format!("{}/{name}", args.project) };
        let published = client.publish(file, &path, args.overwrite).await?;
        if !args.content.json {
            println!("{}  {}", published.media_id, published.title);
        }
        all.push(published);
    }
    if args.content.json {
        println!("{}", serde_json::to_string(&all)?);
    }
    Ok(())
}

pub async fn project(args: PathArgs) -> Result<(), Failure> {
    Ok(args.content.client()?.create_project(&args.path).await?)
}

pub async fn list(args: ListArgs) -> Result<(), Failure> {
    let listing = args.content.client()?.list(&args.path).await?;
    let line = |e: &cadenza_server::content::publish::ListEntry| {
        if e.is_project { format!("{}/", e.name) } else { e.name.clone() }
    };
    args.content.print(&listing, || listing.entries.iter().map(line).collect::<Vec<_>>().join("\n"))
}

pub async fn info(args: PathArgs) -> Result<(), Failure> {
    let facts = args.content.client()?.info(&args.path).await?;
    let sale = if facts.for_sale { "for sale" } else { "not for sale" };
    args.content.print(&facts, || {
        format!("{}\n{}\n{} bytes, {sale}\n{}", facts.title, facts.media_id, facts.length, facts.stream_url)
    })
}

pub async fn rename(args: RenameArgs) -> Result<(), Failure> {
    Ok(args.content.client()?.rename(&args.from, &args.new).await?)
}

pub async fn delete(args: PathArgs) -> Result<(), Failure> {
    Ok(args.content.client()?.delete(&args.path).await?)
}

pub async fn space(args: ContentArgs) -> Result<(), Failure> {
    let space = args.client()?.space().await?;
    args.print(&space, || format!("{} of {} kB free", space.free_kb, space.total_kb))
}

pub async fn uploads(args: ContentArgs) -> Result<(), Failure> {
    let uploads = args.client()?.unfinished().await?;
    let line = |u: &cadenza_server::content::publish::Unfinished| {
        format!("{}  {} of {} bytes", u.path, u.received, u.length)
    };
    args.print(&uploads, || uploads.iter().map(line).collect::<Vec<_>>().join("\n"))
}

pub async fn abort(args: PathArgs) -> Result<(), Failure> {
    let count = args.content.client()?.abort(&args.path).await?;
    if count == 0 {
        return Err(format!("no upload to {} was begun; `uploads` lists those that were", args.path).into());
    }
    args.content.print(&serde_json::json!({ "aborted": count }), || format!("{count} given up"))
}

pub async fn import(args: ImportArgs) -> Result<(), Failure> {
    let published = args.content.client()?.import(&args.file, &args.path, args.overwrite).await?;
    args.content.print(&published, || format!("{}  {}", published.media_id, published.title))
}
