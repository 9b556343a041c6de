//! How good a passphrase is (requirement G5): an estimate of how many tries a patient guesser needs.
//!
//! The passport file can be copied, so the guesser is offline and only the passphrase's own unpredictability and the cost of
//! a try (Argon2id, 64 MiB) stand in the way. The estimate is deliberately simple and pessimistic: it counts distinct
//! words and character kinds, and gives nothing for repeats, runs and the passphrases that everyone chooses.

use std::collections::HashSet;

/// Fewest characters that are accepted.
pub const FEWEST_CHARACTERS: usize = 10;
/// Fewest bits that are accepted.
const FEWEST_BITS: f32 = 40.0;

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

/// Words and runs in very many leaked passwords; each counts as one guess of a short list.
const COMMON: &[&str] = &[
    "password",
    "passwort",
    "passphrase",
    "passw0rd",
    "p@ssw0rd",
    "qwerty",
    "qwertz",
    "azerty",
    "letmein",
    "welcome",
    "admin",
    "login",
    "iloveyou",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "master",
    "shadow",
    "superman",
    "batman",
    "trustno1",
    "starwars",
    "whatever",
    "freedom",
    "hello",
    "secret",
    "cadenza",
    "music",
    "abc",
    "asdf",
    "zxcv",
    "qaz",
    "wsx",
    "correct",
    "horse",
    "battery",
    "staple",
];

/// Judges a passphrase. `known` are words that belong to the person (name, e-mail): they add nothing.
pub fn estimate(passphrase: &str, known: &[&str]) -> Strength {
    let bits = bits(&passphrase.to_lowercase(), passphrase, known);
    let score = match bits {
        b if b < 20.0 => 0,
        b if b < FEWEST_BITS => 1,
        b if b < 55.0 => 2,
        b if b < 70.0 => 3,
        _ => 4,
    };
    let long_enough = passphrase.chars().count() >= FEWEST_CHARACTERS;
    let acceptable = long_enough && bits >= FEWEST_BITS;
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

fn bits(folded: &str, original: &str, known: &[&str]) -> f32 {
    let pool = pool_bits(original);
    let is_separator = |c: char| c.is_whitespace() || matches!(c, '-' | '_' | '.' | ',');
    let words: HashSet<&str> = folded.split(is_separator).filter(|w| !w.is_empty()).collect();
    words.into_iter().map(|word| word_bits(word, pool, known)).sum()
}

/// A word is worth its letters, but a plain word of letters no more than a place in a long dictionary.
fn word_bits(word: &str, pool: f32, known: &[&str]) -> f32 {
    let mut rest = word.to_owned();
    let mut bits = 0.0;
    let personal =
        known.iter().flat_map(|k| k.split(|c: char| !c.is_alphanumeric())).filter(|k| k.chars().count() > 2);
    for known in personal {
        rest = rest.replace(&known.to_lowercase(), "");
    }
    for common in COMMON {
        if rest.contains(common) {
            rest = rest.replace(common, "");
            bits += 5.0;
        }
    }
    let letters = fresh_characters(&rest);
    let is_plain = rest.chars().all(char::is_alphabetic);
    let worth = letters * pool;
    // 13.6 bits: one of about 12,000 words.
    bits + if is_plain && letters >= 3.0 { worth.min(13.6) } else { worth }
}

/// Characters that are not a repeat of, or a step from, the one before them.
fn fresh_characters(text: &str) -> f32 {
    let mut last: Option<char> = None;
    let mut count = 0.0;
    for c in text.chars() {
        let step = last.map(|l| (c as i64 - l as i64).abs());
        count += if matches!(step, Some(0 | 1)) { 0.2 } else { 1.0 };
        last = Some(c);
    }
    count
}

/// Bits of one character drawn from the kinds that occur, less a third: people do not draw at random.
fn pool_bits(text: &str) -> f32 {
    let has = |kind: fn(char) -> bool| text.chars().any(kind);
    let kinds = [
        (has(|c| c.is_ascii_lowercase()), 26.0),
        (has(|c| c.is_ascii_uppercase()), 26.0),
        (has(|c| c.is_ascii_digit()), 10.0),
        (has(|c| c.is_ascii_punctuation()), 32.0),
        (has(|c| !c.is_ascii()), 100.0),
    ];
    let size: f32 = kinds.into_iter().filter(|(there, _)| *there).map(|(_, n)| n).sum();
    if size > 0.0 { size.log2() * 0.66 } else { 0.0 }
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
        ] {
            assert!(!estimate(weak, &[]).acceptable, "{weak}");
        }
    }

    #[test]
    fn four_unrelated_words_or_twelve_mixed_characters_pass() {
        for good in ["harbour velvet onion cartwheel", "tR7#mQ2!vL9x", "heron under seven bridges tonight"] {
            assert!(estimate(good, &[]).acceptable, "{good}");
        }
        assert_eq!(estimate("harbour velvet onion cartwheel seldom quartz", &[]).score, 4);
    }

    #[test]
    fn one_s_own_name_adds_nothing() {
        let known = ["Annabel Lee", "annabel@example.org"];
        assert!(!estimate("annabel-lee-example-org", &known).acceptable);
    }
}
