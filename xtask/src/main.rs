//! `cargo xtask`: the few commands a person needs to run, test, measure and package Cadenza.
//!
//! Each prints the name of every step, the command line behind it and the seconds it took.

mod bench;
mod chaos;
mod cross;
mod fuzz;
mod package;
mod run;
mod setup;
mod step;
mod structure;
mod test;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use step::StepError;
use workspace::Workspace;

/// Run, test, measure and package Cadenza from a checkout.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Install what is missing, build, and open the player on the bundled store and demo album
    ///
    /// Where there is no display, plays the same journey in the terminal.
    Run {
        /// Play the terminal journey even where there is a display
        #[arg(long)]
        terminal: bool,
    },
    /// Everything a green build means: format, lints, docs, unit, integration, UI, journeys, window
    Test,
    /// The step of `test` that reads the sources alone: circles, directions, what the window decides
    Structure,
    /// Measure the table of targets against other players and tools, in the same run
    Bench {
        /// Fewer rounds: minutes become seconds, figures become coarse
        #[arg(long)]
        quick: bool,
        /// Also write the table into this Markdown file
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
    /// Run the fuzz targets, all of them or one
    Fuzz {
        /// One target; all when left out
        target: Option<String>,
        /// Seconds for each target
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Many runs of store and player in which a step, a process or a reply goes wrong, and then the books
    Chaos {
        /// How many
        #[arg(long, default_value_t = 100)]
        runs: u64,
        /// Where chance begins; a run that breaks something names its own
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only as many as fit into this time
        #[arg(long, value_name = "S")]
        seconds: Option<u64>,
    },
    /// Make installers for the system this runs on
    Package {
        /// Only these kinds, separated by commas (deb, rpm, appimage, msi, nsis, dmg)
        #[arg(long, value_name = "KINDS")]
        bundles: Option<String>,
    },
    /// Type-check every crate for another system (on Debian, as root; needs network the first time)
    Cross {
        /// Which one
        system: cross::System,
        /// Only check; building programs is not there yet
        #[arg(long, required = true)]
        check: bool,
    },
    /// Render the demo album from its notes
    Album {
        /// Where to; the build's own folder when left out
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Install what the other commands need, and stop there
    Setup,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match carry_out(&Workspace::find(), arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\ncargo xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(workspace: &Workspace, task: Task) -> Result<(), StepError> {
    match task {
        Task::Run { terminal } => run::run(workspace, terminal),
        Task::Test => test::test(workspace),
        Task::Structure => structure::check(workspace).map(drop),
        Task::Bench { quick, write } => bench::bench(workspace, quick, write.as_deref()),
        Task::Fuzz { target, seconds } => fuzz::fuzz(workspace, target.as_deref(), seconds),
        Task::Chaos { runs, seed, seconds } => chaos::chaos(workspace, runs, seed, seconds),
        Task::Package { bundles } => package::package(workspace, bundles.as_deref()),
        Task::Cross { system, check: _ } => cross::check(workspace, system),
        Task::Album { out } => setup::album(workspace, out.as_deref()),
        Task::Setup => setup::everything(workspace),
    }
}
