//! What can be typed after `cadenza-cli`. The names are a promise: scripts and tests rely on them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  cadenza-cli --store ready.json register --form FORM.toml
  cadenza-cli --store ready.json catalogue debussy
  cadenza-cli --store ready.json preview 0f3c...e1
  cadenza-cli --store ready.json --passphrase-file secret.txt buy 0f3c...e1 --card-file CARD.toml
  cadenza-cli --passphrase-file secret.txt play 0f3c...e1
  cadenza-cli --passphrase-file secret.txt burn evening --to image:disc

Exit codes: 0 done, 1 failed (one line on stderr says why and what to do), 2 wrong usage.";

/// The Cadenza music player without a window.
#[derive(Debug, Parser)]
#[command(name = "cadenza-cli", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
pub struct Global {
    /// Home folder: passport, music, library, settings. Default: the system's place for a person's data
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// The store: the ready file that `cadenza-server serve` wrote, or its https address (with --root)
    #[arg(long, global = true, value_name = "READY_FILE_OR_URL")]
    pub store: Option<OsString>,
    /// Root certificate of the store's licensing center, PEM
    #[arg(long, global = true, value_name = "CERT.pem")]
    pub root: Option<PathBuf>,
    /// File with the passphrase in its first line; without it the terminal asks
    #[arg(long, global = true, value_name = "F")]
    pub passphrase_file: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register with the store's licensing center and get a passport
    #[command(after_help = FORM_HELP)]
    Register {
        /// The form, TOML
        #[arg(long, value_name = "FORM.toml")]
        form: PathBuf,
    },
    /// Show, copy, bring in, recover, renew the passport; change its passphrase
    #[command(subcommand)]
    Passport(Passport),
    /// What the store sells: id, title, artist, price, qualities
    #[command(after_help = "Example:\n  cadenza-cli --store ready.json catalogue satie")]
    Catalogue {
        /// Words that title, artist or album must hold
        search: Vec<String>,
    },
    /// Play the free clip of a track; prints time to first sample and lost packets
    #[command(
        after_help = "Example:\n  cadenza-cli --store ready.json preview 0f3c...e1 --seconds 5 --bandwidth 64"
    )]
    Preview(Preview),
    /// Reserve, pay, redeem and deliver tracks
    #[command(after_help = CARD_HELP)]
    Buy {
        /// The tracks, as `catalogue` names them
        #[arg(required = true, value_name = "MEDIA_ID")]
        media_ids: Vec<String>,
        /// Quality, e.g. lossless or lossy; the best when not given
        #[arg(long, value_name = "NAME")]
        quality: Option<String>,
        /// The card, TOML
        #[arg(long, value_name = "F")]
        card_file: PathBuf,
    },
    /// Deliver what a voucher file or link stands for; without one, finish deliveries that were interrupted
    #[command(
        after_help = "Examples:\n  cadenza-cli --store ready.json redeem order.cadvoucher\n  cadenza-cli --store ready.json redeem 'cadenza://redeem?url=...' --yes"
    )]
    Redeem {
        /// A .cadvoucher file that a browser brought, or a cadenza: link
        #[arg(value_name = "FILE_OR_LINK")]
        voucher: Option<PathBuf>,
        /// Follow the link without asking; needed where there is no terminal to ask on
        #[arg(long)]
        yes: bool,
    },
    /// Everything that was bought with this player, newest first; `--again` fetches an order's tracks once more
    #[command(
        after_help = "Example:\n  cadenza-cli --store ready.json --passphrase-file secret.txt orders --again 5d2e...9b"
    )]
    Orders {
        /// An order of the list: its tracks are delivered again
        #[arg(long, value_name = "ORDER")]
        again: Option<String>,
    },
    /// Play tracks of the library or own files, without a gap; prints frames played and underruns
    #[command(
        after_help = "Examples:\n  cadenza-cli --passphrase-file secret.txt play 0f3c...e1 song.flac --seek 30 --seconds 10\n  cadenza-cli play song.flac --device silent"
    )]
    Play {
        /// Track ids or files
        #[arg(required = true, value_name = "MEDIA_ID_OR_FILE")]
        tracks: Vec<OsString>,
        /// Start this many seconds into the first track
        #[arg(long, value_name = "S", value_parser = seconds)]
        seek: Option<Duration>,
        /// Stop after this many seconds
        #[arg(long, value_name = "S", value_parser = seconds)]
        seconds: Option<Duration>,
        /// Sound device as `devices` names it; `silent` plays in real time without one
        #[arg(long, value_name = "NAME")]
        device: Option<String>,
    },
    /// The tracks on this computer
    #[command(subcommand)]
    Library(Library),
    /// Playlists
    #[command(subcommand)]
    Playlist(Playlist),
    /// Write an audio disc, or its image
    #[command(
        after_help = "Examples:\n  cadenza-cli --passphrase-file secret.txt burn evening --to image:disc\n  cadenza-cli --passphrase-file secret.txt burn 0f3c...e1 7a10...04 --to drive:/dev/sr0 --simulate --speed 16"
    )]
    Burn(Burn),
    /// Sound devices
    Devices,
    /// Disc drives
    Drives,
}

#[derive(Debug, Subcommand)]
pub enum Passport {
    /// Holder, dates and place; with the passphrase also the personal facts
    Show,
    /// Copy the passport, locked as it is, to a file
    Export {
        /// A file that does not exist yet
        file: PathBuf,
    },
    /// Bring in a passport from elsewhere
    Import {
        /// A .cadpassport file
        file: PathBuf,
    },
    /// Get a lost passport back, or one whose passphrase is lost, through the licensing center
    #[command(
        after_help = "FORM.toml may be the one you registered with; name, email, telephone, card and expiry are used. The passphrase\nyou give now locks the recovered passport; one that is here is kept beside it as passport-SERIAL.cadpassport.\n\nExample:\n  cadenza-cli --store ready.json --passphrase-file new.txt passport recover --form FORM.toml"
    )]
    Recover {
        /// What you registered with, TOML
        #[arg(long, value_name = "FORM.toml")]
        form: PathBuf,
    },
    /// Another year for the passport, under the same key and passphrase
    #[command(
        after_help = "Example:\n  cadenza-cli --store ready.json --passphrase-file secret.txt passport renew"
    )]
    Renew,
    /// Choose another passphrase
    Passphrase {
        /// File with the new passphrase in its first line; without it the terminal asks
        #[arg(long, value_name = "F")]
        new_passphrase_file: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub struct Preview {
    /// The track, as `catalogue` names it, or a cadenza: link
    #[arg(value_name = "MEDIA_ID_OR_LINK")]
    pub media_id: String,
    /// Follow the link without asking; needed where there is no terminal to ask on
    #[arg(long)]
    pub yes: bool,
    /// Start this many seconds into the clip
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub from: Option<Duration>,
    /// Stop after this many seconds
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub seconds: Option<Duration>,
    /// Your line in kilobits per second: the server picks a version that fits
    #[arg(long, value_name = "KBPS")]
    pub bandwidth: Option<u32>,
    /// Receive over UDP instead of inside the control connection
    #[arg(long)]
    pub udp: bool,
    /// Keep the free data that was streamed
    #[arg(long)]
    pub keep: bool,
    /// Sound device as `devices` names it; `silent` plays in real time without one
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Library {
    /// All tracks, by artist
    List,
    /// Tracks whose title, artist or album hold these words
    Search {
        /// The words
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// One track: what is known of it, how often it was heard, may be played and recorded
    Show {
        /// Its id
        track: String,
    },
    /// Take in own files or folders (FLAC, MP3, AAC, ALAC, Vorbis, WAV, AIFF), or read the music folder again
    Import {
        /// A file or folder
        path: PathBuf,
    },
    /// Check every byte of every bought track, and that own files are there
    Verify,
}

#[derive(Debug, Subcommand)]
pub enum Playlist {
    /// All playlists
    List,
    /// The tracks of one
    Show {
        /// Its name or id
        playlist: String,
    },
    /// A new, empty one
    Create {
        /// Its name
        name: String,
    },
    /// Tracks at its end
    Add {
        /// Its name or id
        playlist: String,
        /// Track ids
        #[arg(required = true)]
        tracks: Vec<String>,
    },
    /// Another name
    Rename {
        /// Its name or id
        playlist: String,
        /// The new name
        name: String,
    },
    /// Take the track at one place to another; places count from 1
    Move {
        /// Its name or id
        playlist: String,
        /// Where it stands
        from: usize,
        /// Where it shall stand
        to: usize,
    },
    /// Take the track at a place out; places count from 1
    Remove {
        /// Its name or id
        playlist: String,
        /// Where it stands
        place: usize,
    },
    /// Delete the playlist; its tracks stay
    Delete {
        /// Its name or id
        playlist: String,
    },
}

#[derive(Debug, Args)]
pub struct Burn {
    /// Track ids or playlists, in the order of the disc
    #[arg(required = true, value_name = "MEDIA_ID_OR_PLAYLIST")]
    pub tracks: Vec<String>,
    /// image:DIR writes CUE/BIN and a cdrdao TOC; drive:/dev/sr0 burns
    #[arg(long, value_name = "image:DIR | drive:/dev/sr0", value_parser = target)]
    pub to: Target,
    /// Go through everything without writing
    #[arg(long)]
    pub simulate: bool,
    /// Writing speed, e.g. 16
    #[arg(long, value_name = "N")]
    pub speed: Option<u32>,
    /// Do not read the disc back afterwards
    #[arg(long)]
    pub no_verify: bool,
}

/// Where a disc goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// A folder for an image.
    Image(PathBuf),
    /// A drive.
    Drive(String),
}

fn target(typed: &str) -> Result<Target, String> {
    match typed.split_once(':') {
        Some(("image", folder)) if !folder.is_empty() => Ok(Target::Image(folder.into())),
        Some(("drive", drive)) if !drive.is_empty() => Ok(Target::Drive(drive.into())),
        _ => Err("write image:DIR, or drive:/dev/sr0".into()),
    }
}

/// A time as people type it: `90`, `1.5`.
fn seconds(typed: &str) -> Result<Duration, String> {
    let seconds = typed.parse::<f64>().ok().filter(|s| (0.0..=1e6).contains(s));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "give a number of seconds, 0 or more".into())
}

const FORM_HELP: &str = r#"FORM.toml:
  name = "Ann Lee"
  address = "1 Harbour Street, 12345 Port"
  telephone = "+44 20 7946 0000"
  email = "ann@example.org"
  card = "4242 4242 4242 4242"
  expiry = "09/29"
  confidential = "one line that you would not hand to strangers"
  region = "Europe"                    # optional
  interests = ["piano", "ragtime"]     # optional

The passphrase comes from --passphrase-file, or is asked for twice.
The card number goes to the payment processor only and is kept nowhere.

Example:
  cadenza-cli --store ready.json --passphrase-file secret.txt register --form FORM.toml"#;

const CARD_HELP: &str = r#"The card file, TOML:
  number = "4242 4242 4242 4242"
  expiry = "09/29"
  name = "Ann Lee"

Example:
  cadenza-cli --store ready.json --passphrase-file secret.txt buy 0f3c...e1 --card-file CARD.toml"#;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_promised_commands_are_there() {
        let lines = [
            "register --form F",
            "passport show",
            "passport export F",
            "passport import F",
            "passport recover --form form.toml",
            "passport renew",
            "passport passphrase",
            "catalogue",
            "catalogue some words",
            "preview ID --from 1 --seconds 2 --bandwidth 64 --udp --keep",
            "buy A B --quality lossless --card-file F",
            "redeem F",
            "redeem cadenza://redeem?url=U --yes",
            "preview cadenza://preview/ID --yes",
            "orders",
            "orders --again ORDER",
            "play A song.flac --seek 1 --seconds 2 --device silent",
            "library list",
            "library search q",
            "library show ID",
            "library import P",
            "library verify",
            "burn A B --to image:DIR --simulate --speed 4 --no-verify",
            "devices",
            "drives --json --home H --store S --root R --passphrase-file P",
        ];
        for line in lines {
            let words = std::iter::once("cadenza-cli").chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
    }
}
