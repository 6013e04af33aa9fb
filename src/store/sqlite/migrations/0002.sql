-- How a delivery's sender was known, as JSON. Behind the body, where lists do not come by.
ALTER TABLE delivery ADD COLUMN evidence TEXT;

-- Dead letters by what they died of.
CREATE INDEX outbox_dead_of_cause ON outbox (group_name, substr(reason, 1, 200), settled_at) WHERE state = 'dead';
