-- What one walks on: attributes of ground lines (path, road), gates on them, entrances of buildings; small children of homes.
-- way: footway, steps, crossing, road …; foot: yes, private, no; wheelchair: yes, limited, no; incline: rise over run, 0.08 = 8 %.
-- level: bridges above 0, underpasses below; source: the format a line came in, which says how exactly its points meet.
ALTER TABLE ground ADD COLUMN way TEXT;
ALTER TABLE ground ADD COLUMN foot TEXT;
ALTER TABLE ground ADD COLUMN wheelchair TEXT;
ALTER TABLE ground ADD COLUMN incline DOUBLE;
ALTER TABLE ground ADD COLUMN level INTEGER;
ALTER TABLE ground ADD COLUMN opening_hours TEXT;
ALTER TABLE ground ADD COLUMN source TEXT;
CREATE TABLE gate (
    gate_id TEXT NOT NULL, community_id TEXT NOT NULL, name TEXT, name_en TEXT, lon DOUBLE NOT NULL, lat DOUBLE NOT NULL, foot TEXT,
    wheelchair TEXT, opening_hours TEXT,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE TABLE entrance (
    entrance_id TEXT NOT NULL, community_id TEXT NOT NULL, building_id TEXT NOT NULL, name TEXT, name_en TEXT, lon DOUBLE NOT NULL,
    lat DOUBLE NOT NULL, wheelchair TEXT,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE MACRO gate_at(instant) AS TABLE SELECT * FROM gate WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
CREATE MACRO entrance_at(instant) AS TABLE SELECT * FROM entrance WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
ALTER TABLE home ADD COLUMN age_0_3 INTEGER;
ALTER TABLE home ADD COLUMN age_3_6 INTEGER;
ALTER TABLE facility ADD COLUMN operator TEXT;
