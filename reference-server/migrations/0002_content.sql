-- Content manager: what is published, who delivers, and every transaction.
-- Every file that was published, by what is in it. One that was sold stays for good, whatever is on the shelf now.
CREATE TABLE editions (
    media_id     TEXT   NOT NULL,
    sha256       TEXT   NOT NULL,
    path         TEXT   NOT NULL,         -- project/file as the author named it last
    object       TEXT   NOT NULL,         -- name in the object store
    length       BIGINT NOT NULL,
    author       TEXT   NOT NULL,         -- name in the author's certificate
    author_key   TEXT   NOT NULL,         -- fingerprint of the author's key: whose it is
    facts        TEXT   NOT NULL,         -- the catalogue entry, JSON
    wrapped_keys TEXT   NOT NULL,         -- media keys in custody
    custody_cert TEXT   NOT NULL,         -- fingerprint of the certificate that they are wrapped to
    published_at BIGINT NOT NULL,
    PRIMARY KEY (media_id, sha256)
);

-- The shelf: what is published now.
CREATE TABLE media (
    media_id     TEXT   NOT NULL PRIMARY KEY,
    sha256       TEXT   NOT NULL,         -- its present edition
    path         TEXT   NOT NULL UNIQUE,
    author_key   TEXT   NOT NULL,
    title        TEXT   NOT NULL,
    album        TEXT   NOT NULL,
    album_id     TEXT   NOT NULL,
    track_number BIGINT NOT NULL,
    for_sale     BIGINT NOT NULL,
    FOREIGN KEY (media_id, sha256) REFERENCES editions (media_id, sha256)
);
CREATE INDEX media_by_album ON media (album_id, track_number);

CREATE TABLE custody_certificates (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    pem         TEXT NOT NULL
);

CREATE TABLE projects (
    path       TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

CREATE TABLE uploads (
    upload_id  TEXT   NOT NULL PRIMARY KEY,
    path       TEXT   NOT NULL,
    length     BIGINT NOT NULL,
    sha256     TEXT   NOT NULL,
    overwrite  BIGINT NOT NULL,
    author_key TEXT   NOT NULL,           -- fingerprint of the author's key
    received   BIGINT NOT NULL,           -- bytes that came: what counts against the space
    touched_at BIGINT NOT NULL            -- when the last of them came; left alone, it lapses
);

CREATE TABLE delivery_servers (
    id       TEXT   NOT NULL PRIMARY KEY,
    owner    TEXT   NOT NULL,             -- fingerprint of its key
    host     TEXT   NOT NULL,
    https    BIGINT NOT NULL,
    rtsps    BIGINT NOT NULL,
    rtsp     BIGINT,
    streams  BIGINT NOT NULL,
    seen_at  BIGINT NOT NULL
);

CREATE TABLE streams (
    voucher_id   TEXT   NOT NULL,
    media_id     TEXT   NOT NULL,
    server       TEXT   NOT NULL,
    player       TEXT   NOT NULL,
    allocated_at BIGINT NOT NULL,
    PRIMARY KEY (voucher_id, media_id)
);
CREATE INDEX streams_by_server ON streams (server);

CREATE TABLE vouchers (
    voucher_id    TEXT   NOT NULL PRIMARY KEY,
    kind          TEXT   NOT NULL,        -- clip, song, purchase
    state         TEXT   NOT NULL,        -- open (previews); pending, purchased, delivered, expired, refunded
    media_id      TEXT   NOT NULL,
    sha256        TEXT,                   -- the edition that was sold
    quality       TEXT,
    sold          TEXT,                   -- track, album, completion: what the price was for
    cost_cents    BIGINT,                 -- what the merchant owes for it
    retail_cents  BIGINT,                 -- what the buyer paid for it
    currency      TEXT,
    merchant      TEXT   NOT NULL,        -- fingerprint of the merchant's key
    order_ref     TEXT,                   -- of a signed order: SHA-256 of the buyer's key and the order's key
    counted       TEXT   NOT NULL DEFAULT '', -- of a completion: vouchers that count towards the album, with spaces between
    only_for      TEXT,                   -- of a completion: fingerprint of the buyer's key, which alone may redeem it
    issued_at     BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    "authorization" TEXT,                 -- secret between content manager and merchant
    authorized_with TEXT,                 -- the one before: a repeated request after a lost reply is understood
    receipt       TEXT,                   -- secret between content manager and buyer
    server        TEXT,
    redeemed_by   TEXT,                   -- fingerprint of the passport's certificate
    redeemed_serial TEXT,                 -- its serial number, for the log
    redeemed_at   BIGINT,
    log_id        TEXT,                   -- the secure log in which the sale was entered then
    log_entry     BIGINT,                 -- and as which entry
    delivered_at  BIGINT,
    refunded_at   BIGINT
);
CREATE INDEX vouchers_by_state ON vouchers (state, expires_at);
CREATE INDEX vouchers_by_order ON vouchers (order_ref);
CREATE INDEX vouchers_by_edition ON vouchers (media_id, sha256);

-- How often purchases with a limit were used, as their players report it; only rising.
CREATE TABLE use_counts (
    voucher_id TEXT   NOT NULL PRIMARY KEY,
    played     BIGINT NOT NULL,
    recorded   BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE delivery_log (
    voucher_id         TEXT   NOT NULL PRIMARY KEY,
    delivered_at       BIGINT NOT NULL,
    media_id           TEXT   NOT NULL,
    title              TEXT   NOT NULL,
    artist             TEXT   NOT NULL,
    author             TEXT   NOT NULL,
    song_ms            BIGINT NOT NULL,
    cost_cents         BIGINT NOT NULL,
    retail_cents       BIGINT NOT NULL,
    currency           TEXT   NOT NULL,
    certificate_serial TEXT   NOT NULL,
    file_name          TEXT   NOT NULL,
    quality            TEXT   NOT NULL,
    seconds            BIGINT NOT NULL
);

CREATE TABLE preview_log (
    voucher_id  TEXT   NOT NULL,
    media_id    TEXT   NOT NULL,
    released_at BIGINT NOT NULL,
    status      TEXT   NOT NULL,
    played_ms   BIGINT NOT NULL,
    image       TEXT
);
