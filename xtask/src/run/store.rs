//! The bundled store in a process of its own: `cadenza-server serve --demo`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use super::private::PrivateFolder;
use crate::setup;
use crate::step::{self, StepError};
use crate::workspace::Workspace;

const STORE: &str = "store";

/// How long the store may take to answer; its first start encodes and encrypts the whole album.
const STORE_STARTS_WITHIN: Duration = Duration::from_secs(900);

/// A running store; it ends with this value.
pub struct Store {
    server: Child,
    ready_file: PathBuf,
    root: String,
}

impl Store {
    /// Opens the store that an earlier run made, or makes it: when there is none, when the album is
    /// another one now, or when the kept one does not open any more.
    pub fn open(workspace: &Workspace, album: &Path, private: &PrivateFolder) -> Result<Self, StepError> {
        let data = workspace.kept("demo-store");
        step::announce("open the bundled store");
        let kept = setup::is_store_of_this_album(workspace, &data)?;
        if kept && let Ok(store) = Self::start(workspace, &data, album, private) {
            return Ok(store);
        }
        step::note("its first start encodes and encrypts the album; later ones take a second");
        if data.exists() {
            fs::remove_dir_all(&data).map_err(|error| StepError::own(STORE, error))?;
        }
        let store = Self::start(workspace, &data, album, private)?;
        setup::note_store_of_this_album(workspace, &data)?;
        Ok(store)
    }

    /// Starts the server and waits for the line with which it says that everything answers.
    fn start(
        workspace: &Workspace,
        data: &Path,
        album: &Path,
        private: &PrivateFolder,
    ) -> Result<Self, StepError> {
        let ready_file = private.path("ready.json");
        let log = private.path("store.log");
        let stderr = fs::File::create(&log).map_err(|error| StepError::own(STORE, error))?;
        let mut command = Command::new(workspace.program("cadenza-server"));
        command.arg("serve").arg("--demo").arg("--data").arg(data);
        command.arg("--ready-file").arg(&ready_file).env(setup::DEMO_ALBUM, album);
        let started = std::time::Instant::now();
        let mut server =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn().map_err(|error| {
                StepError::own(STORE, format_args!("could not start the server: {error}"))
            })?;
        let ready = match first_line(&mut server) {
            Some(line) => line,
            None => {
                let _ = server.kill();
                let _ = server.wait();
                let log = fs::read_to_string(&log).unwrap_or_default();
                return Err(StepError::own(STORE, format_args!("it did not start. It said:\n{log}")));
            }
        };
        let ready: Value = serde_json::from_str(&ready)
            .map_err(|error| StepError::own(STORE, format_args!("its ready line is not JSON: {error}")))?;
        let field = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
        step::note(format_args!(
            "open after {:.1} s: {} (in a browser: {})",
            started.elapsed().as_secs_f64(),
            field("store_url"),
            field("web_url")
        ));
        Ok(Self { server, ready_file, root: field("root_cert") })
    }

    /// The file that tells a player where the store is.
    pub fn ready_file(&self) -> &Path {
        &self.ready_file
    }

    /// The certificate that everything of this store answers to.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Asks the store to end, and waits until it has.
    pub fn close(mut self) -> Result<(), StepError> {
        step::announce("close the store");
        if cfg!(unix) {
            let id = self.server.id().to_string();
            step::answer(Command::new("kill").args(["-TERM", &id]));
        } else {
            let _ = self.server.kill();
        }
        let status = self.server.wait().map_err(|error| StepError::own(STORE, error))?;
        if cfg!(unix) && !status.success() {
            return Err(StepError::own(STORE, format_args!("it did not end cleanly ({status})")));
        }
        step::note("closed");
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The first line the server prints, or nothing if it ends or the time is up.
fn first_line(server: &mut Child) -> Option<String> {
    let stdout = server.stdout.take()?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stdout).lines();
        let _ = tell.send(lines.next());
        // Keep reading, so that the server never writes into a closed pipe.
        lines.for_each(drop);
    });
    told.recv_timeout(STORE_STARTS_WITHIN).ok().flatten()?.ok()
}
