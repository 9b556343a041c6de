//! Prepares what `generate_context!` reads, and lets the crate be checked before the page is built.

use std::{fs, path::Path};

const PLACEHOLDER: &str = "<!doctype html><meta charset=\"utf-8\"><title>Cadenza</title>\
<p>The page is not built. Run <code>npm --prefix ui ci</code> and <code>npm --prefix ui run build</code>, \
or <code>cargo xtask run</code>, which does both.</p>";

fn main() {
    let page = Path::new("../ui/dist/index.html");
    if !page.exists() {
        println!(
            "cargo:warning=ui/dist is not built; the window will only say so. `cargo xtask run` builds it."
        );
        let folder = page.parent().expect("the page lies in a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(page, PLACEHOLDER))
            .expect("ui/dist must be writable: free some space or correct its permissions");
    }
    println!("cargo:rerun-if-changed=../ui/dist");
    tauri_build::build();
}
