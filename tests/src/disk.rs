//! A disk that is almost full: a small file system in memory, mounted where only one program sees it.

use std::ffi::OsString;
use std::path::Path;

use crate::programs::tool;

/// Room that is left beside what the folder holds already, in KiB.
const ROOM_KIB: u32 = 400;

/// In a mount space of its own: puts a small disk over the folder, moves in, runs the program,
/// brings everything back, ends as the program did.
const SCRIPT: &str = r#"
home=$1 real=$2 room=$3; shift 3
mkdir -p "$home" "$real" && mount --bind "$home" "$real" || exit 97
size=$(( $(du -sk "$real" | cut -f1) + room ))
mount -t tmpfs -o size=${size}k tmpfs "$home" && cp -a "$real/." "$home/" || exit 98
"$@"; code=$?
cp -a "$home/." "$real/" || exit 99
exit $code
"#;

/// Whether this system lets us mount for one process alone.
pub fn can_be_had() -> bool {
    let words = ["--mount", "--map-root-user", "sh", "-c", "mount -t tmpfs tmpfs /mnt"];
    tool("unshare", &words).code() == Some(0)
}

/// The words after `unshare` that run what is appended with `home` on an almost full disk.
pub fn almost_full(home: &Path, real: &Path) -> Vec<OsString> {
    let mut words: Vec<OsString> =
        ["--mount", "--map-root-user", "sh", "-c", SCRIPT, "sh"].map(OsString::from).into();
    words.extend([home.into(), real.into(), ROOM_KIB.to_string().into()]);
    words
}
