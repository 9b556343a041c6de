-- The secure log. First its writers': their entries, sealed as they were written.
CREATE TABLE secure_log (
    writer TEXT   NOT NULL,        -- content-manager, merchant
    log_id TEXT   NOT NULL,
    number BIGINT NOT NULL,
    entry  TEXT   NOT NULL,
    PRIMARY KEY (log_id, number)
);

-- Then the licensing center's: every log that it agreed on with a content manager.
CREATE TABLE logs (
    log_id           TEXT   NOT NULL PRIMARY KEY,
    writer           TEXT   NOT NULL,        -- SHA-256 of the writer's public key: its name across renewals
    name             TEXT   NOT NULL,        -- common name in its certificate
    role             TEXT   NOT NULL,        -- what its certificate says that it is
    opening          TEXT   NOT NULL UNIQUE, -- drawn by the writer, so that no request counts twice
    opened_at        BIGINT NOT NULL,
    state            TEXT   NOT NULL,        -- open, superseded (its writer began another), closed (by the licensing center)
    ended_at         BIGINT,
    sealed_secret    TEXT   NOT NULL,        -- what the log was started with, under the master key
    sealed_reader    TEXT   NOT NULL,        -- to read on after the last entry, under the master key
    entries          BIGINT NOT NULL,        -- verified and stored
    running          TEXT   NOT NULL,        -- hash after the last of them
    promised         BIGINT NOT NULL,        -- the writer's own latest checkpoint
    promised_running TEXT   NOT NULL,
    agreed_at        BIGINT                  -- when a checkpoint of the writer last agreed
);
CREATE INDEX logs_by_writer ON logs (writer);

CREATE TABLE log_entries (
    log_id      TEXT   NOT NULL REFERENCES logs (log_id),
    number      BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    entry       TEXT   NOT NULL,
    PRIMARY KEY (log_id, number)
);

-- What was refused, with the writer's own signature under it.
CREATE TABLE log_evidence (
    log_id  TEXT   NOT NULL REFERENCES logs (log_id),
    number  BIGINT NOT NULL,                 -- the entry that does not hold
    code    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    problem TEXT   NOT NULL,
    message TEXT   NOT NULL,                 -- the signed request, JSON
    PRIMARY KEY (log_id, number, code)
);
