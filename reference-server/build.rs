//! Embeds the storefront's fonts (the window's packages, see `assets/fonts`) when they are installed; without them the pages
//! use the system's.

use std::path::Path;
use std::{env, fs};

/// Package, and the start of its files' names.
const FONTS: [(&str, &str); 2] = [("inter", "inter"), ("bricolage-grotesque", "bricolage-grotesque")];
/// Latin and its extensions; other scripts fall back on the system's fonts.
const SCRIPTS: [&str; 2] = ["latin", "latin-ext"];

fn main() {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", ui.join("package-lock.json").display());
    let mut entries = String::new();
    for (package, name) in FONTS {
        for script in SCRIPTS {
            let file = format!("{name}-{script}-wght-normal.woff2");
            let path = ui.join("node_modules/@fontsource-variable").join(package).join("files").join(&file);
            if path.is_file() {
                println!("cargo::rerun-if-changed={}", path.display());
                entries += &format!("({:?}, include_bytes!({path:?})),\n", format!("{name}-{script}.woff2"));
            }
        }
    }
    let code = format!("const FONTS: &[(&str, &[u8])] = &[\n{entries}];\n");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("fonts.rs"), code).expect("OUT_DIR is writable");
}
