-- Care for people at home: who lives there and whom to call, what a rule found, what was done about it.
-- Logs are appended, never changed; what was known at an instant is their rows with known_at up to then.
ALTER TABLE device ADD COLUMN gateway_id TEXT;
ALTER TABLE community ADD COLUMN drill_of TEXT;

-- Restricted: people by name. Never in ids, addresses, logs or public answers.
CREATE TABLE resident (
    resident_id TEXT NOT NULL, community_id TEXT NOT NULL, home_id TEXT NOT NULL, name TEXT NOT NULL, birth_year INTEGER, sex TEXT,
    lives_alone BOOLEAN, health_note TEXT,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE TABLE contact (
    contact_id TEXT NOT NULL, community_id TEXT NOT NULL, home_id TEXT, role TEXT NOT NULL, rank INTEGER NOT NULL, name TEXT NOT NULL,
    phone TEXT, note TEXT,
    valid_from TIMESTAMP NOT NULL, valid_to TIMESTAMP, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
CREATE MACRO resident_at(instant) AS TABLE SELECT * FROM resident WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);
CREATE MACRO contact_at(instant) AS TABLE SELECT * FROM contact WHERE recorded_at <= instant AND (superseded_at IS NULL OR superseded_at > instant) AND valid_from <= instant AND (valid_to IS NULL OR valid_to > instant);

-- Since when alerts are stepped and kept; before it, the rules are asked for any past instant.
CREATE TABLE care_begin (begun_at TIMESTAMP NOT NULL);

-- One row per change of phase of an alert: firing, cleared, suppressed. An episode is one alert_id.
CREATE TABLE alert_step (
    alert_id BIGINT NOT NULL, known_at TIMESTAMP NOT NULL, phase TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, scope TEXT NOT NULL,
    metric TEXT, severity TEXT NOT NULL, grade INTEGER NOT NULL, since TIMESTAMP, due_at TIMESTAMP NOT NULL, value DOUBLE, limit_value DOUBLE,
    community_id TEXT NOT NULL, home_id TEXT, room_id TEXT, facility_id TEXT, building_id TEXT, drill_id TEXT,
    suppressed_by TEXT, suppressed_until TIMESTAMP, evidence TEXT);

-- An incident's unchanging head, and the log of what was done.
CREATE TABLE incident (
    incident_id TEXT NOT NULL, procedure TEXT NOT NULL, community_id TEXT NOT NULL, subject TEXT NOT NULL, home_id TEXT, facility_id TEXT,
    building_id TEXT, drill_id TEXT, raised_at TIMESTAMP NOT NULL, known_at TIMESTAMP NOT NULL);
CREATE TABLE incident_step (
    incident_id TEXT NOT NULL, n INTEGER NOT NULL, step TEXT NOT NULL, step_at TIMESTAMP NOT NULL, known_at TIMESTAMP NOT NULL,
    done_by TEXT NOT NULL, role TEXT NOT NULL, channel TEXT, result TEXT, note TEXT, outcome TEXT, cause TEXT, detail TEXT);

-- A rule's parameter where it differs from the file: for a community, or for one home of it.
CREATE TABLE threshold (
    rule TEXT NOT NULL, parameter TEXT NOT NULL, community_id TEXT NOT NULL, home_id TEXT, value DOUBLE, changed_by TEXT NOT NULL,
    reason TEXT NOT NULL, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);

-- Declared: nobody home, cleaning, maintenance. Ends by itself at ends_at, sooner when taken back.
CREATE TABLE absence (
    absence_id TEXT NOT NULL, community_id TEXT NOT NULL, home_id TEXT, kind TEXT NOT NULL, starts_at TIMESTAMP NOT NULL, ends_at TIMESTAMP NOT NULL,
    reason TEXT NOT NULL, declared_by TEXT NOT NULL, recorded_at TIMESTAMP NOT NULL, ended_by TEXT, superseded_at TIMESTAMP);

-- What a home did on one local day, in 288 slots of five minutes: active, one byte each, the code of the sensor that
-- spoke last (0: still); watched, one bit each.
CREATE TABLE rhythm_day (
    home_id TEXT NOT NULL, day DATE NOT NULL, active BLOB NOT NULL, watched BLOB NOT NULL, known_at TIMESTAMP NOT NULL);

-- What is to be told outside, written with the change it tells of; and every try to tell it.
CREATE TABLE notification (
    notification_id BIGINT NOT NULL, known_at TIMESTAMP NOT NULL, kind TEXT NOT NULL, community_id TEXT NOT NULL, incident_id TEXT, alert_id BIGINT,
    drill_id TEXT, body TEXT NOT NULL);
CREATE TABLE notification_try (
    notification_id BIGINT NOT NULL, outlet TEXT NOT NULL, tried_at TIMESTAMP NOT NULL, told BOOLEAN NOT NULL, detail TEXT NOT NULL);

-- An exercise in a community of its own, with its own clock: drill time = drill_from + (real - started_at) * speed.
CREATE TABLE drill (
    drill_id TEXT NOT NULL, community_id TEXT NOT NULL, drill_of TEXT NOT NULL, scenario TEXT NOT NULL, speed DOUBLE NOT NULL,
    started_at TIMESTAMP NOT NULL, drill_from TIMESTAMP NOT NULL, started_by TEXT NOT NULL, ended_at TIMESTAMP);

-- A visit to a home by somebody who cares.
CREATE TABLE visit (
    visit_id TEXT NOT NULL, community_id TEXT NOT NULL, home_id TEXT NOT NULL, visited_at TIMESTAMP NOT NULL, visited_by TEXT NOT NULL,
    role TEXT NOT NULL, note TEXT, known_at TIMESTAMP NOT NULL);
