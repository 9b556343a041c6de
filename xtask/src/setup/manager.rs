//! The system's package manager: finding out what is missing, saying it, installing it in one call.

use std::collections::BTreeSet;
use std::process::Command;

use super::packages::{Need, Purpose, for_purposes};
use crate::step::{self, StepError};

const STEP: &str = "system packages";

/// The package managers we can speak to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manager {
    Apt,
    Dnf,
    Pacman,
    Zypper,
    Brew,
}

/// Installs what is missing for these purposes, after saying what it is.
pub fn install_missing(purposes: &[Purpose]) -> Result<(), StepError> {
    if cfg!(windows) {
        return explain_windows(purposes);
    }
    let Some(manager) = Manager::find() else {
        return explain_unknown(purposes);
    };
    let missing = missing(manager, purposes);
    if missing.is_empty() {
        return Ok(());
    }
    step::announce(STEP);
    step::note(format_args!("this system lacks: {}", join(&missing)));
    let as_root = is_root() || manager == Manager::Brew;
    if !as_root && !step::on_path("sudo") {
        return Err(StepError::own(
            STEP,
            format_args!("not root, and there is no sudo. As root: {}", manager.line(&missing)),
        ));
    }
    if manager == Manager::Apt {
        // A fresh container has no package lists at all.
        step::run("package lists", manager.command(as_root).arg("update"))?;
    }
    let mut install = manager.command(as_root);
    install.args(manager.install_words()).args(&missing);
    step::run("install them", &mut install)?;
    Ok(())
}

/// Package names that are needed and not installed.
fn missing(manager: Manager, purposes: &[Purpose]) -> BTreeSet<&'static str> {
    let absent: Vec<&Need> = for_purposes(purposes)
        .filter(|need| !need.programs.iter().any(|program| step::on_path(program)))
        .collect();
    let names: BTreeSet<&'static str> =
        absent.iter().flat_map(|need| manager.names(need).split_whitespace()).collect();
    let installed = manager.installed(&names);
    names.into_iter().filter(|name| !installed.contains(*name)).collect()
}

impl Manager {
    fn find() -> Option<Self> {
        let known: &[(&str, Self)] = if cfg!(target_os = "macos") {
            &[("brew", Self::Brew)]
        } else {
            &[("apt-get", Self::Apt), ("dnf", Self::Dnf), ("pacman", Self::Pacman), ("zypper", Self::Zypper)]
        };
        known.iter().find(|(program, _)| step::on_path(program)).map(|(_, manager)| *manager)
    }

    fn names(self, need: &Need) -> &'static str {
        match self {
            Self::Apt => need.apt,
            Self::Dnf => need.dnf,
            Self::Pacman => need.pacman,
            Self::Zypper => need.zypper,
            Self::Brew => need.brew,
        }
    }

    fn program(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            Self::Dnf => "dnf",
            Self::Pacman => "pacman",
            Self::Zypper => "zypper",
            Self::Brew => "brew",
        }
    }

    fn install_words(self) -> &'static [&'static str] {
        match self {
            Self::Apt => &["install", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"],
            Self::Dnf => &["install", "-y"],
            Self::Pacman => &["-Sy", "--needed", "--noconfirm"],
            Self::Zypper => &["--non-interactive", "install"],
            Self::Brew => &["install"],
        }
    }

    fn command(self, as_root: bool) -> Command {
        let mut command = if as_root {
            Command::new(self.program())
        } else {
            let mut sudo = Command::new("sudo");
            if self == Self::Apt {
                // sudo drops the environment, so the setting travels as a word.
                sudo.arg("DEBIAN_FRONTEND=noninteractive");
            }
            sudo.arg(self.program());
            sudo
        };
        if self == Self::Apt {
            command.env("DEBIAN_FRONTEND", "noninteractive");
        }
        command
    }

    fn line(self, missing: &BTreeSet<&str>) -> String {
        format!("{} {} {}", self.program(), self.install_words().join(" "), join(missing))
    }

    /// Which of these packages are installed.
    fn installed(self, names: &BTreeSet<&'static str>) -> BTreeSet<String> {
        let (program, words): (&str, &[&str]) = match self {
            Self::Apt => ("dpkg-query", &["-W", "-f", "${db:Status-Status} ${Package}\n"]),
            Self::Dnf | Self::Zypper => ("rpm", &["-q", "--qf", "installed %{NAME}\n"]),
            Self::Pacman => ("pacman", &["-Qq"]),
            Self::Brew => ("brew", &["list", "--formula", "-1"]),
        };
        let mut command = Command::new(program);
        command.args(words);
        if self != Self::Brew {
            command.args(names);
        }
        // The exit status only says that some are missing; what is there stands on stdout.
        let Ok(output) = command.output() else {
            return BTreeSet::new();
        };
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| match line.split_once(' ') {
                Some(("installed", name)) => Some(name.to_owned()),
                Some(_) => None,
                None => Some(line.to_owned()),
            })
            .collect()
    }
}

fn is_root() -> bool {
    step::answer(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

fn join(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(" ")
}

/// Windows has no package manager that every machine carries: name what is missing.
fn explain_windows(purposes: &[Purpose]) -> Result<(), StepError> {
    let wanted = [
        (Purpose::Build, "cmake", "CMake: winget install Kitware.CMake"),
        (Purpose::Build, "nasm", "NASM: winget install NASM.NASM"),
        (Purpose::Music, "fluidsynth", "FluidSynth: choco install fluidsynth"),
    ];
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|(purpose, program, _)| purposes.contains(purpose) && !step::on_path(program))
        .map(|(_, _, how)| *how)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    step::announce(STEP);
    Err(StepError::own(
        STEP,
        format_args!("please install, then open a new terminal and try again: {}", missing.join("; ")),
    ))
}

/// A system whose package manager we do not speak: say what is needed and go on.
fn explain_unknown(purposes: &[Purpose]) -> Result<(), StepError> {
    let wanted: BTreeSet<&str> = for_purposes(purposes)
        .filter(|need| !need.programs.iter().any(|program| step::on_path(program)))
        .flat_map(|need| need.apt.split_whitespace())
        .collect();
    step::announce(STEP);
    step::note("no package manager known to us was found; going on with what is there.");
    step::note(format_args!("by their Debian names, these may be missing: {}", join(&wanted)));
    Ok(())
}
