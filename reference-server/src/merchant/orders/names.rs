//! What an order is called. Whoever has its key, or the id that follows from the key, is its buyer; so neither stands in the tables, which
//! hold what can be made of them and not undone. A thief of the tables fetches nothing with that.
//!
//! ```text
//! the buyer's key ──▶ id, in answers and addresses ──▶ order_id, the row's own
//!        └──────────▶ idempotency_key, by which the row is found
//! ```

use cadenza_protocol::crypto::sha256;
use cadenza_protocol::id::hex;
use cadenza_protocol::pay::OrderName;

/// Bytes of an id.
const ID: usize = 16;

/// What the buyer's answers call an order with this key.
pub(super) fn id_of(key: &str) -> String {
    one_way("cadenza/v1/order-id", key)
}

/// The row of an order with this id.
pub(super) fn row_of(id: &str) -> String {
    one_way("cadenza/v1/order-row", id)
}

/// By which the row of a key is found; the payment processor knows it too.
pub(super) fn found_by(key: &str) -> String {
    OrderName::of_key(key).to_string()
}

fn one_way(what: &str, text: &str) -> String {
    hex(&sha256(format!("{what}\0{text}").as_bytes())[..ID])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_has_one_id_and_one_row_and_nothing_leads_back() {
        let (id, other) = (id_of("a-key-of-a-buyer"), id_of("another-key-of-one"));
        assert_eq!((id.len(), id.as_str()), (32, id_of("a-key-of-a-buyer").as_str()));
        assert_ne!(id, other);
        assert_ne!(row_of(&id), id);
        assert_ne!(found_by("a-key-of-a-buyer"), row_of(&id));
    }
}
