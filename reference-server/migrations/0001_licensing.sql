-- Licensing center: every certificate it issued, and what it needs to hand a passport out again.
-- The same text runs on SQLite and PostgreSQL: TEXT and BIGINT only; times are Unix seconds, bytes are base64.
CREATE TABLE certificates (
    serial      TEXT   NOT NULL PRIMARY KEY,
    subject     TEXT   NOT NULL,
    role        TEXT   NOT NULL,
    not_before  BIGINT NOT NULL,
    not_after   BIGINT NOT NULL,
    chain_pem   TEXT   NOT NULL,
    key_fingerprint TEXT NOT NULL,           -- of the public key: who someone is across renewals
    revoked_at  BIGINT
);
CREATE INDEX certificates_by_key ON certificates (key_fingerprint);
CREATE INDEX certificates_by_name ON certificates (role, subject);

-- For a first certificate each; the key that used one renews without.
CREATE TABLE enrolment_tokens (
    tag             TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of the token
    role            TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    hosts           TEXT   NOT NULL,             -- one a line, sorted
    issued_at       BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    used_at         BIGINT,
    key_fingerprint TEXT
);

CREATE TABLE consumers (
    certificate_serial TEXT   NOT NULL PRIMARY KEY REFERENCES certificates (serial),
    -- The passport's second certificate, to which media keys are wrapped.
    encryption_serial  TEXT   NOT NULL REFERENCES certificates (serial),
    registered_at      BIGINT NOT NULL,
    -- HMAC of the e-mail address under the master key: finds a person again without listing addresses.
    email_tag          TEXT   NOT NULL,
    -- By this the payment processor finds the fingerprint of the registered card.
    card_reference     TEXT   NOT NULL,
    -- Registration key, private keys and personal facts, sealed under the master key.
    sealed_recovery    TEXT   NOT NULL
);
CREATE INDEX consumers_by_email ON consumers (email_tag);
