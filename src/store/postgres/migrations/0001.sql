-- The same tables as in SQLite. Times are microseconds since 1970 by the clock of this database, days are written as
-- 2026-11-26.

CREATE TABLE delivery (
    id          uuid    NOT NULL PRIMARY KEY,  -- UUID version 7: sorts by time
    source      text    NOT NULL,
    kind        text    NOT NULL,
    event       text    NOT NULL,
    action      text    NOT NULL,
    repo        text,
    object      text,
    title       text    NOT NULL,
    url         text,
    received_at bigint  NOT NULL,
    ignored     text,
    repeat      text,                          -- JSON
    vendor_key  text,
    content_key text    NOT NULL,
    size        integer NOT NULL,              -- what it takes in all tables, about
    headers     text    NOT NULL,              -- JSON: [[name, value], …]
    body        bytea   NOT NULL               -- packed, see pack.rs
);

-- Nothing is gained by packing it once more.
ALTER TABLE delivery ALTER body SET STORAGE EXTERNAL;

-- What makes a delivery the same as an earlier one.
CREATE UNIQUE INDEX delivery_vendor_key ON delivery (source, vendor_key) WHERE vendor_key IS NOT NULL;
CREATE INDEX delivery_content_key ON delivery (source, content_key, received_at) WHERE vendor_key IS NULL;
-- Lists, page by page. An index entry has to fit into a page, so it holds the beginning of a long name only.
CREATE INDEX delivery_source ON delivery (source, id);
CREATE INDEX delivery_repo ON delivery (left(repo, 200), id) WHERE repo IS NOT NULL;
-- Retention, by age and by size.
CREATE INDEX delivery_received_at ON delivery (received_at) INCLUDE (size);

-- A message that tells one row or several.
CREATE TABLE message (
    id         uuid    NOT NULL PRIMARY KEY,
    group_name text    NOT NULL,
    shape      text    NOT NULL CHECK (shape IN ('single', 'digest', 'story')),
    urgent     boolean NOT NULL,
    state      text    NOT NULL CHECK (state IN ('begun', 'posted', 'dead', 'dissolved')),
    bot        text    NOT NULL,               -- of the last attempt
    body       text    NOT NULL,               -- of the last attempt
    plain      boolean NOT NULL DEFAULT false, -- the body is the plain form
    failures   integer NOT NULL DEFAULT 0,
    begun_at   bigint  NOT NULL,
    due_at     bigint  NOT NULL,               -- while begun: not again before
    settled_at bigint
);

CREATE INDEX message_begun ON message (group_name, urgent, begun_at) WHERE state = 'begun';
CREATE INDEX message_settled ON message (settled_at) WHERE state <> 'begun';

-- One event for one group.
CREATE TABLE outbox (
    -- The order of the queue. It has no index of its own: PostgreSQL would read a queue by it, from the first row that
    -- was ever posted.
    seq        bigint  NOT NULL GENERATED ALWAYS AS IDENTITY,
    id         uuid    NOT NULL PRIMARY KEY,
    delivery   uuid    NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
    group_name text    NOT NULL,
    route      text    NOT NULL,
    plan       text    NOT NULL,
    urgent     boolean NOT NULL,
    folds      boolean NOT NULL,
    thread     text,                           -- gathers with the others of its thread,
    "window"   integer NOT NULL DEFAULT 0,     -- for so many seconds
    state      text    NOT NULL CHECK (state IN ('waiting', 'posted', 'dead', 'discarded')),
    message    uuid    REFERENCES message (id),   -- begun or settled with it; NULL: in the queue
    queued_at  bigint  NOT NULL,
    due_at     bigint  NOT NULL,               -- held back until then, while in the queue
    settled_at bigint,                         -- when it was posted, died or was discarded
    reason     text,                           -- why it died or was discarded
    via_group  text,                           -- the group that it was meant for, if another one
    via_reason text
);

CREATE INDEX outbox_delivery ON outbox (delivery, seq);
CREATE INDEX outbox_queue ON outbox (group_name, urgent, seq, due_at, folds)
    WHERE state = 'waiting' AND message IS NULL;
CREATE INDEX outbox_unfolded ON outbox (group_name, urgent, seq, due_at)
    WHERE state = 'waiting' AND message IS NULL AND NOT folds;
CREATE INDEX outbox_thread ON outbox (group_name, left(thread, 200), seq)
    WHERE state = 'waiting' AND message IS NULL AND thread IS NOT NULL;
CREATE INDEX outbox_message ON outbox (message) WHERE message IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (seq) WHERE state = 'dead';
CREATE INDEX outbox_dead_of_group ON outbox (group_name, seq) WHERE state = 'dead';

-- Which rows a message tells or, before it was dissolved or died, was to tell.
CREATE TABLE part (
    outbox  uuid NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    message uuid NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    PRIMARY KEY (outbox, message)
);

CREATE INDEX part_message ON part (message);

CREATE TABLE attempt (
    id          bigint  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message     uuid    REFERENCES message (id) ON DELETE CASCADE,  -- NULL for a test message
    bot         text    NOT NULL,
    binds       boolean NOT NULL,              -- no attempt before may have posted it through this bot
    started_at  bigint  NOT NULL,
    ends_at     bigint  NOT NULL,              -- its end or, while that is not known, its timeout
    finished_at bigint,
    code        text,
    sentence    text
);

CREATE INDEX attempt_message ON attempt (message, id);
-- The bot's minute.
CREATE INDEX attempt_window ON attempt (bot, ends_at);

-- Who works on a group's queue.
CREATE TABLE chat (
    group_name   text   NOT NULL PRIMARY KEY,
    worker       uuid   NOT NULL,
    leased_until bigint NOT NULL,
    told_at      bigint                        -- when the last message that was not urgent was begun
) WITH (fillfactor = 50);                      -- room beside each row for its next version

CREATE TABLE bot (
    id         text    NOT NULL PRIMARY KEY,
    rest_from  bigint  NOT NULL,
    rest_until bigint  NOT NULL,
    rest_level integer NOT NULL,
    aside      text                            -- what is wrong with it, if it was set aside
);

-- Posts, for the monthly budgets.
CREATE TABLE usage (
    day          text    NOT NULL,
    organization text    NOT NULL,
    bot          text    NOT NULL,
    posts        integer NOT NULL,
    PRIMARY KEY (day, organization, bot)
) WITH (fillfactor = 50);

-- The last run of each pipeline.
CREATE TABLE run (
    key     text   NOT NULL PRIMARY KEY,
    state   text   NOT NULL,                   -- JSON
    seen_at bigint NOT NULL
);

CREATE INDEX run_seen ON run (seen_at);

-- A queue leaves many dead rows in few places: clean up after 2 % of a table instead of 20 %.
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE message SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE attempt SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
