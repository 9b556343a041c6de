//! `cadenza-cli`: the player without a window. The same home folder, the same core.
//!
//! What was asked for goes to stdout (text, or one JSON document with `--json`), everything else to stderr. Exit codes: 0 done,
//! 1 failed (one line says why and what to do), 2 wrong usage.

mod args;
mod commands;
mod output;
mod prompt;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use args::Cli;
use output::Output;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    cadenza_player::memory::harden();
    let output = Output::new(cli.global.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return output.failed(&cadenza_player::Failure::internal(e)),
    };
    let done = runtime.block_on(commands::run(cli, &output));
    // A task that still waits for a server must not keep the prompt away.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output.failed(&failure),
    }
}
