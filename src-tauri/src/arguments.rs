//! The command line of the window. Files and links to open stand at its end; the desktop puts them there.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

/// Cadenza, a music player with a store.
#[derive(Debug, Clone, Default, Parser)]
#[command(
    name = "cadenza",
    version,
    after_help = "Examples:\n  cadenza\n  cadenza 'My order.cadvoucher'\n  cadenza cadenza://preview/5f0c9a...\n  \
                  cadenza --home /tmp/try --store ready.json\n\nThe same player without a window is cadenza-cli."
)]
pub struct Arguments {
    /// Folder that holds passport, music, library and settings [default: your data folder]
    #[arg(long, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Another store than the one that comes with the player: its ready file or https address
    #[arg(long, value_name = "READY_FILE_OR_URL")]
    pub store: Option<OsString>,
    /// Root certificate of that store's licensing center
    #[arg(long, value_name = "CERT.pem")]
    pub root: Option<PathBuf>,
    /// Vouchers, passports, bought tracks and cadenza: links to open
    #[arg(value_name = "FILE_OR_LINK")]
    pub open: Vec<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_files_stand_at_its_end() {
        Arguments::command().debug_assert();
        let read =
            Arguments::try_parse_from(["cadenza", "--home", "/h", "a.cadvoucher", "cadenza://preview/00"])
                .unwrap();
        assert_eq!(read.home, Some("/h".into()));
        assert_eq!(read.open, ["a.cadvoucher", "cadenza://preview/00"]);
    }
}
