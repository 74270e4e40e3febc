-- When each home was last seen alive, and whether that was at the outside door, as the program knew it from known_at on.
-- A row per change; is_whole: one of a set that tells of all homes, so that nobody has to look further back.
CREATE TABLE home_life (
    known_at TIMESTAMP NOT NULL, home_id TEXT NOT NULL, last_at TIMESTAMP, is_out BOOLEAN NOT NULL, is_whole BOOLEAN NOT NULL);
