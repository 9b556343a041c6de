//! The data folder is its owner's: 0700, and every file in it 0600, checked at every start and put right.
//!
//! Windows keeps a user's folders to the user by itself.

use std::io;
use std::path::Path;

/// Makes the folder if it is missing, and takes everybody else's permissions from everything in it.
pub fn keep_private(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let opened = tighten(&std::fs::canonicalize(folder)?)?;
    if opened > 0 {
        tracing::warn!(folder = %folder.display(), files = opened, "others could read what is in the data folder; now they cannot");
    }
    Ok(())
}

/// The same once more, without a word: for what a start has made since.
pub fn close_again(folder: &Path) -> io::Result<()> {
    tighten(&std::fs::canonicalize(folder)?).map(drop)
}

/// An empty file that only its owner can read, if there is none yet.
pub fn private_file(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// How many were open to others. Links in the folder are left alone: what they lead to is not in it. The folder itself may be named by one.
#[cfg(unix)]
fn tighten(path: &Path) -> io::Result<usize> {
    use std::os::unix::fs::PermissionsExt;
    let facts = std::fs::symlink_metadata(path)?;
    if facts.is_symlink() {
        return Ok(0);
    }
    let mode = facts.permissions().mode() & 0o7777;
    let mut opened = 0;
    if mode & 0o077 != 0 {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode & 0o700))?;
        opened += 1;
    }
    if facts.is_dir() {
        for entry in std::fs::read_dir(path)? {
            match tighten(&entry?.path()) {
                Ok(more) => opened += more,
                // a file that went away meanwhile
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(opened)
}

#[cfg(not(unix))]
fn tighten(_path: &Path) -> io::Result<usize> {
    Ok(0)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    // S4
    #[test]
    fn a_folder_that_is_named_by_a_link_is_closed_and_what_a_link_in_it_leads_to_is_not() {
        let home = tempfile::tempdir().unwrap();
        let (data, name) = (home.path().join("disk"), home.path().join("store"));
        let (secret, elsewhere) = (data.join("cadenza.db"), home.path().join("public.txt"));
        std::fs::create_dir(&data).unwrap();
        for file in [&secret, &elsewhere] {
            std::fs::write(file, "x").unwrap();
            std::fs::set_permissions(file, PermissionsExt::from_mode(0o644)).unwrap();
        }
        symlink(&data, &name).unwrap();
        symlink(&elsewhere, data.join("link")).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        keep_private(&name).unwrap();
        assert_eq!((mode(&data), mode(&secret), mode(&elsewhere)), (0o700, 0o600, 0o644));
        std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o640)).unwrap();
        close_again(&name).unwrap();
        assert_eq!(mode(&secret), 0o600);
    }
}
