-- Ids are the 16 bytes of a UUID, times are microseconds since 1970 (UTC).

CREATE TABLE delivery (
    id          BLOB    NOT NULL PRIMARY KEY,  -- UUID version 7: sorts by time
    source      TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    repo        TEXT,
    object      TEXT,
    title       TEXT    NOT NULL,
    url         TEXT,
    received_at INTEGER NOT NULL,
    ignored     TEXT,
    vendor_key  TEXT,
    content_key TEXT    NOT NULL,
    -- The bulk comes last, so that a list of deliveries does not read it.
    headers     TEXT    NOT NULL,              -- JSON: [[name, value], …]
    body        BLOB    NOT NULL               -- as it came in, not compressed
) STRICT;

-- What makes a delivery the same as an earlier one.
CREATE UNIQUE INDEX delivery_vendor_key ON delivery (source, vendor_key) WHERE vendor_key IS NOT NULL;
CREATE INDEX delivery_content_key ON delivery (source, content_key, received_at) WHERE vendor_key IS NULL;
-- Lists, page by page.
CREATE INDEX delivery_source ON delivery (source, id);
CREATE INDEX delivery_repo ON delivery (repo, id) WHERE repo IS NOT NULL;
-- Retention.
CREATE INDEX delivery_received_at ON delivery (received_at);

CREATE TABLE outbox (
    seq          INTEGER PRIMARY KEY,          -- the order of the queue
    id           BLOB    NOT NULL UNIQUE,
    delivery     BLOB    NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
    group_name   TEXT    NOT NULL,
    route        TEXT    NOT NULL,
    plan         TEXT    NOT NULL,
    urgent       INTEGER NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('waiting', 'posted', 'dead', 'discarded')),
    queued_at    INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,             -- not before, while waiting
    leased_until INTEGER NOT NULL DEFAULT 0,   -- in somebody's hands until then
    failures     INTEGER NOT NULL DEFAULT 0,
    settled_at   INTEGER,                      -- when it was posted, died or was discarded
    reason       TEXT,                         -- why it died or was discarded
    bound_to     TEXT,                         -- the bot that may have posted it already
    wrote        TEXT                          -- the body of the last attempt
) STRICT;

CREATE INDEX outbox_delivery ON outbox (delivery, seq);
CREATE INDEX outbox_queue ON outbox (group_name, urgent DESC, seq) WHERE state = 'waiting';
CREATE INDEX outbox_dead ON outbox (seq) WHERE state = 'dead';
CREATE INDEX outbox_dead_of_group ON outbox (group_name, seq) WHERE state = 'dead';

CREATE TABLE attempt (
    id          INTEGER PRIMARY KEY,
    outbox      BLOB    REFERENCES outbox (id) ON DELETE CASCADE,  -- NULL for a test message
    bot         TEXT    NOT NULL,
    binds       INTEGER NOT NULL,              -- the row was not bound to this bot before
    started_at  INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL,              -- its end or, while that is not known, its timeout
    finished_at INTEGER,
    code        TEXT,
    sentence    TEXT
) STRICT;

CREATE INDEX attempt_outbox ON attempt (outbox, started_at);
-- The bot's minute.
CREATE INDEX attempt_window ON attempt (bot, ends_at);

CREATE TABLE bot (
    id         TEXT    NOT NULL PRIMARY KEY,
    rest_until INTEGER NOT NULL,
    rest_level INTEGER NOT NULL
) STRICT;
