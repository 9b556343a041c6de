//! Where things are: the checkout, the folder that cargo builds into, and what we keep beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};

/// Builds `cadenza-cli` with the recording output that the journeys listen to. Never in a package.
pub const CAPTURE: &str = "cadenza-player/capture";

/// A checkout and its build folder.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The checkout this program was started from.
    ///
    /// cargo names our folder at run time; the compile-time one may belong to another clone
    /// that shares the target folder.
    pub fn find() -> Self {
        let own = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = own.parent().map_or_else(|| own.clone(), Path::to_path_buf);
        let target = target_folder(&root);
        Self { root, target }
    }

    /// The top of the checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that the inner cargo calls build into.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// A path inside the checkout.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// The web user interface.
    pub fn ui(&self) -> PathBuf {
        self.path("ui")
    }

    /// What we make once and keep: the rendered album, the demo store, stamps.
    pub fn kept(&self, name: &str) -> PathBuf {
        self.target.join("cadenza").join(name)
    }

    /// A program that a `dev` build has made.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs().join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// The folder in which a `dev` build leaves programs.
    pub fn programs(&self) -> PathBuf {
        self.target.join("debug")
    }

    /// `cargo WORD` in this checkout, with our target folder and without what the outer cargo
    /// told this program about itself.
    pub fn cargo(&self, word: &str) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command.arg(word).current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// `npm WORDS` in the user interface's folder.
    pub fn npm(&self, words: &[&str]) -> Command {
        // npm is a script on Windows, which only the shell can start.
        let mut command = if cfg!(windows) {
            let mut shell = Command::new("cmd");
            shell.args(["/C", "npm"]);
            shell
        } else {
            Command::new("npm")
        };
        command.args(words).current_dir(self.ui());
        command
    }
}

/// The folder that the inner cargo calls build into: the one asked for; on a build machine one
/// that outlives the clone; otherwise the usual `target`.
///
/// Windows cannot replace a program while it runs, and this one runs from `target`.
fn target_folder(root: &Path) -> PathBuf {
    if let Some(asked) = std::env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty()) {
        return std::path::absolute(&asked).unwrap_or_else(|_| PathBuf::from(asked));
    }
    let on_build_machine = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    if let Some(cache) = on_build_machine.then(cache).flatten() {
        return cache.join("target");
    }
    if cfg!(windows) { root.join("target").join("inner") } else { root.join("target") }
}

/// What outlives every clone: the user's cache folder for Cadenza.
pub fn cache() -> Option<PathBuf> {
    choose_native_strategy().ok().map(|user| user.cache_dir().join("cadenza"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_holds_the_workspace_manifest() {
        assert!(Workspace::find().path("Cargo.toml").is_file());
    }

    #[test]
    fn inner_cargo_builds_into_our_target_folder() {
        let workspace = Workspace::find();
        let command = workspace.cargo("build");
        let target = command.get_envs().find(|(name, _)| *name == "CARGO_TARGET_DIR");
        assert_eq!(target.and_then(|(_, value)| value), Some(workspace.target.as_os_str()));
    }
}
