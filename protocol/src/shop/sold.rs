//! What a price is for (requirements B1, R1): in prices, reservations and the secure logs.

use serde::{Deserialize, Serialize};

/// What is sold: what the buyer decided on, and what the price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sold {
    /// One track at its own price.
    Track,
    /// All tracks of an album that are for sale in this quality, at the album's price.
    Album,
    /// All tracks of an album that its buyer has not bought yet, for what the album costs less what was paid for the others.
    Completion,
}

impl Sold {
    /// The word in messages and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Album => "album",
            Self::Completion => "completion",
        }
    }

    /// The number in log entries.
    pub const fn code(self) -> u8 {
        match self {
            Self::Track => 1,
            Self::Album => 2,
            Self::Completion => 3,
        }
    }

    /// What a number in a log entry means.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Track, Self::Album, Self::Completion].into_iter().find(|sold| sold.code() == code)
    }
}

/// A word that is no [`Sold`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is nothing that is sold; was a newer version here?")]
pub struct UnknownSold(pub String);

impl std::str::FromStr for Sold {
    type Err = UnknownSold;

    fn from_str(word: &str) -> Result<Self, UnknownSold> {
        match word {
            "track" => Ok(Self::Track),
            "album" => Ok(Self::Album),
            "completion" => Ok(Self::Completion),
            _ => Err(UnknownSold(word.to_owned())),
        }
    }
}
