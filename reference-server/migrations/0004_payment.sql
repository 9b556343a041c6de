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

-- Registered cards, recognised by nobody but the processor: HMAC of the number under a key of its own.
CREATE TABLE card_fingerprints (
    reference   TEXT NOT NULL PRIMARY KEY,  -- drawn by the licensing center
    fingerprint TEXT NOT NULL
);
CREATE INDEX card_fingerprints_by_card ON card_fingerprints (fingerprint);
