-- Payment processor: what it was asked and what it answered. Brand and last four digits only.
CREATE TABLE payments (
    idempotency_key TEXT   NOT NULL PRIMARY KEY,
    payment_id      TEXT   NOT NULL UNIQUE,
    payer           TEXT   NOT NULL,
    amount_cents    BIGINT NOT NULL,
    currency        TEXT   NOT NULL,
    state           TEXT   NOT NULL,      -- authorized, captured, voided, refunded, declined, expired-card
    brand           TEXT   NOT NULL,
    last4           TEXT   NOT NULL,
    at              BIGINT NOT NULL
);
