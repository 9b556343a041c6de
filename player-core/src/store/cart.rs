//! The cart (requirement B1): what the listener means to buy, kept in the home folder so that it is there tomorrow.

use std::path::{Path, PathBuf};

use cadenza_protocol::id::MediaId;
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};

use crate::atomic::{self, FileError};

const BOUND: u64 = 1 << 20;
/// Most items in one cart.
pub const MOST_ITEMS: usize = 500;

/// One track in one quality.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CartItem {
    /// What.
    pub media_id: MediaId,
    /// In which quality; the best on sale when absent.
    pub quality: Option<String>,
}

/// The cart and its file.
#[derive(Debug)]
pub struct Cart {
    path: PathBuf,
    items: Mutex<Vec<CartItem>>,
}

impl Cart {
    /// The cart in this file; empty when there is none, or none that can be read: a cart is soon filled again.
    pub fn open(path: &Path) -> Self {
        let bytes = atomic::read_bounded(path, BOUND).unwrap_or_default();
        let mut items: Vec<CartItem> = serde_json::from_slice(&bytes).unwrap_or_default();
        items.truncate(MOST_ITEMS);
        Self { path: path.to_owned(), items: Mutex::new(items) }
    }

    /// What is in it, in the order of adding.
    pub fn items(&self) -> Vec<CartItem> {
        self.locked().clone()
    }

    /// Adds tracks, or changes their quality: no track is in a cart twice. A full cart stays as it is.
    pub fn add(&self, added: Vec<CartItem>) -> Result<(), FileError> {
        self.change(|items| {
            for item in added {
                match items.iter().position(|i| i.media_id == item.media_id) {
                    Some(place) => items[place] = item,
                    None if items.len() < MOST_ITEMS => items.push(item),
                    None => {}
                }
            }
        })
    }

    /// Takes tracks out.
    pub fn remove(&self, media_ids: &[MediaId]) -> Result<(), FileError> {
        self.change(|items| items.retain(|i| !media_ids.contains(&i.media_id)))
    }

    /// Empties it.
    pub fn clear(&self) -> Result<(), FileError> {
        self.change(Vec::clear)
    }

    /// Changes the file first: what is shown is what is kept.
    fn change(&self, change: impl FnOnce(&mut Vec<CartItem>)) -> Result<(), FileError> {
        let mut items = self.locked();
        let mut changed = items.clone();
        change(&mut changed);
        let json = serde_json::to_vec(&changed).expect("a cart is plain data");
        atomic::replace_file(&self.path, &json)?;
        *items = changed;
        Ok(())
    }

    fn locked(&self) -> MutexGuard<'_, Vec<CartItem>> {
        self.items.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // B1
    #[test]
    fn a_cart_is_there_tomorrow_and_holds_no_track_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cart.json");
        let (one, two) = (MediaId::random(), MediaId::random());
        let cart = Cart::open(&path);
        let item =
            |media_id, quality: Option<&str>| CartItem { media_id, quality: quality.map(str::to_owned) };
        cart.add(vec![item(one, None), item(two, None)]).unwrap();
        cart.add(vec![item(one, Some("lossy"))]).unwrap();
        let tomorrow = Cart::open(&path);
        assert_eq!(tomorrow.items().len(), 2);
        assert_eq!(tomorrow.items()[0], CartItem { media_id: one, quality: Some("lossy".into()) });
        tomorrow.remove(&[one]).unwrap();
        assert_eq!(Cart::open(&path).items().len(), 1);
    }
}
