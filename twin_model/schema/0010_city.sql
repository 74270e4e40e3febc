-- The administrative divisions above a community (行政区划): city, district, subdistrict; of no community themselves, so that
-- community_id is empty. A community says which subdistrict it is part of; the rest follows from the parents.
CREATE TABLE division (
    division_id TEXT NOT NULL, community_id TEXT NOT NULL, level TEXT NOT NULL, name TEXT NOT NULL, name_en TEXT, parent_id TEXT, boundary BLOB,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE MACRO division_at(instant) AS TABLE SELECT * FROM division WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
ALTER TABLE community ADD COLUMN subdistrict_id TEXT;
