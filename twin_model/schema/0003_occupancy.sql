-- The log in short, for questions about people over months: what one stretch of it, received after the one before and up to
-- `until`, says of one hour of one series, by quarter: n0..n3 readings, s0..s3 their sum. Stretches end where keyframes are
-- written. Appended, never changed: a reading that comes late is in the stretch in which it came. Adding the stretches up
-- to an instant and the log since gives what was known then. A row of series -1 marks a stretch without any reading.
CREATE TABLE hour_part (
    series_no INTEGER NOT NULL, hour TIMESTAMP NOT NULL, until TIMESTAMP NOT NULL,
    n0 INTEGER NOT NULL, n1 INTEGER NOT NULL, n2 INTEGER NOT NULL, n3 INTEGER NOT NULL,
    s0 DOUBLE NOT NULL, s1 DOUBLE NOT NULL, s2 DOUBLE NOT NULL, s3 DOUBLE NOT NULL);
