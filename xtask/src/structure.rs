//! The step 'structure' of `cargo xtask test`: which way the house is built, read from its sources.
//!
//! Nothing is compiled. The rules:
//!
//! - **No circles.** A file needs another when its code names something that the other defines; that
//!   a parent declares its children, hands them on and puts them together does not count ([`arrows`]).
//!   Files that need each other in a ring are a circle. So are folders, or a folder and a file beside
//!   it: everything in a folder counts as the folder, and the file that a folder belongs to (`mod.rs`,
//!   `shop.rs` above `shop/`, `index.ts`) stands above it, not in it. In the pages it is imports that
//!   count, those of types alone aside ([`scripts`]). Tests are left out.
//! - **Directions.** Who may look at whom ([`directions`]).
//! - **The window** converts, calls, converts ([`window`]).
//! - **Variables.** The table of environment variables is that of the sources ([`variables`]).
//!
//! What still breaks a rule stands in `structure/known.txt`, and only there ([`known`]).

mod arrows;
mod circles;
mod directions;
mod finding;
mod known;
mod named;
mod rust;
mod scripts;
mod variables;
mod window;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::step::{self, StepError};
use crate::workspace::Workspace;
use circles::{Arrow, OnCircle};
use finding::{Finding, Rule};

/// The name of the step.
pub const STEP: &str = "structure";

/// The crates of ours.
const CRATES: &[&str] = &[
    "protocol",
    "player-core",
    "reference-server",
    "reference-server/encode",
    "src-tauri",
    "tests",
    "tests/failpoint",
    "assets/album",
    "xtask",
];

/// The pages of the window.
const PAGES: &str = "ui/src";

/// What is still allowed, a line each.
const KNOWN: &str = "xtask/src/structure/known.txt";

/// Looks at all sources; prints what is new and what is needless, each with its place.
pub fn check(workspace: &Workspace) -> Result<Duration, StepError> {
    step::announce(STEP);
    let started = Instant::now();
    let broken = |error: &dyn std::fmt::Display| StepError::own(STEP, error);
    let findings = findings(workspace.root()).map_err(|error| broken(&error))?;
    let list = std::fs::read_to_string(workspace.path(KNOWN)).map_err(|error| broken(&error))?;
    let known = known::read(&list).map_err(|error| broken(&error))?;
    let (new, needless) = known::hold_against(&known, &findings);
    new.iter().for_each(step::note);
    needless.iter().for_each(|line| {
        step::note(format_args!("{KNOWN}: '{line}' is mended; take the line out"));
    });
    if new.is_empty() && needless.is_empty() {
        let took = started.elapsed();
        step::note(format_args!("done in {:.1} s; {} exceptions left", took.as_secs_f64(), known.len()));
        Ok(took)
    } else {
        Err(StepError::own(
            STEP,
            format_args!("{} places to mend, as listed above", new.len() + needless.len()),
        ))
    }
}

/// Why the sources could not be judged.
#[derive(Debug, thiserror::Error)]
enum StructureError {
    #[error(transparent)]
    Rust(#[from] rust::ReadError),
    #[error("{path} cannot be read ({source})")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path} is no manifest: {source}")]
    Manifest { path: String, source: toml::de::Error },
}

fn findings(top: &Path) -> Result<Vec<Finding>, StructureError> {
    let mut findings = Vec::new();
    for package in CRATES {
        findings.extend(of_package(top, package)?);
    }
    findings.extend(of_pages(top)?);
    findings.extend(of_variables(top)?);
    findings.sort();
    findings.dedup();
    Ok(findings)
}

fn of_package(top: &Path, package: &str) -> Result<Vec<Finding>, StructureError> {
    let manifest = top.join(package).join("Cargo.toml");
    let text = text(&manifest)?;
    let mut findings = directions::of_manifest(package, &text)
        .map_err(|source| StructureError::Manifest { path: rust::shown(top, &manifest), source })?;
    for root in rust::roots(&top.join(package)) {
        let (modules, files) = rust::read(top, &root)?;
        let arrows = arrows::of(&modules);
        let files_on_circles = file_circles(&arrows.files);
        let folder = root.parent().map(|folder| rust::shown(top, folder)).unwrap_or_default();
        for (place, arrows) in &arrows.folders {
            let place = if place.is_empty() { folder.clone() } else { format!("{folder}/{place}") };
            let circles = folder_circles(&place, arrows);
            findings.extend(circles.into_iter().filter(|circle| !is_of_files(circle, &files_on_circles)));
        }
        findings.extend(files_on_circles);
        if package == "protocol" {
            findings.extend(directions::of_protocol(&modules));
        }
        if package == "src-tauri" {
            findings.extend(files.iter().flat_map(window::of));
        }
    }
    Ok(findings)
}

fn of_pages(top: &Path) -> Result<Vec<Finding>, StructureError> {
    let folder = top.join(PAGES);
    let mut paths = Vec::new();
    files_below(&folder, &mut paths)?;
    let mut scripts = Vec::new();
    for path in paths {
        let inside = rust::shown(&folder, &path);
        let is_script = [".ts", ".js", ".svelte"].iter().any(|end| inside.ends_with(end));
        if is_script && !inside.ends_with(".test.ts") {
            let imports = scripts::imports(&path, &text(&path)?);
            scripts.push(scripts::Script { path: inside, imports });
        }
    }
    let arrows = scripts::arrows(PAGES, &scripts);
    let mut findings = directions::of_pages(PAGES, &scripts);
    let files_on_circles = file_circles(&arrows);
    for (folder, arrows) in scripts::between_folders(&arrows) {
        let circles = folder_circles(&folder, &arrows);
        findings.extend(circles.into_iter().filter(|circle| !is_of_files(circle, &files_on_circles)));
    }
    findings.extend(files_on_circles);
    Ok(findings)
}

fn of_variables(top: &Path) -> Result<Vec<Finding>, StructureError> {
    const ENDS: &[&str] = &[".rs", ".ts", ".svelte", ".js", ".mjs", ".py", ".sh", ".yml", ".toml"];
    let mut paths = Vec::new();
    for folder in CRATES.iter().copied().chain([PAGES, "ui/tests", ".ci", ".github"]) {
        files_below(&top.join(folder), &mut paths)?;
    }
    let mut sources = Vec::new();
    for path in paths.iter().filter(|path| ENDS.iter().any(|end| path.to_string_lossy().ends_with(end))) {
        sources.push((rust::shown(top, path), text(path)?));
    }
    let sources = sources.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    Ok(variables::agree(&text(&top.join(variables::TABLE))?, sources))
}

fn file_circles(arrows: &[Arrow]) -> Vec<Finding> {
    let finding = |(file, circle): (String, OnCircle)| {
        Finding::new(&file, circle.way[0].line, Rule::Circle, circle.in_words())
    };
    circles::circles(arrows).into_iter().map(finding).collect()
}

/// Whether a circle of folders is no more than the circle of two files that was found already.
fn is_of_files(circle: &Finding, files_on_circles: &[Finding]) -> bool {
    let is_this = |file: &str| file.strip_suffix(".rs").unwrap_or(file) == circle.path;
    files_on_circles.iter().any(|found| is_this(&found.file))
}

fn folder_circles(folder: &str, arrows: &[Arrow]) -> Vec<Finding> {
    let finding = |(name, circle): (String, OnCircle)| Finding {
        file: circle.way[0].file.clone(),
        line: circle.way[0].line,
        rule: Rule::FolderCircle,
        path: format!("{folder}/{name}"),
        what: format!("{name} {}", circle.in_words()),
    };
    circles::circles(arrows).into_iter().map(finding).collect()
}

fn text(path: &Path) -> Result<String, StructureError> {
    std::fs::read_to_string(path).map_err(|source| StructureError::File { path: path.to_owned(), source })
}

/// Every file below a folder, in order; what is built or installed there aside.
fn files_below(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), StructureError> {
    let wrong = |source| StructureError::File { path: folder.to_owned(), source };
    let mut inside: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(wrong)?;
    inside.sort();
    for path in inside {
        let built = path
            .file_name()
            .is_some_and(|name| ["node_modules", "target", "gen", "dist"].iter().any(|skip| name == *skip));
        if path.is_dir() && !built {
            files_below(&path, into)?;
        } else if path.is_file() {
            into.push(path);
        }
    }
    Ok(())
}
