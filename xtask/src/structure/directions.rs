//! Which way crates look: `protocol` at nothing of ours and at no system, `player-core` and
//! `reference-server` never at each other nor at a window, the pages only at the generated bindings.

use toml::Table;

use super::finding::{Finding, Rule};
use super::rust::Modules;
use super::scripts::Script;

/// What a crate must not depend on, by the beginning of the names.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("protocol", &["cadenza", "tauri", "tokio"]),
    ("player-core", &["cadenza-server", "cadenza-album", "tauri"]),
    ("reference-server", &["cadenza-player", "cadenza-album", "tauri"]),
    ("reference-server/encode", &["cadenza-player", "cadenza-server", "cadenza-album", "tauri", "tokio"]),
];

/// The crates of ours that stand above all others; nothing but tests may depend on them.
const ON_TOP: &[&str] = &["cadenza", "cadenza-tests", "xtask"];

/// The one folder of pages that speaks to the window's frame.
const BINDINGS: &str = "ipc/";

/// The dependencies in a crate's manifest that it must not have; those of its tests are its own business.
pub fn of_manifest(folder: &str, text: &str) -> Result<Vec<Finding>, toml::de::Error> {
    let manifest: Table = text.parse()?;
    let mut tables: Vec<&Table> = vec![&manifest];
    let targets = manifest.get("target").and_then(|value| value.as_table());
    tables.extend(targets.into_iter().flat_map(|table| table.values()).filter_map(|value| value.as_table()));
    let forbidden = FORBIDDEN.iter().find(|(of, _)| *of == folder).map_or(&[][..], |(_, names)| names);
    let is_wrong =
        |name: &str| ON_TOP.contains(&name) || forbidden.iter().any(|start| name.starts_with(start));
    let mut findings = Vec::new();
    for kind in ["dependencies", "build-dependencies"] {
        for table in tables.iter().filter_map(|table| table.get(kind)?.as_table()) {
            for name in table.keys().filter(|name| is_wrong(name)) {
                let line =
                    text.lines().position(|line| line.starts_with(name.as_str())).map_or(1, |at| at + 1);
                let what = format!("{folder} must not depend on {name}");
                findings.push(Finding::new(&format!("{folder}/Cargo.toml"), line, Rule::Direction, what));
            }
        }
    }
    Ok(findings)
}

/// What `protocol` takes from the standard library that asks a system: bytes and `now` go in,
/// bytes and actions come out. Addresses and moments are plain numbers and may pass.
pub fn of_protocol(modules: &Modules) -> Vec<Finding> {
    let mut findings = Vec::new();
    for module in &modules.0 {
        let imports = module.imports.iter().map(|import| (&import.path, import.line));
        for (path, line) in imports.chain(module.named.iter().map(|named| (&named.path, named.line))) {
            if asks_the_system(path) {
                let what = format!("protocol does no input or output and asks no clock: {}", path.join("::"));
                findings.push(Finding::new(&module.file, line, Rule::Direction, what));
            }
        }
    }
    findings
}

fn asks_the_system(path: &[String]) -> bool {
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    match words[..] {
        ["std", "net", name, ..] => !name.starts_with("Ip") && !name.starts_with("SocketAddr"),
        ["std", "fs" | "thread" | "process" | "env" | "net", ..] => true,
        [.., "Instant" | "SystemTime", "now"] => true,
        [first, ..] => first == "tokio" || first.starts_with("cadenza_"),
        [] => false,
    }
}

/// The pages that reach past the bindings; `top` is their folder.
pub fn of_pages(top: &str, scripts: &[Script]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for script in scripts.iter().filter(|script| !script.path.starts_with(BINDINGS)) {
        for import in script.imports.iter().filter(|import| import.from.starts_with("@tauri-apps/")) {
            let what = format!("{} is for {BINDINGS} alone; pages ask the client there", import.from);
            let file = format!("{top}/{}", script.path);
            findings.push(Finding::new(&file, import.line, Rule::Direction, what));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::rust;
    use super::super::scripts::Import;
    use super::*;

    #[test]
    fn a_manifest_must_not_name_the_wrong_crate_outside_its_tests() {
        let text = "[package]\nname = \"p\"\n[dependencies]\ncadenza-server.workspace = true\n[dev-dependencies]\ntauri = \"2\"\n";
        let found = of_manifest("player-core", text).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].path.as_str(), found[0].line), ("player-core/Cargo.toml", 4));
        assert!(of_manifest("src-tauri", text).unwrap().is_empty());
        let windows = "[target.'cfg(windows)'.dependencies]\ntokio = \"1\"\n";
        assert_eq!(of_manifest("protocol", windows).unwrap().len(), 1);
        assert!(of_manifest("reference-server", windows).unwrap().is_empty());
    }

    #[test]
    fn protocol_may_name_addresses_and_moments_and_nothing_that_asks_the_system() {
        let text = "use std::net::{IpAddr, UdpSocket};\nuse std::time::{Duration, Instant};\n\
            fn f(at: Instant) { let _ = std::fs::read(\"x\"); let _ = Instant::now(); }\n\
            #[cfg(test)] mod tests { use std::thread; }";
        let found = of_protocol(&rust::one("a.rs", text));
        let lines: Vec<usize> = found.iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [1, 3, 3], "{found:?}");
    }

    #[test]
    fn only_the_bindings_folder_speaks_to_the_window_s_frame() {
        let script = |path: &str| Script {
            path: path.into(),
            imports: vec![Import { from: "@tauri-apps/api/core".into(), line: 2 }],
        };
        let found = of_pages("ui/src", &[script("ipc/bindings.ts"), script("state/a.ts")]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].path.as_str(), found[0].line), ("ui/src/state/a.ts", 2));
    }
}
