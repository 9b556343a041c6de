//! Chromium without a window, with a profile that nobody else has.

use serde_json::json;
use tempfile::TempDir;

use crate::programs::tool;
use crate::webdriver::{Driver, Session};

/// A browser; it closes with this value.
#[derive(Debug)]
pub struct Browser {
    /// The open window.
    pub page: Session,
    _driver: Driver,
    _profile: TempDir,
}

impl Browser {
    /// Opens the browser.
    pub fn open() -> Self {
        let profile = tempfile::tempdir().expect("room for a profile");
        let driver = Driver::start("chromedriver", |_| ());
        let mut arguments: Vec<String> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let page = driver.session(json!({
            "goog:chromeOptions": { "binary": binary(), "args": arguments }
        }));
        Self { page, _driver: driver, _profile: profile }
    }

    /// Fetches a link of the page the way the page itself would: media type and body.
    pub fn fetch(&self, url: &str) -> (String, String) {
        let script = "const reply = await fetch(arguments[0]); \
                      return [reply.headers.get('content-type'), await reply.text()];";
        let script = format!("return (async (arguments) => {{ {script} }})(arguments);");
        let got = self.page.script(&script, &[json!(url)]);
        let text = |place: usize| got[place].as_str().unwrap_or_default().to_owned();
        (text(0), text(1))
    }
}

fn binary() -> String {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = names.iter().find_map(|name| {
        let words = ["-c", &format!("command -v {name}")].map(str::to_owned);
        let finished = tool("sh", &words);
        (finished.code() == Some(0)).then(|| finished.text().trim().to_owned())
    });
    found.unwrap_or_else(|| panic!("no Chromium here; `cargo xtask setup` installs it"))
}
