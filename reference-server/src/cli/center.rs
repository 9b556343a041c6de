//! What is done on the licensing center's data folder: `trace`, `verify-log`, and the operator's look at secure logs.

use std::path::{Path, PathBuf};

use cadenza_protocol::audit_log::LogFile;
use cadenza_protocol::id::hex;
use cadenza_protocol::time::UnixTime;
use cadenza_server::clock::Clock;
use cadenza_server::config::ServerConfig;
use cadenza_server::licensing::archive::Archive;
use cadenza_server::licensing::found_copy;
use cadenza_server::licensing::log::audit::{self, Content, Entry, Findings};
use cadenza_server::licensing::log::compare::{self, Difference, Sides};
use cadenza_server::licensing::log::entered::Entered;
use cadenza_server::rest::Vault;
use clap::Args;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::Failure;

/// Longest log file that is read, bytes.
const MAX_LOG_FILE: u64 = 1 << 30;

/// Where the licensing center is.
#[derive(Debug, Args)]
pub struct CenterArgs {
    /// Data folder of the server that runs the licensing center
    #[arg(long)]
    data: PathBuf,
    /// Its configuration, where the database is not the file in that folder
    #[arg(long)]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Get the file from the content manager's machine first:
  cadenza-server admin --data ./store export-log shop.log
  cadenza-server verify-log shop.log --data ./licensing-store")]
pub struct VerifyLogArgs {
    /// Log file, as export-log writes it
    file: PathBuf,
    #[command(flatten)]
    center: CenterArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Names a person only when every signature in the copy holds.

Example: cadenza-server trace found.cadenza --data ./store")]
pub struct TraceArgs {
    /// The copy that was found
    file: PathBuf,
    #[command(flatten)]
    center: CenterArgs,
    /// Root certificate that the copy is checked against, PEM; default: the licensing center's own
    #[arg(long)]
    root: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl CenterArgs {
    async fn open(&self, root: Option<&Path>) -> Result<Archive, Failure> {
        open(&self.data, self.config.as_deref(), root).await
    }
}

async fn open(data: &Path, config: Option<&Path>, root: Option<&Path>) -> Result<Archive, Failure> {
    let config = config.map(ServerConfig::load).transpose()?.unwrap_or_default();
    let vault = Vault::find(config.data_key_file.as_deref())?;
    Ok(Archive::open(data, config.database.as_deref(), root, &vault).await?)
}

pub async fn trace(args: TraceArgs) -> Result<(), Failure> {
    let archive = args.center.open(args.root.as_deref()).await?;
    let origin = found_copy::trace(&archive, &args.file).await?;
    if args.json {
        println!("{}", serde_json::to_string(&origin)?);
        return Ok(());
    }
    let song = [origin.title.as_deref(), origin.artist.as_deref()];
    let song: Vec<String> = song.into_iter().flatten().map(plain).collect();
    println!("song             {} ({}, {})", song.join(", "), plain(&origin.quality), origin.media_id);
    println!("voucher          {}", origin.voucher_id);
    println!("granted          {}", utc(origin.granted_at));
    println!("delivered        {}", utc(origin.delivered_at));
    println!("sale             {}", sale_words(&origin.sale));
    println!("content manager  {} (certificate {})", origin.content_manager, origin.content_manager_serial);
    println!("player           certificate {}", origin.consumer_serial);
    println!("person           {} <{}>", plain(&origin.person.name), plain(&origin.person.email));
    Ok(())
}

/// What the content manager's log says of a copy's sale.
fn sale_words(sale: &found_copy::Sale) -> String {
    let place = format!("entry {} of log {}", sale.entry, sale.log);
    match sale.entered {
        Entered::Here { stamped_at: Some(at) } => format!("{place}, entered before {}", utc(at)),
        Entered::Here { stamped_at: None } => format!("{place}, not stamped yet"),
        Entered::NotBroughtYet => format!("{place}, which its content manager has not brought yet"),
        Entered::Missing => format!(
            "NOT in the log: {place} is no such sale, so whoever held the content manager's key made this record up"
        ),
    }
}

pub async fn verify_log(args: VerifyLogArgs) -> Result<(), Failure> {
    let archive = args.center.open(None).await?;
    let file = read_log(&args.file)?;
    let findings = audit::examine(&archive, &file).await?;
    if args.json {
        println!("{}", as_json(&findings));
    } else {
        print_text(&findings);
    }
    match findings.problem {
        Some(problem) => Err(problem.into()),
        None => Ok(()),
    }
}

/// Shows every log of the licensing center.
pub async fn logs(data: &Path, config: Option<&Path>, json: bool) -> Result<(), Failure> {
    let logs = audit::list(&open(data, config, None).await?).await?;
    if json {
        println!("{}", serde_json::to_string(&logs)?);
        return Ok(());
    }
    for log in logs {
        let agreed = log.agreed_at.map_or("never".into(), |at| utc(UnixTime(at)));
        println!(
            "{}  {}  {}, {} entries, agreed {agreed}",
            log.log,
            log.writer,
            log.state.word(),
            log.entries
        );
        if let Some(problem) = log.problem {
            println!("    {problem}");
        }
    }
    Ok(())
}

/// Holds merchants' logs against content managers'.
pub async fn compare_logs(data: &Path, config: Option<&Path>, json: bool) -> Result<(), Failure> {
    let found = compare::compare(&open(data, config, None).await?).await?;
    if json {
        println!("{}", serde_json::to_string(&found)?);
    } else {
        for Difference { voucher_id, code, what } in &found.differences {
            println!("{voucher_id}  {code}: {what}");
        }
        let signed = |cents: i64| {
            format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
        };
        for (currency, Sides { merchants: m, content_managers: c }) in &found.totals {
            println!(
                "merchants         took {} {currency}, owe {}",
                signed(m.retail_cents),
                signed(m.cost_cents)
            );
            println!(
                "content managers  say  {} {currency}, owed {}",
                signed(c.retail_cents),
                signed(c.cost_cents)
            );
        }
        println!("{}", many(found.agree, "transaction agrees", "transactions agree"));
    }
    match found.differences.len() {
        0 => Ok(()),
        count => {
            Err(format!("{}; ask merchant and content manager", many(count, "difference", "differences"))
                .into())
        }
    }
}

/// Ends a log that cannot be mended.
pub async fn close_log(data: &Path, config: Option<&Path>, log: &str) -> Result<(), Failure> {
    audit::close(&open(data, config, None).await?, log, Clock::System.now()).await?;
    println!(
        "closed; its entries and what was refused of it are kept, and its content manager begins another log"
    );
    Ok(())
}

fn read_log(path: &Path) -> Result<LogFile, Failure> {
    let failed = |e: std::io::Error| format!("{} cannot be read; check its path: {e}", path.display());
    let length = std::fs::metadata(path).map_err(failed)?.len();
    if length > MAX_LOG_FILE {
        return Err(format!("{} is too long to be a log file", path.display()).into());
    }
    Ok(LogFile::from_bytes(&std::fs::read(path).map_err(failed)?)?)
}

fn print_text(findings: &Findings) {
    println!("log {} of '{}', opened {}", findings.log, findings.writer, utc(findings.opened_at));
    for Entry { number, content } in &findings.entries {
        let line = match content {
            Content::Opened(at) => format!("opened   {}", at.map(utc).unwrap_or_default()),
            Content::Sale(s) => format!(
                "sale     {}  {}, {}  {}  {}  owed {}, taken {} {}  voucher {}  certificate {}",
                utc(s.at),
                plain(&s.title),
                plain(&s.artist),
                plain(&s.quality),
                s.sold.word(),
                money(s.cost_cents),
                money(s.retail_cents),
                s.currency,
                s.voucher_id,
                s.consumer_serial
            ),
            Content::Taking(t) => format!(
                "taking   {}  {}, {}  {}  {}  owed {}, taken {} {}  voucher {}",
                utc(t.at),
                plain(&t.title),
                plain(&t.artist),
                plain(&t.quality),
                t.sold.word(),
                money(t.cost_cents),
                money(t.retail_cents),
                t.currency,
                t.voucher_id
            ),
            Content::Refund(r) => format!(
                "refund   {}  {} {}  voucher {}",
                utc(r.at),
                money(r.retail_cents),
                r.currency,
                r.voucher_id
            ),
            Content::Preview(p) => format!(
                "preview  {}  {}, {}  {}  {}.{} s",
                utc(p.at),
                plain(&p.title),
                plain(&p.artist),
                plain(&p.quality),
                p.played_ms / 1000,
                p.played_ms % 1000 / 100
            ),
            Content::Stamped(Some(s)) => {
                format!("stamped  {}  the {} entries before", utc(s.stamp.at), s.entries)
            }
            Content::Stamped(None) => "stamped, but not by this licensing center".into(),
            Content::Closed => "closed".into(),
            Content::Unreadable => "genuine, but written by another version of this program".into(),
        };
        println!("{number:>6}  {line}");
    }
    let (sales, previews) = counts(findings);
    let held = many(findings.entries.len(), "entry holds", "entries hold");
    println!("{held}: {}, {}", many(sales, "sale", "sales"), many(previews, "preview", "previews"));
    println!("{}", checkpoint_words(findings));
}

fn money(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn many(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn checkpoint_words(findings: &Findings) -> String {
    let (held, vouched) = (findings.entries.len() as u64, findings.vouched);
    match &findings.problem {
        Some(_) if held < vouched => format!("the checkpoint at {vouched} is not reached"),
        Some(_) => format!("the checkpoint at {vouched} agrees up to there"),
        None if held > vouched => {
            format!("the checkpoint at {vouched} agrees; {} not uploaded yet", held - vouched)
        }
        None => format!("the checkpoint at {vouched} agrees"),
    }
}

fn counts(findings: &Findings) -> (usize, usize) {
    let count = |wanted: fn(&Content) -> bool| findings.entries.iter().filter(|e| wanted(&e.content)).count();
    (count(|c| matches!(c, Content::Sale(_))), count(|c| matches!(c, Content::Preview(_))))
}

fn as_json(findings: &Findings) -> Value {
    let entry = |Entry { number, content }: &Entry| match content {
        Content::Opened(at) => json!({ "number": number, "kind": "opened", "at": at }),
        Content::Sale(s) => json!({
            "number": number, "kind": "sale", "at": s.at, "media_id": s.media_id, "author_key": hex(&s.author_key), "title": s.title, "artist": s.artist, "authors": s.authors,
            "song_ms": s.song_ms, "sold": s.sold, "cost_cents": s.cost_cents, "retail_cents": s.retail_cents, "currency": s.currency, "consumer_serial": s.consumer_serial,
            "voucher_id": s.voucher_id, "file_name": s.file_name, "quality": s.quality,
        }),
        Content::Taking(t) => json!({
            "number": number, "kind": "taking", "at": t.at, "media_id": t.media_id, "title": t.title, "artist": t.artist, "sold": t.sold,
            "cost_cents": t.cost_cents, "retail_cents": t.retail_cents, "currency": t.currency, "voucher_id": t.voucher_id,
            "quality": t.quality,
        }),
        Content::Refund(r) => json!({
            "number": number, "kind": "refund", "at": r.at, "voucher_id": r.voucher_id, "cost_cents": r.cost_cents,
            "retail_cents": r.retail_cents, "currency": r.currency,
        }),
        Content::Preview(p) => json!({
            "number": number, "kind": "preview", "at": p.at, "media_id": p.media_id, "title": p.title, "artist": p.artist,
            "played_ms": p.played_ms, "quality": p.quality,
        }),
        Content::Stamped(stamp) => json!({
            "number": number, "kind": "stamped", "at": stamp.as_ref().map(|s| s.stamp.at), "entries": stamp.as_ref().map(|s| s.entries),
        }),
        Content::Closed => json!({ "number": number, "kind": "closed" }),
        Content::Unreadable => json!({ "number": number, "kind": "unknown" }),
    };
    let (sales, previews) = counts(findings);
    json!({
        "log": findings.log,
        "writer": findings.writer,
        "opened_at": findings.opened_at,
        "holds": findings.problem.is_none(),
        "problem": findings.problem.as_ref().map(ToString::to_string),
        "first_bad_entry": findings.problem.as_ref().map(|_| findings.entries.len()),
        "checkpoint": { "entries": findings.vouched, "agrees": findings.problem.is_none() },
        "sales": sales,
        "previews": previews,
        "entries": findings.entries.iter().map(entry).collect::<Vec<_>>(),
    })
}

/// A text from a file or a log, without what would steer a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// A time as people read it.
fn utc(at: UnixTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    OffsetDateTime::from_unix_timestamp(at.0)
        .ok()
        .and_then(|date| date.format(format).ok())
        .unwrap_or_else(|| format!("{} s after 1970", at.0))
}
