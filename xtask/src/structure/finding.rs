//! What the step found: a place, the rule that it breaks, and a sentence about it.

use std::fmt;

/// The rules, by the names under which exceptions to them are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Files that need each other in a ring.
    Circle,
    /// Folders (or a folder and a file beside it) that need each other in a ring.
    FolderCircle,
    /// A crate that looks where it must not.
    Direction,
    /// The window reckons with money, time or sectors.
    Arithmetic,
    /// The window reads an error's words to decide something.
    ErrorWords,
    /// A command of the window that does more than convert, call, convert.
    LongCommand,
    /// A variable that the table in `CONTRIBUTING.md` and the sources do not agree about.
    Variable,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 7] = [
        Self::Circle,
        Self::FolderCircle,
        Self::Direction,
        Self::Arithmetic,
        Self::ErrorWords,
        Self::LongCommand,
        Self::Variable,
    ];

    /// Its name in the list of exceptions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::FolderCircle => "folder circle",
            Self::Direction => "direction",
            Self::Arithmetic => "arithmetic",
            Self::ErrorWords => "error words",
            Self::LongCommand => "long command",
            Self::Variable => "variable",
        }
    }
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, from the top of the checkout, with `/`.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    pub rule: Rule,
    /// What an exception would name: the file; the folder for a circle of folders.
    pub path: String,
    /// What is wrong, and where else to look.
    pub what: String,
}

impl Finding {
    /// A finding in a file, which an exception would name.
    pub fn new(file: &str, line: usize, rule: Rule, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, rule, path: file.to_owned(), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}: {}", self.file, self.line, self.rule.name(), self.what)
    }
}
