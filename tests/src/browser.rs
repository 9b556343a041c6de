//! Chromium without a window, with a profile that nobody else has.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use crate::patience::wait_for;
use crate::programs::tool;
use crate::webdriver::{Driver, Window};

/// A browser; it closes with this value.
#[derive(Debug)]
pub struct Browser {
    /// The open window.
    pub page: Window,
    profile: TempDir,
    _driver: Driver,
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
        let page = driver.open(json!({
            "goog:chromeOptions": {
                "binary": binary(),
                "args": arguments,
                "prefs": {
                    "download.default_directory": profile.path().join("downloads"),
                    "download.prompt_for_download": false
                }
            }
        }));
        Self { page, profile, _driver: driver }
    }

    /// Clicks a link that downloads something, and returns the file when it is whole.
    #[track_caller]
    pub fn download(&self, link: &str) -> PathBuf {
        self.page.click(link);
        wait_for("the browser to download a file", || {
            let entries = fs::read_dir(self.profile.path().join("downloads")).into_iter().flatten().flatten();
            let whole = |path: &PathBuf| path.extension().is_some_and(|extension| extension != "crdownload");
            entries.map(|entry| entry.path()).find(whole)
        })
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
