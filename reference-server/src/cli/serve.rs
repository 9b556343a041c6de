//! `serve`: runs until SIGTERM, Ctrl-C or `admin shutdown`.

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;

use cadenza_server::config::{Roles, ServerConfig};
use cadenza_server::serve::{ServeOptions, Server};
use clap::Args;

use super::Failure;

#[derive(Debug, Args)]
#[command(
    after_help = "The first line of standard output, and the ready file, hold JSON with store_url, web_url, licensing_url,
content_url, admin_url, delivery and root_cert once everything answers. SIGTERM ends it cleanly.

Example: cadenza-server serve --data ./store --demo --demo-album ./album --ready-file ./ready.json"
)]
pub struct ServeArgs {
    /// Folder of keys, tables and media; made when it is missing
    #[arg(long)]
    data: PathBuf,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    listen: IpAddr,
    /// Publish the demo album if nothing is published yet
    #[arg(long)]
    demo: bool,
    /// Folder of the demo album; default: CADENZA_DEMO_ALBUM in the environment
    #[arg(long)]
    demo_album: Option<PathBuf>,
    /// Write the ready JSON to this file, too
    #[arg(long)]
    ready_file: Option<PathBuf>,
    /// all, or some of licensing,payment,content,delivery,merchant
    #[arg(long, default_value = "all")]
    roles: Roles,
    /// Configuration, TOML
    #[arg(long)]
    config: Option<PathBuf>,
}

pub async fn run(args: ServeArgs) -> Result<(), Failure> {
    let config = match &args.config {
        Some(path) => ServerConfig::load(path)?,
        None => ServerConfig::default(),
    };
    let options = ServeOptions {
        listen: args.listen,
        roles: args.roles,
        demo: args.demo,
        demo_album: args.demo_album,
        ready_file: args.ready_file,
        config,
        ..ServeOptions::new(args.data)
    };
    let end = end_of_service()?;
    let server = tokio::select! {
        started = Server::start(options) => started?,
        () = end => return Ok(()),
    };
    let mut out = std::io::stdout();
    writeln!(out, "{}", serde_json::to_string(server.ready())?)?;
    out.flush()?;
    tokio::select! {
        () = end_of_service()? => {}
        () = server.stop_requested() => {}
    }
    server.shutdown().await;
    Ok(())
}

/// SIGTERM, or Ctrl-C.
#[cfg(unix)]
fn end_of_service() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ctrl-C.
#[cfg(not(unix))]
fn end_of_service() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
