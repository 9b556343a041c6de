-- From here on vouchers.redeemed_by holds the fingerprint of the passport's key, which renewals keep.
-- Passports that come back: the key that stays across renewals, why a certificate was withdrawn, who tried to recover one.
ALTER TABLE certificates ADD COLUMN revoked_for TEXT;
ALTER TABLE consumers ADD COLUMN key_fingerprint TEXT NOT NULL DEFAULT '';
CREATE INDEX consumers_by_key ON consumers (key_fingerprint);

CREATE TABLE recovery_attempts (
    email_tag TEXT   NOT NULL,
    at        BIGINT NOT NULL
);
CREATE INDEX recovery_attempts_by_email ON recovery_attempts (email_tag, at);
