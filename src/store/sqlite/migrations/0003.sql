-- A group's chat, page by page, and how many messages it got over time.
CREATE INDEX message_posted ON message (group_name, settled_at, id) WHERE state = 'posted';
