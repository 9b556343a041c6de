//! One row for each figure, and the table of them.

use std::fmt::Write as _;

/// What was measured for one target.
#[derive(Debug)]
pub struct Figure {
    /// Its id in the targets, such as `P1`.
    pub id: &'static str,
    /// What was done.
    pub work: String,
    /// Our figure, with its unit.
    pub ours: String,
    /// The peer's figure in the same run, with its name.
    pub peer: String,
    /// The two compared, where that makes sense.
    pub ratio: String,
    /// What is wanted.
    pub target: String,
    /// Whether it was reached; unknown where nothing was measured.
    pub met: Option<bool>,
}

impl Figure {
    /// A target that no one measures yet, or that could not be measured here.
    pub fn missing(id: &'static str, work: &str, why: &str) -> Self {
        Self {
            id,
            work: work.to_owned(),
            ours: why.to_owned(),
            peer: String::new(),
            ratio: String::new(),
            target: String::new(),
            met: None,
        }
    }
}

/// The figures as a Markdown table.
pub fn markdown(figures: &[Figure]) -> String {
    let mut table = String::from("| id | work | Cadenza | peer, same run | ratio | target | met |\n");
    table.push_str("|---|---|---|---|---|---|---|\n");
    for Figure { id, work, ours, peer, ratio, target, met } in figures {
        let met = match met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "-",
        };
        let _ = writeln!(table, "| {id} | {work} | {ours} | {peer} | {ratio} | {target} | {met} |");
    }
    table
}

/// The middle one; half of the runs were faster.
pub fn median(mut values: Vec<f64>) -> f64 {
    percentile(&mut values, 0.5)
}

/// The value that this part of the runs stayed at or below.
pub fn percentile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((part * last as f64).round() as usize).copied().unwrap_or(f64::NAN)
}
