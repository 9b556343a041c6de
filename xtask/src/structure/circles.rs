//! Circles: things of which each needs the next and the last needs the first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// `from` needs `to`, first at this line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub from: String,
    pub to: String,
    /// Where it is written.
    pub file: String,
    pub line: usize,
    /// What it takes from there.
    pub name: String,
}

/// A thing on a circle, with the shortest way round that leads through it.
#[derive(Debug, PartialEq, Eq)]
pub struct OnCircle {
    /// The arrows of the way round; the first one leaves the thing.
    pub way: Vec<Arrow>,
}

impl OnCircle {
    /// The way round in a sentence.
    pub fn in_words(&self) -> String {
        let step = |arrow: &Arrow| format!("needs {} ({})", arrow.to, arrow.name);
        self.way.iter().map(step).collect::<Vec<_>>().join(", which ")
    }
}

/// Everything that lies on some circle, by name.
pub fn circles(arrows: &[Arrow]) -> BTreeMap<String, OnCircle> {
    let mut leaving: BTreeMap<&str, Vec<&Arrow>> = BTreeMap::new();
    for arrow in arrows.iter().filter(|arrow| arrow.from != arrow.to) {
        leaving.entry(&arrow.from).or_default().push(arrow);
    }
    let on_circle = |start: &&str| Some(((*start).to_owned(), OnCircle { way: way_round(start, &leaving)? }));
    leaving.keys().filter_map(on_circle).collect()
}

/// The shortest way from a thing back to itself.
fn way_round(start: &str, leaving: &BTreeMap<&str, Vec<&Arrow>>) -> Option<Vec<Arrow>> {
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut queue: VecDeque<Vec<&Arrow>> = leaving.get(start)?.iter().map(|arrow| vec![*arrow]).collect();
    while let Some(way) = queue.pop_front() {
        let end = way.last()?.to.as_str();
        if end == start {
            return Some(way.into_iter().cloned().collect());
        }
        if reached.insert(end) {
            for next in leaving.get(end).into_iter().flatten() {
                queue.push_back(way.iter().copied().chain([*next]).collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrows(pairs: &[(&str, &str)]) -> Vec<Arrow> {
        let arrow = |(from, to): &(&str, &str)| Arrow {
            from: (*from).into(),
            to: (*to).into(),
            file: (*from).into(),
            line: 1,
            name: "it".into(),
        };
        pairs.iter().map(arrow).collect()
    }

    #[test]
    fn things_that_need_each_other_are_on_a_circle_and_what_only_leads_there_is_not() {
        let found = circles(&arrows(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(found["b"].way.iter().map(|arrow| arrow.to.as_str()).collect::<Vec<_>>(), ["c", "b"]);
    }

    #[test]
    fn a_way_without_return_and_a_thing_that_names_itself_are_no_circle() {
        assert!(circles(&arrows(&[("a", "b"), ("a", "c"), ("b", "c"), ("c", "c")])).is_empty());
    }
}
