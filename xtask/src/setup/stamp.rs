//! Stamps: a short text that changes when any of some files changes, so that what is made from
//! them is made again only then. Contents count, not times: a fresh clone has all new times.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The state of these files and folders; what does not exist counts as empty.
pub fn of(paths: &[PathBuf]) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        add(path, &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Whether the stamp file says that this state was the last one made.
pub fn is(stamp: &Path, state: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found.trim() == state)
}

/// Notes that this state has been made.
pub fn write(stamp: &Path, state: &str) -> io::Result<()> {
    if let Some(folder) = stamp.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(stamp, state)
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    path.file_name().hash(hasher);
    if path.is_dir() {
        let mut inside: Vec<PathBuf> =
            fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        inside.sort();
        inside.len().hash(hasher);
        inside.iter().try_for_each(|entry| add(entry, hasher))
    } else if path.is_file() {
        fs::read(path)?.hash(hasher);
        Ok(())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_changes_with_a_byte_and_with_a_name() {
        let folder = std::env::temp_dir().join(format!("cadenza-stamp-{}", std::process::id()));
        fs::create_dir_all(folder.join("in")).unwrap();
        fs::write(folder.join("in/a"), "1").unwrap();
        let first = of(std::slice::from_ref(&folder)).unwrap();
        fs::write(folder.join("in/a"), "2").unwrap();
        let second = of(std::slice::from_ref(&folder)).unwrap();
        fs::rename(folder.join("in/a"), folder.join("in/b")).unwrap();
        let third = of(std::slice::from_ref(&folder)).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_ne!(first, second);
        assert_ne!(second, third);
    }
}
