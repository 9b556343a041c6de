//! How good a passphrase is (requirement G5): an estimate of how many tries a patient guesser needs.
//!
//! The passport file can be copied, so the guesser is offline and only the passphrase's own unpredictability and the cost of
//! a try (Argon2id, 64 MiB) stand in the way. `zxcvbn` counts the guesses. It knows English: a word of another language
//! would be worth its letters, so a passphrase of plain words is worth no more than so many places in a dictionary.

use std::collections::HashSet;

/// Fewest characters that are accepted.
pub const FEWEST_CHARACTERS: usize = 10;
/// Fewest guesses that are accepted, as a power of ten.
const FEWEST_GUESSES: f64 = 11.5;
/// A word of any language is one of about 12,000.
const WORD_GUESSES: f64 = 4.08;

/// What the meter shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strength {
    /// 0 (hopeless) to 4 (very good).
    pub score: u8,
    /// Whether it may lock a passport.
    pub acceptable: bool,
    /// What would help.
    pub advice: Advice,
}

/// What to say beside the meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Fewer than [`FEWEST_CHARACTERS`].
    TooShort,
    /// Everyone's first idea.
    TooCommon,
    /// Four or five unrelated words would do.
    AddWords,
    /// Nothing more to do.
    Good,
}

/// First ideas that a list of English passwords does not know.
const FIRST_IDEAS: &[&str] =
    &["cadenza", "passphrase", "passwort", "qwertz", "azerty", "correct", "horse", "battery", "staple"];

/// Judges a passphrase. `known` are words that belong to the person (name, e-mail): they add nothing.
pub fn estimate(passphrase: &str, known: &[&str]) -> Strength {
    let secret = without(passphrase, known);
    let guesses = zxcvbn::zxcvbn(&secret, &[]).guesses_log10().min(as_words(&secret));
    let score = match guesses {
        g if g < 6.0 => 0,
        g if g < FEWEST_GUESSES => 1,
        g if g < 15.0 => 2,
        g if g < 19.0 => 3,
        _ => 4,
    };
    let long_enough = passphrase.chars().count() >= FEWEST_CHARACTERS;
    let acceptable = long_enough && guesses >= FEWEST_GUESSES;
    let advice = if !long_enough {
        Advice::TooShort
    } else if score == 0 {
        Advice::TooCommon
    } else if score < 3 {
        Advice::AddWords
    } else {
        Advice::Good
    };
    Strength { score, acceptable, advice }
}

/// The passphrase without the words that anyone would try first.
fn without(passphrase: &str, known: &[&str]) -> String {
    let personal = known.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let personal = personal.filter(|word| word.chars().count() > 2).map(str::to_lowercase);
    let first: Vec<String> = personal.chain(FIRST_IDEAS.iter().map(|idea| (*idea).to_owned())).collect();
    let folded = passphrase.to_lowercase();
    if first.iter().any(|word| folded.contains(word)) {
        first.iter().fold(folded, |rest, word| rest.replace(word, ""))
    } else {
        passphrase.to_owned()
    }
}

/// Guesses for so many different words, where there is nothing but words.
fn as_words(secret: &str) -> f64 {
    let folded = secret.to_lowercase();
    let is_separator = |c: char| c.is_whitespace() || matches!(c, '-' | '_' | '.' | ',');
    let words: HashSet<&str> = folded.split(is_separator).filter(|word| !word.is_empty()).collect();
    let are_plain = words.iter().all(|word| word.chars().all(char::is_alphabetic));
    if are_plain { words.len() as f64 * WORD_GUESSES } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;

    // G5
    #[test]
    fn short_common_and_repeated_passphrases_are_refused() {
        for weak in [
            "",
            "short",
            "passwordpassword",
            "aaaaaaaaaaaaaaaaaaaa",
            "1234567890123",
            "qwertyqwerty1",
            "abcdefghijklmnop",
            "correct horse battery staple",
            "Straßenbahnhaltestelle",
            "Fensterbank Regenwurm",
        ] {
            assert!(!estimate(weak, &[]).acceptable, "{weak}");
        }
    }

    #[test]
    fn four_unrelated_words_or_twelve_mixed_characters_pass() {
        for good in [
            "harbour velvet onion cartwheel",
            "tR7#mQ2!vL9x",
            "heron under seven bridges tonight",
            "Fensterbank Regenwurm Blumentopf",
        ] {
            assert!(estimate(good, &[]).acceptable, "{good}");
        }
        assert_eq!(estimate("harbour velvet onion cartwheel seldom quartz", &[]).score, 4);
    }

    #[test]
    fn one_s_own_name_adds_nothing() {
        let known = ["Annabel Lee", "annabel@example.org"];
        assert!(!estimate("annabel-lee-example-org", &known).acceptable);
        assert!(!estimate("Annabel7Lee7Example7", &known).acceptable);
    }
}
