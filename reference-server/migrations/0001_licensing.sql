-- Licensing center: every certificate it issued, and what it needs to hand a passport out again.
-- The same text runs on SQLite and PostgreSQL: TEXT and BIGINT only; times are Unix seconds, bytes are base64.
CREATE TABLE certificates (
    serial      TEXT   NOT NULL PRIMARY KEY,
    subject     TEXT   NOT NULL,
    role        TEXT   NOT NULL,
    not_before  BIGINT NOT NULL,
    not_after   BIGINT NOT NULL,
    chain_pem   TEXT   NOT NULL,
    revoked_at  BIGINT
);

CREATE TABLE consumers (
    certificate_serial TEXT   NOT NULL PRIMARY KEY REFERENCES certificates (serial),
    -- The passport's second certificate, to which media keys are wrapped.
    encryption_serial  TEXT   NOT NULL REFERENCES certificates (serial),
    registered_at      BIGINT NOT NULL,
    -- HMAC of the e-mail address under the master key: finds a person again without listing addresses.
    email_tag          TEXT   NOT NULL,
    -- Registration key, private keys and personal facts, sealed under the master key.
    sealed_recovery    TEXT   NOT NULL
);
CREATE INDEX consumers_by_email ON consumers (email_tag);
