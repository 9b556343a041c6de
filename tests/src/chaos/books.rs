//! The books of shop, bank and content manager held against each other (F0), as their tables have them once everything is settled.

use std::path::Path;

use sqlx::SqlitePool;

use crate::programs::in_runtime;

/// What must not be there: a query for each, with what a row of it means. Payments stand under the merchant's key and the order's
/// id, the second try of an order under its id and a number.
const PROMISES: &[(&str, &str)] = &[
    (
        "is stranded, neither paid nor refused nor refunded",
        "SELECT 'order ' || order_id || ' (' || state || ')' FROM orders WHERE state IN ('open', 'refunding')",
    ),
    (
        "is paid and the bank took nothing for it, or something else",
        "SELECT 'order ' || o.order_id FROM orders o WHERE o.state = 'paid' AND 1 <> (SELECT COUNT(*) FROM payments p
         WHERE p.idempotency_key LIKE '%/' || o.order_id || '%' AND p.state = 'captured' AND p.amount_cents = o.total_cents)",
    ),
    (
        "was taken by the bank for no paid order",
        "SELECT 'payment of ' || p.amount_cents FROM payments p WHERE p.state = 'captured' AND NOT EXISTS
         (SELECT 1 FROM orders o WHERE o.state = 'paid' AND p.idempotency_key LIKE '%/' || o.order_id || '%')",
    ),
    (
        "is set aside at the bank for good",
        "SELECT 'payment of ' || amount_cents FROM payments WHERE state = 'authorized' AND amount_cents > 0",
    ),
    (
        "is refunded and the bank gave nothing back",
        "SELECT 'order ' || o.order_id FROM orders o WHERE o.state = 'refunded' AND NOT EXISTS (SELECT 1 FROM payments p
         WHERE p.idempotency_key LIKE '%/' || o.order_id || '%' AND p.state = 'refunded')",
    ),
    (
        "does not add up",
        "SELECT 'order ' || o.order_id FROM orders o WHERE o.state = 'paid'
         AND o.total_cents <> (SELECT SUM(i.price_cents) FROM order_items i WHERE i.order_id = o.order_id)",
    ),
    (
        "is paid and cannot be delivered, or stands in the content manager's table with other amounts",
        "SELECT 'voucher ' || i.voucher_id FROM order_items i JOIN orders o ON o.order_id = i.order_id
         LEFT JOIN vouchers v ON v.voucher_id = i.voucher_id WHERE o.state = 'paid' AND (v.voucher_id IS NULL
         OR v.state NOT IN ('purchased', 'delivered') OR v.retail_cents <> i.price_cents OR v.cost_cents <> i.cost_cents)",
    ),
    (
        "can be delivered and was not paid",
        "SELECT 'voucher ' || v.voucher_id || ' (' || v.state || ')' FROM vouchers v WHERE v.kind = 'purchase'
         AND v.state IN ('purchased', 'delivered') AND NOT EXISTS (SELECT 1 FROM order_items i
         JOIN orders o ON o.order_id = i.order_id WHERE i.voucher_id = v.voucher_id AND o.state = 'paid')",
    ),
    (
        "is delivered and not logged once with its amounts, or logged and not delivered",
        "SELECT 'voucher ' || v.voucher_id FROM vouchers v LEFT JOIN delivery_log d ON d.voucher_id = v.voucher_id
         WHERE v.kind = 'purchase' AND ((v.state = 'delivered' AND (d.voucher_id IS NULL OR d.cost_cents <> v.cost_cents
         OR d.retail_cents <> v.retail_cents)) OR (d.voucher_id IS NOT NULL AND v.state NOT IN ('delivered', 'refunded')))",
    ),
    (
        "is paid, and its buyer has everything else, and it was not delivered",
        "SELECT 'voucher ' || v.voucher_id FROM vouchers v WHERE v.kind = 'purchase' AND v.state = 'purchased'",
    ),
    (
        "was paid for twice by one passport",
        "SELECT 'track ' || v.media_id FROM vouchers v JOIN order_items i ON i.voucher_id = v.voucher_id
         JOIN orders o ON o.order_id = i.order_id WHERE o.state = 'paid' GROUP BY v.media_id, v.redeemed_by HAVING COUNT(*) > 1",
    ),
    (
        "was not brought to the licensing center",
        "SELECT 'entry ' || l.number || ' of the log of the ' || l.writer FROM secure_log l
         WHERE NOT EXISTS (SELECT 1 FROM log_entries e WHERE e.log_id = l.log_id AND e.number = l.number)",
    ),
    (
        "has two songs at one place, or a song without its file",
        "SELECT 'the shelf' FROM media m LEFT JOIN editions e ON e.media_id = m.media_id AND e.sha256 = m.sha256
         WHERE e.media_id IS NULL",
    ),
];

/// Everything that is not as it should be in the tables of a store that is not running.
pub fn wrong_in(data: &Path) -> Vec<String> {
    in_runtime(async {
        let pool = open(data).await;
        let mut wrong = Vec::new();
        for (what, query) in PROMISES {
            let rows: Vec<(String,)> =
                sqlx::query_as(*query).fetch_all(&pool).await.expect("the tables are there");
            wrong.extend(rows.into_iter().map(|(which,)| format!("{which} {what}")));
        }
        pool.close().await;
        wrong
    })
}

/// What the bank has taken and not given back, cents.
pub fn taken(data: &Path) -> i64 {
    number(
        data,
        "SELECT CAST(COALESCE(SUM(amount_cents), 0) AS BIGINT) FROM payments WHERE state = 'captured'",
    )
}

/// Entries of secure logs that the licensing center does not have yet.
pub fn entries_to_bring(data: &Path) -> i64 {
    number(data, "SELECT (SELECT COUNT(*) FROM secure_log) - (SELECT COUNT(*) FROM log_entries)")
}

fn number(data: &Path, query: &'static str) -> i64 {
    in_runtime(async {
        let pool = open(data).await;
        let (number,): (i64,) = sqlx::query_as(query).fetch_one(&pool).await.expect("the tables are there");
        pool.close().await;
        number
    })
}

async fn open(data: &Path) -> SqlitePool {
    let url = format!("sqlite://{}", data.join("cadenza.db").display());
    SqlitePool::connect(&url).await.expect("the store's database opens")
}
