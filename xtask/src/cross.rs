//! `cargo xtask cross`: what we write, type-checked for systems that we are not on.
//!
//! The toolchain here has its own system's standard library only. A Debian 'sid' folder has what
//! is missing: the sources of the standard library (`-Zbuild-std` makes it for any system) and a C
//! compiler for Windows. Folder and results are kept beside the build folder, outside the clone.

mod sid;

use std::path::PathBuf;

use clap::ValueEnum;

use crate::setup::{self, Purpose};
use crate::step::{self, StepError};
use crate::workspace::{CAPTURE, Workspace, cache};
use sid::Sid;

const STEP: &str = "cross";

/// A system to look at from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum System {
    Windows,
}

/// Checks every crate for a system; warnings are errors.
pub fn check(workspace: &Workspace, system: System) -> Result<(), StepError> {
    let System::Windows = system;
    sid::can_be_made_here()?;
    setup::system(&[Purpose::Cross])?;
    // The window has its pages inside; they are the same everywhere.
    setup::user_interface(workspace)?;
    let kept = kept()?;
    let sid = Sid::in_folder(&kept.join("sid"))?;
    let mut cargo = sid.command(workspace.root(), &kept.join("target-windows"))?;
    for (name, value) in WINDOWS {
        cargo.arg(format!("{name}={value}"));
    }
    cargo.args(["cargo", "check", "--locked", "--workspace", "--features", CAPTURE]);
    cargo.args(["-Zbuild-std=std,panic_abort,panic_unwind", "--target", "x86_64-pc-windows-gnu"]);
    step::run(
        "every crate, as for Windows (the first time takes half an hour, later ones minutes)",
        &mut cargo,
    )?;
    Ok(())
}

/// What the compilers are told. The flags are the same each time, so nothing is compiled anew for them.
const WINDOWS: &[(&str, &str)] = &[
    ("RUSTC_BOOTSTRAP", "1"),
    ("RUSTFLAGS", "-D warnings"),
    ("CC_x86_64_pc_windows_gnu", "x86_64-w64-mingw32-gcc"),
    ("CXX_x86_64_pc_windows_gnu", "x86_64-w64-mingw32-g++"),
    ("AR_x86_64_pc_windows_gnu", "x86_64-w64-mingw32-ar"),
    ("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", "x86_64-w64-mingw32-gcc"),
];

/// Outlives the clone: a Debian and half an hour of compiling are in it.
fn kept() -> Result<PathBuf, StepError> {
    cache().map(|cache| cache.join("cross")).ok_or_else(|| {
        StepError::own(STEP, "there is no cache folder for this user; set HOME or XDG_CACHE_HOME")
    })
}
