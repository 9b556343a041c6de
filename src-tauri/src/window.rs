//! The one window.

use tauri::webview::Color;
use tauri::{App, Manager, Runtime, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

/// Its name, as capabilities know it.
pub const NAME: &str = "main";
/// Before the page has drawn anything: the dark page's paper, so that nothing flashes.
const PAPER: Color = Color(0x10, 0x12, 0x15, 0xff);

/// Opens the window.
pub fn open<R: Runtime>(app: &App<R>) -> tauri::Result<WebviewWindow<R>> {
    WebviewWindowBuilder::new(app, NAME, WebviewUrl::default())
        .title("Cadenza")
        .inner_size(1440.0, 900.0)
        .min_inner_size(480.0, 560.0)
        .background_color(PAPER)
        // Only the page that was built with the program; links of the outside world go to the browser.
        .on_navigation(|url| matches!(url.scheme(), "tauri") || url.host_str() == Some("tauri.localhost"))
        .build()
}

/// Its title says what plays: title and artist.
pub fn entitle<R: Runtime>(app: &impl Manager<R>, plays: Option<(&str, &str)>) {
    let Some(window) = app.get_webview_window(NAME) else { return };
    let title = match plays {
        Some((title, "")) => format!("{title} – Cadenza"),
        Some((title, artist)) => format!("{title} · {artist} – Cadenza"),
        None => "Cadenza".to_owned(),
    };
    if let Err(error) = window.set_title(&title) {
        tracing::warn!(%error, "the window's title could not be changed");
    }
}

/// Brings it to the front, whatever it was doing.
pub fn bring_to_front<R: Runtime>(app: &impl Manager<R>) {
    let Some(window) = app.get_webview_window(NAME) else { return };
    for step in [window.unminimize(), window.show(), window.set_focus()] {
        if let Err(error) = step {
            tracing::warn!(%error, "the window could not be brought to the front");
        }
    }
}
