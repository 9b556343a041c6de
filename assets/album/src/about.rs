//! What is written about a track: the `ABOUT.toml` that the authoring tool reads.
//!
//! `album.toml` holds what all tracks share, `about/NN-slug.toml` what is a track's own and wins.
//! Times that depend on the performance are added here: the clip's start and, as
//! LRC lines, when each word of the score is heard.

use toml::{Table, Value};

/// Times of a finished recording, in seconds from its first sample.
#[derive(Debug)]
pub struct Times {
    pub words: Vec<(f64, String)>,
    pub clip: f64,
    pub length: f64,
}

/// The finished ABOUT.toml.
pub fn write(shared: &Table, own: &Table, number: i64, count: i64, times: &Times) -> String {
    let mut about = shared.clone();
    merge(&mut about, own);
    about.insert("track".into(), Value::Integer(number));
    about.insert("track_count".into(), Value::Integer(count));
    if !times.words.is_empty() {
        about.insert("lyrics".into(), Value::String(lyrics(&times.words)));
    }
    let clip = about.entry("clip").or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(clip) = clip {
        let wanted = clip.get("duration").and_then(Value::as_float).unwrap_or(30.0);
        let duration = wanted.min(times.length);
        let start = times.clip.min(times.length - duration).max(0.0);
        clip.insert("start".into(), Value::Float((start * 100.0).round() / 100.0));
        clip.insert("duration".into(), Value::Float(duration));
    }
    toml::to_string(&about).unwrap_or_default()
}

fn merge(into: &mut Table, from: &Table) {
    for (key, value) in from {
        match (into.get_mut(key), value) {
            (Some(Value::Table(inner)), Value::Table(more)) => merge(inner, more),
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

fn lyrics(words: &[(f64, String)]) -> String {
    let line = |(at, text): &(f64, String)| {
        let hundredths = (at.max(0.0) * 100.0).round() as u64;
        let (minutes, rest) = (hundredths / 6000, hundredths % 6000);
        format!("[{minutes:02}:{:02}.{:02}] {text}\n", rest / 100, rest % 100)
    };
    words.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_keeps_what_is_shared_and_its_own_word_wins() {
        let shared =
            "album = 'A'\ngenre = 'Classical'\n[price]\nlossy = 99\nlossless = 129\n".parse().unwrap();
        let own = "title = 'T'\ngenre = 'Ragtime'\n[price]\nlossy = 79\n".parse().unwrap();
        let times = Times { words: vec![(61.256, "Hello".into())], clip: 80.0, length: 100.0 };
        let about: Table = write(&shared, &own, 2, 9, &times).parse().unwrap();
        assert_eq!(about["genre"].as_str(), Some("Ragtime"));
        assert_eq!(about["price"]["lossless"].as_integer(), Some(129));
        assert_eq!(about["price"]["lossy"].as_integer(), Some(79));
        assert_eq!(about["lyrics"].as_str(), Some("[01:01.26] Hello\n"));
        assert_eq!(about["clip"]["start"].as_float(), Some(70.0));
    }
}
