//! Audio discs: from a track list to Red Book sectors (IEC 60908), and from there to an image or a drive.
//!
//! `layout` places tracks on the disc and checks what the standard and the blank allow; `sectors` decrypts, decodes
//! and converts track by track, straight into the sector being written, so that no clear file ever lies on a disk
//! (D4); `sheet` writes the CUE sheet and the cdrdao TOC; `image` puts an image into a folder; `burn` is the job:
//! permission, writing, verification, progress; `failure` is how it ends without a disc.

pub mod burn;
pub mod draft;
pub mod failure;
pub mod image;
pub mod layout;
pub mod sectors;
pub mod sheet;
