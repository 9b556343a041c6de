-- Merchant: orders, their lines, and the plain log. Never a card number.
CREATE TABLE orders (
    order_id        TEXT   NOT NULL PRIMARY KEY,
    idempotency_key TEXT   NOT NULL UNIQUE,
    wanted          TEXT   NOT NULL,      -- what was ordered, to notice a key used twice
    state           TEXT   NOT NULL,      -- open, paid, refused
    refusal         TEXT,                 -- stable code
    total_cents     BIGINT NOT NULL,
    currency        TEXT   NOT NULL,
    paid_with       TEXT,                 -- brand and last four digits
    created_at      BIGINT NOT NULL
);

CREATE TABLE order_items (
    order_id      TEXT   NOT NULL REFERENCES orders (order_id),
    position      BIGINT NOT NULL,
    media_id      TEXT   NOT NULL,
    title         TEXT   NOT NULL,
    artist        TEXT   NOT NULL,
    quality       TEXT   NOT NULL,
    price_cents   BIGINT NOT NULL,
    voucher_id    TEXT,
    "authorization" TEXT,
    receipt       TEXT,
    PRIMARY KEY (order_id, position)
);

CREATE TABLE merchant_log (
    entry    TEXT   NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    order_id TEXT   NOT NULL,
    event    TEXT   NOT NULL,
    detail   TEXT   NOT NULL
);
