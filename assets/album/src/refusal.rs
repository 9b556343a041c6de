//! Why a score cannot be read: said so that whoever typed it finds the place.

/// Why a score was refused, and where to look.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotationError {
    #[error("the header lacks '{0}:'; add that line above the first block")]
    MissingField(&'static str),
    #[error("line {line}: {what}")]
    Line { line: usize, what: String },
    #[error("{place}: holds {found} quarters where the metre wants {wanted}; count its notes")]
    BarLength { place: Place, found: String, wanted: String },
    #[error("{place}: {what}")]
    Bar { place: Place, what: String },
    #[error("'play:' names the block [{0}], which is not written; write it or take it out")]
    UnknownBlock(String),
    #[error(
        "part {part}: the tie from bar {bar} (as played) leads to no note of the same pitch; write that note or drop the '~'"
    )]
    LooseTie { part: String, bar: usize },
}

/// Where in the text something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub block: String,
    pub part: String,
    /// Counted from 1 within the block.
    pub bar: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "block [{}], part {}, bar {}", self.block, self.part, self.bar)
    }
}
