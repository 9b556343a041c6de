//! Many runs of [`cadenza_tests::chaos`], one after the other, with a tally: `cargo xtask chaos` starts it.
//!
//! ```text
//! chaos RUNS SEED [SECONDS]      runs of the seeds SEED, SEED + 1, ...; ends early when the seconds are over
//! ```

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use std::collections::BTreeMap;
    use std::time::{Duration, Instant};

    let words: Vec<u64> = std::env::args().skip(1).map(|word| word.parse().expect("numbers")).collect();
    let [runs, seed] = [0, 1].map(|place| words.get(place).copied().unwrap_or(1));
    let until = words.get(2).map(|seconds| Instant::now() + Duration::from_secs(*seconds));
    let template = cadenza_tests::chaos::Template::make();
    let (mut tally, mut failed, mut waited) = (BTreeMap::<&str, [u64; 2]>::new(), Vec::new(), Duration::ZERO);
    let mut done = 0;
    for seed in seed..seed.saturating_add(runs) {
        if until.is_some_and(|until| Instant::now() > until) {
            break;
        }
        let outcome = cadenza_tests::chaos::run(&template, seed);
        let kind = tally.entry(outcome.plan.fault.kind()).or_default();
        kind[0] += 1;
        kind[1] += u64::from(outcome.struck);
        waited = waited.max(outcome.waited);
        done += 1;
        let struck = if outcome.struck { "struck" } else { "did not strike" };
        println!("{}: {struck}, {:.1} s", outcome.plan, outcome.took.as_secs_f64());
        if !outcome.broken.is_empty() {
            println!(
                "BROKEN: {}\nrepeat it with: cargo xtask chaos --runs 1 --seed {seed}",
                outcome.broken.join("\n")
            );
            failed.push(seed);
        }
    }
    println!("\n{done} runs");
    for (kind, [drawn, struck]) in &tally {
        println!("{kind}: {drawn} drawn, {struck} struck");
    }
    println!("longest wait: {:.1} s", waited.as_secs_f64());
    println!("broken: {} {failed:?}", failed.len());
    if failed.is_empty() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("chaos needs Linux: a second loopback address, and processes that end at once");
    std::process::ExitCode::FAILURE
}
