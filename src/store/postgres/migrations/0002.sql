-- How a delivery's sender was known, as JSON.
ALTER TABLE delivery ADD COLUMN evidence text;

-- Dead letters by what they died of.
CREATE INDEX outbox_dead_of_cause ON outbox (group_name, left(reason, 200), settled_at) WHERE state = 'dead';
