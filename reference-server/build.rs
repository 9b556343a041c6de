//! Embeds the storefront's fonts when they are in `assets/fonts`; without them its pages use the system's.

use std::path::Path;
use std::{env, fs};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/fonts");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut arms = String::new();
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".woff2") || name.contains("Italic") {
            continue;
        }
        for (start, served) in [("Inter", "Inter.woff2"), ("Bricolage", "BricolageGrotesque.woff2")] {
            if name.starts_with(start) && !arms.contains(served) {
                arms += &format!("{served:?} => Some(include_bytes!({:?})),\n", entry.path());
            }
        }
    }
    let code = format!("pub(super) fn font(name: &str) -> Option<&'static [u8]> {{ match name {{ {arms} _ => None }} }}\n");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("fonts.rs"), code).expect("OUT_DIR is writable");
}
