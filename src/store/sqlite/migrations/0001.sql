-- Ids are the 16 bytes of a UUID, times are microseconds since 1970 (UTC), days are written as 2026-11-26.

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
    repeat      TEXT,                          -- JSON
    vendor_key  TEXT,
    content_key TEXT    NOT NULL,              -- empty where the vendor's key decides
    -- The bulk comes last, so that a list of deliveries does not read it.
    headers     TEXT    NOT NULL,              -- JSON: [[name, value], …]
    body        BLOB    NOT NULL               -- packed, see pack.rs
) STRICT;

-- What makes a delivery the same as an earlier one.
CREATE UNIQUE INDEX delivery_vendor_key ON delivery (source, vendor_key) WHERE vendor_key IS NOT NULL;
CREATE INDEX delivery_content_key ON delivery (source, content_key, received_at) WHERE vendor_key IS NULL;
-- Lists, page by page.
CREATE INDEX delivery_source ON delivery (source, id);
CREATE INDEX delivery_repo ON delivery (repo, id) WHERE repo IS NOT NULL;

-- A message that tells one row or several.
CREATE TABLE message (
    id         BLOB    NOT NULL PRIMARY KEY,
    group_name TEXT    NOT NULL,
    shape      TEXT    NOT NULL CHECK (shape IN ('single', 'digest', 'story')),
    urgent     INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('begun', 'posted', 'dead', 'dissolved')),
    bot        TEXT    NOT NULL,             -- of the last attempt
    body       TEXT    NOT NULL,             -- of the last attempt
    plain      INTEGER NOT NULL DEFAULT 0,   -- the body is the plain form
    failures   INTEGER NOT NULL DEFAULT 0,
    begun_at   INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,             -- while begun: not again before
    settled_at INTEGER
) STRICT;

CREATE INDEX message_begun ON message (group_name, urgent, begun_at) WHERE state = 'begun';
CREATE INDEX message_settled ON message (settled_at) WHERE state <> 'begun';

-- One event for one group.
CREATE TABLE outbox (
    seq        INTEGER PRIMARY KEY,          -- the order of the queue
    id         BLOB    NOT NULL UNIQUE,
    delivery   BLOB    NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
    group_name TEXT    NOT NULL,
    route      TEXT    NOT NULL,
    plan       TEXT    NOT NULL,
    urgent     INTEGER NOT NULL,
    folds      INTEGER NOT NULL,
    thread     TEXT,                         -- gathers with the others of its thread,
    window     INTEGER NOT NULL DEFAULT 0,   -- for so many seconds
    state      TEXT    NOT NULL CHECK (state IN ('waiting', 'posted', 'dead', 'discarded')),
    message    BLOB    REFERENCES message (id),   -- begun or settled with it; NULL: in the queue
    queued_at  INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,             -- held back until then, while in the queue
    settled_at INTEGER,                      -- when it was posted, died or was discarded
    reason     TEXT,                         -- why it died or was discarded
    via_group  TEXT,                         -- the group that it was meant for, if another one
    via_reason TEXT
) STRICT;

CREATE INDEX outbox_delivery ON outbox (delivery, seq);
CREATE INDEX outbox_queue ON outbox (group_name, urgent, seq, due_at, folds)
    WHERE state = 'waiting' AND message IS NULL;
CREATE INDEX outbox_unfolded ON outbox (group_name, urgent, seq, due_at)
    WHERE state = 'waiting' AND message IS NULL AND folds = 0;
CREATE INDEX outbox_thread ON outbox (group_name, thread, seq)
    WHERE state = 'waiting' AND message IS NULL AND thread IS NOT NULL;
CREATE INDEX outbox_message ON outbox (message) WHERE message IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (seq) WHERE state = 'dead';
CREATE INDEX outbox_dead_of_group ON outbox (group_name, seq) WHERE state = 'dead';

-- Which rows a message tells or, before it was dissolved or died, was to tell.
CREATE TABLE part (
    outbox  BLOB NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    message BLOB NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    PRIMARY KEY (outbox, message)
) STRICT, WITHOUT ROWID;

CREATE INDEX part_message ON part (message);

CREATE TABLE attempt (
    id          INTEGER PRIMARY KEY,
    message     BLOB    REFERENCES message (id) ON DELETE CASCADE,  -- NULL for a test message
    bot         TEXT    NOT NULL,
    binds       INTEGER NOT NULL,              -- no attempt before may have posted it through this bot
    started_at  INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL,              -- its end or, while that is not known, its timeout
    finished_at INTEGER,
    code        TEXT,
    sentence    TEXT
) STRICT;

CREATE INDEX attempt_message ON attempt (message, id);
-- The bot's minute.
CREATE INDEX attempt_window ON attempt (bot, ends_at);

-- Who works on a group's queue.
CREATE TABLE chat (
    group_name   TEXT    NOT NULL PRIMARY KEY,
    worker       BLOB    NOT NULL,
    leased_until INTEGER NOT NULL,
    told_at      INTEGER                       -- when the last message that was not urgent was begun
) STRICT;

CREATE TABLE bot (
    id         TEXT    NOT NULL PRIMARY KEY,
    rest_from  INTEGER NOT NULL,
    rest_until INTEGER NOT NULL,
    rest_level INTEGER NOT NULL,
    aside      TEXT                            -- what is wrong with it, if it was set aside
) STRICT;

-- Posts, for the monthly budgets.
CREATE TABLE usage (
    day          TEXT    NOT NULL,
    organization TEXT    NOT NULL,
    bot          TEXT    NOT NULL,
    posts        INTEGER NOT NULL,
    PRIMARY KEY (day, organization, bot)
) STRICT, WITHOUT ROWID;

-- The last run of each pipeline.
CREATE TABLE run (
    key     TEXT    NOT NULL PRIMARY KEY,
    state   TEXT    NOT NULL,                  -- JSON
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX run_seen ON run (seen_at);
