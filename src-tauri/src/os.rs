//! What the operating system hands to the player, and takes from it.

pub mod links;
