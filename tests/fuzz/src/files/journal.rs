//! What the player keeps so that nothing is lost: open orders and vouchers, past orders, the cart, counted uses.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use cadenza_player::library::ledger::{Ledger, Use};
use cadenza_player::store::cart::{Cart, MOST_ITEMS};
use cadenza_player::store::journal::Journal;
use cadenza_player::store::orders::OrderBook;
use cadenza_protocol::id::VoucherId;
use tempfile::TempDir;

/// In memory, where there is such a place.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder for one file")
});

/// The first byte chooses what is read.
pub fn read(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else { return };
    match which % 5 {
        0 => at("order-00.json", rest, |path| {
            for order in journal(path).orders() {
                serde_json::to_vec(&order).expect("the journal is plain data");
            }
        }),
        1 => at("voucher-00.json", rest, |path| {
            for voucher in journal(path).vouchers() {
                assert_eq!(voucher.id(), voucher.duplicate().id());
                serde_json::to_vec(&voucher).expect("the journal is plain data");
            }
        }),
        2 => at("orders.json", rest, |path| drop(OrderBook::open(path.to_owned()).all())),
        3 => at("cart.json", rest, |path| assert!(Cart::open(path).items().len() <= MOST_ITEMS)),
        _ => at("record-ledger", rest, ledger),
    }
}

/// What was read once is read again the same, and one use more is one use more.
fn ledger(path: &Path) {
    let voucher = VoucherId::from_bytes([7; 16]);
    let Ok(book) = Ledger::open(path) else { return };
    let before = book.used(Use::Play, voucher);
    drop(book);
    let again = Ledger::open(path).expect("what was accepted is accepted again");
    assert_eq!(again.used(Use::Play, voucher), before);
}

fn journal(file: &Path) -> Journal {
    let folder = file.parent().expect("it stands in a folder").to_owned();
    Journal::new(folder.clone(), folder)
}

fn at(name: &str, bytes: &[u8], read: impl FnOnce(&Path)) {
    let path = FOLDER.path().join(name);
    fs::write(&path, bytes).expect("room for one file");
    read(&path);
    // what was damaged may have been set aside under another name
    for kept in fs::read_dir(FOLDER.path()).expect("our own folder").flatten() {
        fs::remove_file(kept.path()).expect("our own file");
    }
}
