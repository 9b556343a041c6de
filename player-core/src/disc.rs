//! Audio discs: from a track list to Red Book sectors (IEC 60908), and from there to an image or a drive.
//!
//! `layout` places tracks on the disc and checks what the standard and the blank allow; `sectors` decrypts, decodes
//! and converts track by track, straight into the sector being written, so that no clear file ever lies on a disk
//! (D4); `sheet` writes the CUE sheet and the cdrdao TOC; `sealed` keeps the sectors of an image unreadable until it has its name,
//! `image` puts it into a folder, `unfinished` remembers what a crash would leave; `burn` is the job: permission, writing,
//! verification, progress; `failure` is how it ends without a disc.

pub mod burn;
pub mod draft;
pub mod failure;
pub mod image;
pub mod layout;
pub mod sealed;
pub mod sectors;
pub mod sheet;
pub mod unfinished;
