//! Cadenza's window: a thin shell around `cadenza_player` that a Svelte page draws.
//!
//! Each looks at those before it only: [`ipc`] is what crosses to the page, [`events`] the news that do, [`sleeve`] brings the covers,
//! [`convert`] translates between the player's words and the page's, [`core`] holds the player and what the window needs around it,
//! [`commands`] carries out what the page asks for, [`bridge`] lists it all, [`start`] puts everything together. [`os`] knows the
//! desktop.

pub mod arguments;
pub mod bridge;
pub mod commands;
pub mod convert;
pub mod core;
pub mod events;
pub mod ipc;
pub mod os;
pub mod sleeve;
pub mod start;
pub mod window;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use tauri::{AppHandle, Manager, RunEvent};
use tracing_subscriber::EnvFilter;

use arguments::Arguments;
use core::Desk;
use os::links::Opened;

/// Opens the window and returns when it is closed.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    cadenza_player::memory::harden();
    // Fails only when it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bridge = bridge::builder();
    let program = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(another_start))
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .register_asynchronous_uri_scheme_protocol(sleeve::SCHEME, |context, request, answer| {
            let desk = context.app_handle().state::<Desk>().inner().clone();
            tauri::async_runtime::spawn(async move {
                answer.respond(desk.cover(request.uri().path(), request.uri().query()).await);
            });
        })
        .invoke_handler(bridge.invoke_handler())
        .setup(move |app| {
            bridge.mount_events(app);
            start::set_up(app, &arguments)?;
            Ok(())
        })
        .build(tauri::generate_context!());
    match program {
        Ok(program) => {
            program.run(on_event);
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!(
                "cadenza: the window cannot be opened ({reason}); check that a display is reachable, then start it again"
            );
            ExitCode::FAILURE
        }
    }
}

/// A second start of the program hands its files and links to this one and ends. Links of the desktop come this way too.
fn another_start(app: &AppHandle, words: Vec<String>, folder: String) {
    window::bring_to_front(app);
    let Some(desk) = app.try_state::<Desk>() else { return };
    let words = words.iter().skip(1).map(String::as_str);
    desk.open_from_outside(Opened::all(words, Path::new(&folder)));
}

fn on_event(app: &AppHandle, event: RunEvent) {
    match event {
        #[cfg(any(target_os = "macos", target_os = "ios"))]
        RunEvent::Opened { urls } => {
            let words: Vec<String> = urls.into_iter().map(String::from).collect();
            another_start(app, [String::new()].into_iter().chain(words).collect(), "/".into());
        }
        RunEvent::Exit => {
            if let Ok(core) = app.state::<Desk>().core() {
                tauri::async_runtime::block_on(core.stop_hosting());
            }
        }
        _ => {}
    }
}
