//! The table of targets: our figures beside those of programs that people already have, measured
//! in the same run on the same audio. Started by `cargo xtask bench`.
//!
//! Absolute times belong to one machine; the ratios are what is compared over time.

mod decode;
mod delivery;
mod disc;
mod hostile;
mod listener;
mod seek;
mod sound;
mod start;
mod table;

use std::cell::LazyCell;
use std::path::PathBuf;

use cadenza_tests::sound_card::SoundCard;
use listener::Listener;
use table::Figure;

/// What was asked for on the command line.
#[derive(Debug, Default)]
struct Wish {
    quick: bool,
    /// Said by this program to itself: the sound card is ours, measure.
    on_own_card: bool,
    /// One target by its id; all without.
    only: Option<String>,
    write: Option<PathBuf>,
}

const NOT_YET: &str = "not measured yet";

fn main() {
    let mut wish = Wish::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => wish.quick = true,
            ON_OWN_CARD => wish.on_own_card = true,
            "--only" => wish.only = words.next(),
            "--write" => wish.write = words.next().map(PathBuf::from),
            // cargo says so to every bench program.
            "--bench" => (),
            other => panic!("unknown word {other}"),
        }
    }
    if !wish.on_own_card {
        return again_on_own_card();
    }
    let listener = LazyCell::new(|| {
        eprintln!("preparing: a store, a listener, three long tracks bought");
        Listener::with_long_tracks(if wish.quick { 3 } else { 10 })
    });
    let rounds = if wish.quick { 3 } else { 7 };
    let measures: [(&str, &dyn Fn() -> Figure); 13] = [
        ("P1", &|| decode::measure(&listener, rounds)),
        ("P3", &|| seek::measure(&listener, if wish.quick { 100 } else { 500 })),
        ("P4", &|| start::measure(&listener, rounds)),
        ("P5", &|| Figure::missing("P5", "preview: click to first sample", NOT_YET)),
        ("P6", &|| delivery::measure(&listener)),
        ("P7", &|| Figure::missing("P7", "warm start to painted window", NOT_YET)),
        ("P8", &|| Figure::missing("P8", "memory", NOT_YET)),
        ("P9", &|| Figure::missing("P9", "CPU while playing", NOT_YET)),
        ("P10", &|| Figure::missing("P10", "search", NOT_YET)),
        ("P11", &|| disc::measure(&listener)),
        ("P12", &|| Figure::missing("P12", "preview streams per core", NOT_YET)),
        ("P13", &|| Figure::missing("P13", "publish a song", NOT_YET)),
        ("F12", &|| hostile::measure(wish.quick)),
    ];
    let wanted = |id: &str| wish.only.as_deref().is_none_or(|only| only == id);
    let figures: Vec<Figure> = measures
        .iter()
        .filter(|(id, _)| wanted(id))
        .map(|(id, measure)| {
            eprintln!("measuring {id}");
            measure()
        })
        .collect();
    let table = table::markdown(&figures);
    println!("\n{table}");
    if let Some(path) = wish.write {
        std::fs::write(&path, table).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// Marks the run that really measures.
const ON_OWN_CARD: &str = "--on-own-card";

/// Runs this program once more with a private sound card as the system's only one.
fn again_on_own_card() {
    let card = SoundCard::start();
    let own = std::env::current_exe().expect("a running program knows its own path");
    let mut command = std::process::Command::new(own);
    command.args(std::env::args_os().skip(1)).arg(ON_OWN_CARD).envs(card.environment());
    let status = command.status().expect("this very program starts");
    drop(card);
    std::process::exit(status.code().unwrap_or(1));
}
