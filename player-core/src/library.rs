//! The library: what is on this computer (requirements M6 to M8, D3).
//!
//! The truth is files: bought tracks in `music/`, the listener's own files where they are. [`index`] keeps what was read from
//! them (sled), [`shelf`] holds it in memory for lists ([`selection`], [`groups`]) and [`search`], [`scan`] and [`import`] read the
//! files, [`playlist`], [`plays`], [`ledger`] and [`counts`] keep what cannot be read from any file.

pub mod counts;
pub mod groups;
pub mod import;
pub mod index;
pub mod ledger;
pub mod lyrics;
pub mod playlist;
pub mod plays;
pub mod scan;
pub mod search;
pub mod selection;
pub mod shelf;
pub mod track;

pub use groups::AlbumKey;
pub use index::{Index, IndexError};
pub use plays::Plays;
pub use shelf::{Library, TrackOrder};
pub use track::{Origin, TrackId, TrackRecord};
