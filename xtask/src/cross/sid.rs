//! A Debian 'sid' in a folder, and commands that run inside it.
//!
//! Made by `debootstrap` from the mirror that this machine itself installs from. Mounts are made in
//! a mount namespace of each command's own, so nothing stays mounted, however it ends.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use super::STEP;
use crate::step::{self, StepError};

/// What it holds; another list makes another folder.
const PACKAGES: &str = "ca-certificates,rustc,cargo,rust-src,gcc,g++,libc6-dev,gcc-mingw-w64-x86-64-posix,\
    g++-mingw-w64-x86-64-posix,cmake,make,nasm,pkg-config,perl,python3,git,nodejs";

/// Written when the folder is whole.
const STAMP: &str = "etc/cadenza-packages";

/// Run as `sh -ec INSIDE sh FOLDER CHECKOUT TARGET REGISTRY WORDS...`, in a mount namespace of its own.
const INSIDE: &str = r#"
root=$1 checkout=$2 target=$3 registry=$4
shift 4
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$checkout" "$root/cadenza"
mount --bind "$target" "$root/target"
mount --bind "$registry" "$root/root/.cargo/registry"
exec chroot "$root" sh -c 'cd /cadenza && exec "$@"' sh "$@"
"#;

/// The folder, whole.
#[derive(Debug)]
pub struct Sid(PathBuf);

/// Debian's tools and root's rights are needed, and nothing else serves.
pub fn can_be_made_here() -> Result<(), StepError> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !release.lines().any(|line| line == "ID=debian") {
        return Err(StepError::own(
            STEP,
            "this needs a Debian machine: it makes a Debian folder with debootstrap",
        ));
    }
    if step::answer(Command::new("id").arg("-u")).is_none_or(|id| id.trim() != "0") {
        return Err(StepError::own(
            STEP,
            "this needs root, to make a Debian folder and work inside it; try with sudo",
        ));
    }
    Ok(())
}

impl Sid {
    /// Makes the folder if it is not there, or not with today's packages.
    pub fn in_folder(folder: &Path) -> Result<Self, StepError> {
        let whole = fs::read_to_string(folder.join(STAMP)).is_ok_and(|found| found == PACKAGES);
        if !whole {
            make(folder)?;
        }
        Ok(Self(folder.to_owned()))
    }

    /// `env -i NAME=VALUE... PROGRAM WORDS...` inside, to be completed by the caller: in the checkout,
    /// with what cargo has fetched already, building into `target`.
    pub fn command(&self, checkout: &Path, target: &Path) -> Result<Command, StepError> {
        let registry = cargo_home()?.join("registry");
        self.prepare(target, &registry).map_err(|error| StepError::own(STEP, error))?;
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-ec", INSIDE, "sh"]);
        command.arg(&self.0).arg(checkout).arg(target).arg(registry);
        command.args([
            "env",
            "-i",
            "PATH=/usr/bin:/bin",
            "HOME=/root",
            "LANG=C.UTF-8",
            "CARGO_TARGET_DIR=/target",
        ]);
        for name in ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] {
            if let Some(value) = std::env::var_os(name) {
                let mut word = OsString::from(format!("{name}="));
                word.push(value);
                command.arg(word);
            }
        }
        Ok(command)
    }

    /// Places to mount upon, and how the network is reached from here.
    fn prepare(&self, target: &Path, registry: &Path) -> io::Result<()> {
        fs::create_dir_all(target)?;
        fs::create_dir_all(registry)?;
        for place in ["cadenza", "target", "root/.cargo/registry"] {
            fs::create_dir_all(self.0.join(place))?;
        }
        for file in ["etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt"] {
            let here = Path::new("/").join(file);
            if here.is_file() {
                fs::copy(here, self.0.join(file))?;
            }
        }
        Ok(())
    }
}

fn make(folder: &Path) -> Result<(), StepError> {
    let failed = |error: io::Error| StepError::own(STEP, format_args!("{}: {error}", folder.display()));
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)?;
    let mirror = own_mirror()?;
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", &format!("--include={PACKAGES}"), "sid"]).arg(folder).arg(mirror);
    step::run("a Debian folder (once; some minutes)", &mut debootstrap)?;
    // The packages themselves are not wanted again.
    fs::remove_dir_all(folder.join("var/cache/apt/archives")).map_err(failed)?;
    fs::write(folder.join(STAMP), PACKAGES).map_err(failed)
}

/// Where this machine gets its own packages from.
fn own_mirror() -> Result<String, StepError> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or("sid");
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    let more = fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten();
    files.extend(more.map(|entry| entry.path()));
    let texts = files.iter().filter_map(|path| fs::read_to_string(path).ok());
    texts.filter_map(|text| mirror(&text, codename)).next().ok_or_else(|| {
        StepError::own(
            STEP,
            format_args!("no source of {codename} was found under /etc/apt; debootstrap needs a mirror"),
        )
    })
}

/// The address from which a file of apt's sources takes this suite; both forms of such files are read.
fn mirror(text: &str, suite: &str) -> Option<String> {
    for stanza in text.split("\n\n") {
        let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if let (Some(addresses), Some(suites)) = (field("URIs:"), field("Suites:"))
            && suites.split_whitespace().any(|one| one == suite)
        {
            return addresses.split_whitespace().next().map(str::to_owned);
        }
    }
    text.lines().filter_map(|line| line.trim().strip_prefix("deb ")).find_map(|rest| {
        let rest = rest.trim();
        let rest =
            rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(rest, |(_, rest)| rest);
        let mut words = rest.split_whitespace();
        let address = words.next()?;
        (words.next()? == suite).then(|| address.to_owned())
    })
}

fn cargo_home() -> Result<PathBuf, StepError> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("CARGO_HOME")
        .or_else(|| Some(named("HOME")?.join(".cargo")))
        .ok_or_else(|| StepError::own(STEP, "cargo's folder is not known; set CARGO_HOME or HOME"))
}

#[cfg(test)]
mod tests {
    use super::mirror;

    #[test]
    fn the_mirror_is_read_from_both_forms_of_sources() {
        let stanzas = "Types: deb\n# a comment\nURIs: http://m.example/debian\nSuites: trixie trixie-updates\n\n\
            Types: deb\nURIs: http://s.example/debian-security\nSuites: trixie-security\n";
        assert_eq!(mirror(stanzas, "trixie").as_deref(), Some("http://m.example/debian"));
        let lines = "# deb http://old.example trixie main\ndeb [arch=amd64] http://x.example nodistro main\n\
            deb [signed-by=/k] http://m.example/debian trixie main\n";
        assert_eq!(mirror(lines, "trixie").as_deref(), Some("http://m.example/debian"));
        assert_eq!(mirror(lines, "bookworm"), None);
    }
}
