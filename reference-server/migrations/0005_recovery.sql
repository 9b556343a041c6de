-- From here on vouchers.redeemed_by holds the fingerprint of the passport's key, which renewals keep.
-- Passports that come back: the key that stays across renewals, why a certificate was withdrawn, who tried to recover one.
ALTER TABLE certificates ADD COLUMN revoked_for TEXT;
ALTER TABLE consumers ADD COLUMN key_fingerprint TEXT NOT NULL DEFAULT '';
CREATE INDEX consumers_by_key ON consumers (key_fingerprint);

-- Tries of one network address for one e-mail address, counted from the first on.
CREATE TABLE recovery_attempts (
    who   TEXT   NOT NULL PRIMARY KEY,  -- HMAC of both under the master key
    tries BIGINT NOT NULL,
    since BIGINT NOT NULL
);

-- Requests for a renewal that were granted, for as long as they would be fresh: each is good once.
CREATE TABLE renewals (
    request TEXT   NOT NULL PRIMARY KEY,  -- SHA-256 of it
    at      BIGINT NOT NULL
);
