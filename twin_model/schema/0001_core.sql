-- Entities: one row per version. True from valid_from to valid_to, known from recorded_at to superseded_at.
-- All instants are UTC without zone; the store converts at its edge.
CREATE TABLE community (
    community_id TEXT NOT NULL, name TEXT NOT NULL, name_en TEXT, scheme TEXT, boundary BLOB, is_sample BOOLEAN NOT NULL,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE TABLE estate (
    estate_id TEXT NOT NULL, community_id TEXT NOT NULL, name TEXT NOT NULL, name_en TEXT, boundary BLOB,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE TABLE building (
    building_id TEXT NOT NULL, community_id TEXT NOT NULL, estate_id TEXT, name TEXT, name_en TEXT, use TEXT NOT NULL,
    footprint BLOB NOT NULL, height_m DOUBLE NOT NULL, height_source TEXT NOT NULL, levels INTEGER, base_m DOUBLE NOT NULL, source TEXT,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE TABLE unit (
    unit_id TEXT NOT NULL, community_id TEXT NOT NULL, building_id TEXT NOT NULL, name TEXT NOT NULL,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE TABLE home (
    home_id TEXT NOT NULL, community_id TEXT NOT NULL, building_id TEXT NOT NULL, unit_id TEXT, floor INTEGER, number TEXT NOT NULL,
    households INTEGER NOT NULL, age_0_17 INTEGER, age_18_59 INTEGER, age_60_79 INTEGER, age_80_up INTEGER, elder_alone BOOLEAN,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE TABLE facility (
    facility_id TEXT NOT NULL, community_id TEXT NOT NULL, facility_kind TEXT NOT NULL, name TEXT NOT NULL, name_en TEXT, building_id TEXT,
    lon DOUBLE NOT NULL, lat DOUBLE NOT NULL, area_m2 DOUBLE, capacity INTEGER, opening_hours TEXT,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE TABLE room (
    room_id TEXT NOT NULL, community_id TEXT NOT NULL, facility_id TEXT NOT NULL, room_kind TEXT NOT NULL, name TEXT NOT NULL, name_en TEXT,
    floor INTEGER, footprint BLOB, area_m2 DOUBLE, capacity INTEGER,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE TABLE ground (
    ground_id TEXT NOT NULL, community_id TEXT NOT NULL, layer TEXT NOT NULL, name TEXT, name_en TEXT, geometry BLOB NOT NULL, width_m DOUBLE,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE TABLE device (
    device_id TEXT NOT NULL, community_id TEXT NOT NULL, type TEXT NOT NULL, name TEXT, dialect TEXT NOT NULL, address TEXT NOT NULL,
    home_id TEXT, room_id TEXT, facility_id TEXT, building_id TEXT, lon DOUBLE, lat DOUBLE, height_m DOUBLE,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);

-- A series is one metric of one device; its small number is what readings carry.
CREATE TABLE series (series_no INTEGER NOT NULL, device_id TEXT NOT NULL, metric TEXT NOT NULL);

-- The log of readings, in order of received_at; never changed. taken_at is the device's own clock.
CREATE TABLE reading (
    series_no INTEGER NOT NULL, taken_at TIMESTAMP NOT NULL, received_at TIMESTAMP NOT NULL,
    value DOUBLE NOT NULL, retained BOOLEAN NOT NULL);

-- The full state as known at keyframe_at, so that any instant is a keyframe plus a few readings.
CREATE TABLE keyframe (
    keyframe_at TIMESTAMP NOT NULL, series_no INTEGER NOT NULL, value DOUBLE NOT NULL, taken_at TIMESTAMP NOT NULL,
    received_at TIMESTAMP NOT NULL, changed_at TIMESTAMP NOT NULL, newest_at TIMESTAMP NOT NULL, retained BOOLEAN NOT NULL);

-- Messages without a clock of their own, so that a redelivery after a kill is recognised.
CREATE TABLE delivery (received_at TIMESTAMP NOT NULL, mid INTEGER NOT NULL, digest UBIGINT NOT NULL);

-- What could not be used, whole, with the reason.
CREATE TABLE quarantine (
    quarantine_id BIGINT NOT NULL, received_at TIMESTAMP NOT NULL, source TEXT NOT NULL, place TEXT NOT NULL, code TEXT NOT NULL,
    reason TEXT NOT NULL, raw BLOB NOT NULL, dialect TEXT, address TEXT, resolved_at TIMESTAMP);

-- A source of data (broker, simulator) came or went.
CREATE TABLE source_event (name TEXT NOT NULL, since TIMESTAMP NOT NULL, connected BOOLEAN NOT NULL, detail TEXT NOT NULL);

-- One row: the newest commit.
CREATE TABLE clock (revision BIGINT NOT NULL, received_at TIMESTAMP NOT NULL);
INSERT INTO clock VALUES (0, TIMESTAMP '1970-01-01');

-- An entity as it was known, and true, at an instant.
CREATE MACRO community_at(instant) AS TABLE SELECT * FROM community WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
CREATE MACRO estate_at(instant) AS TABLE SELECT * FROM estate WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
CREATE MACRO building_at(instant) AS TABLE SELECT * FROM building WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
CREATE MACRO unit_at(instant) AS TABLE SELECT * FROM unit WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
CREATE MACRO home_at(instant) AS TABLE SELECT * FROM home WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
CREATE MACRO facility_at(instant) AS TABLE SELECT * FROM facility WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
CREATE MACRO room_at(instant) AS TABLE SELECT * FROM room WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
CREATE MACRO ground_at(instant) AS TABLE SELECT * FROM ground WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
CREATE MACRO device_at(instant) AS TABLE SELECT * FROM device WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
