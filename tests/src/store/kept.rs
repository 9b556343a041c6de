//! The data of a store with the test album, made once by the server itself and kept for every test that opens one.
//!
//! Making it takes a server some seconds of both cores, and a run opens fifty. What is kept belongs to one server program and
//! one album: with another of either it is made anew.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

use ring::digest::{Context, SHA256};

use crate::programs::{beside_this_test, program};

/// How the names of folders begin that are being filled.
const ARRIVING: &str = ".arriving";

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Puts a copy of the kept data at `data`. Where there is none, `make` is asked for a folder that holds data.
pub(super) fn copy_to(data: &Path, album: &Path, make: impl FnOnce() -> tempfile::TempDir) {
    let kept = FOLDER.get_or_init(|| kept(album, make).expect("room for a store's data"));
    copy(kept, data).expect("the kept data can be copied");
}

fn kept(album: &Path, make: impl FnOnce() -> tempfile::TempDir) -> io::Result<PathBuf> {
    let home = beside_this_test().join("../cadenza/test-store");
    let kept = home.join(key(album)?);
    if !kept.is_dir() {
        let made = make();
        fs::create_dir_all(&home)?;
        let arriving = tempfile::Builder::new().prefix(ARRIVING).tempdir_in(&home)?;
        copy(&made.path().join("data"), &arriving.path().join("data"))?;
        // Another test program may have been faster: what it has kept is in use, and as good.
        fs::rename(arriving.path().join("data"), &kept)
            .or_else(|e| if kept.is_dir() { Ok(()) } else { Err(e) })?;
        forget_others(&home, &kept)?;
    }
    Ok(kept)
}

/// Of other programs and albums; what is just arriving stays.
fn forget_others(home: &Path, kept: &Path) -> io::Result<()> {
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        let arriving = entry.file_name().to_string_lossy().starts_with(ARRIVING);
        if !arriving && entry.path() != kept {
            // Gone already, if another test program forgets it too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// Names the server program, by size and time, and the album, by its bytes.
fn key(album: &Path) -> io::Result<String> {
    let server = fs::metadata(program("cadenza-server"))?;
    let written = server.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut names: Vec<PathBuf> =
        fs::read_dir(album)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    names.sort();
    let mut digest = Context::new(&SHA256);
    digest.update(&server.len().to_be_bytes());
    digest.update(&written.as_nanos().to_be_bytes());
    for name in names {
        digest.update(&fs::read(name)?);
    }
    Ok(digest.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

/// Folders and files with their permissions.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &place)?;
        } else {
            fs::copy(entry.path(), place)?;
        }
    }
    fs::set_permissions(to, fs::metadata(from)?.permissions())
}
