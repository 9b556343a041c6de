-- Merchant: orders, their lines, and the plain log. Never a card number.
CREATE TABLE orders (
    order_id        TEXT   NOT NULL PRIMARY KEY, -- of this row, made one way from what the buyer calls the order
    idempotency_key TEXT   NOT NULL UNIQUE,      -- SHA-256 of the order's key: who has the key is the buyer
    wanted          TEXT   NOT NULL,      -- what was ordered, to notice a key used twice
    state           TEXT   NOT NULL,      -- open, paid, refused, refunding, refunded
    refusal         TEXT,                 -- stable code; of an open order: it is being given up
    total_cents     BIGINT NOT NULL,
    currency        TEXT   NOT NULL,
    paid_with       TEXT,                 -- brand and last four digits
    attempt         BIGINT NOT NULL,      -- payments tried under this order before the present one
    signed          TEXT,                 -- the order as the buyer's passport signed it, JSON; sealed where there is a data key
    created_at      BIGINT NOT NULL
);

CREATE TABLE order_items (
    order_id      TEXT   NOT NULL REFERENCES orders (order_id),
    position      BIGINT NOT NULL,
    media_id      TEXT   NOT NULL,
    title         TEXT   NOT NULL,
    artist        TEXT   NOT NULL,
    quality       TEXT   NOT NULL,
    sold          TEXT   NOT NULL,        -- track, album, completion: what the price is for
    bundle        BIGINT NOT NULL,        -- position of the first of what is sold together
    alone_cents   BIGINT NOT NULL,        -- what it costs alone
    price_cents   BIGINT NOT NULL,        -- its share of what is paid
    counted       TEXT   NOT NULL,        -- of a completion: vouchers that count towards the album, with spaces between
    cost_cents    BIGINT,                 -- what is owed to the content manager for it
    voucher_id    TEXT,
    "authorization" TEXT,
    receipt       TEXT,
    PRIMARY KEY (order_id, position)
);
CREATE INDEX order_items_by_voucher ON order_items (voucher_id);

CREATE TABLE merchant_log (
    entry    TEXT   NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    order_id TEXT   NOT NULL,
    event    TEXT   NOT NULL,
    detail   TEXT   NOT NULL
);
