//! The private folder of a terminal journey: form, card, passphrase, the player's home.

use std::fs;
use std::path::PathBuf;

use crate::step::StepError;
use crate::workspace::Workspace;

/// A folder only this user can look into; gone when the journey ends.
pub struct PrivateFolder(PathBuf);

impl PrivateFolder {
    /// Makes the folder and what the player will be asked for.
    pub fn new(workspace: &Workspace) -> Result<Self, StepError> {
        let folder = workspace.kept(&format!("journey-{}", std::process::id()));
        let made = Self(folder);
        made.fill().map_err(|error| StepError::own("private folder", error))?;
        Ok(made)
    }

    fn fill(&self) -> std::io::Result<()> {
        fs::create_dir_all(&self.0)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700))?;
        }
        fs::write(self.path("form.toml"), FORM)?;
        fs::write(self.path("card.toml"), CARD)?;
        fs::write(self.path("passphrase"), "seven quiet swans at dusk\n")
    }

    /// A path inside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The same as a word for a command line.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const FORM: &str = r#"name = "Ada Listener"
address = "1 Quiet Lane, 12345 Town"
telephone = "+1 555 0100"
email = "ada@example.org"
card = "4242 4242 4242 4242"
expiry = "12/39"
confidential = "my first record was a waltz"
region = "Europe"
interests = ["classical"]
"#;

const CARD: &str = "number = \"4242 4242 4242 4242\"\nexpiry = \"12/39\"\nname = \"Ada Listener\"\n";
