-- Readings at or above the declared alarm limit whose predecessor was below it: the moments an alarm value came up.
SELECT taken_at, series_no, value
FROM (
    SELECT r.taken_at, r.series_no, r.value, c.alarm_at_least,
           lag(r.value) OVER (PARTITION BY r.series_no ORDER BY r.taken_at, r.received_at) AS before
    FROM reading r JOIN chosen c USING (series_no)
    WHERE r.taken_at >= $first AND r.taken_at < $last AND r.received_at <= $instant)
WHERE value >= alarm_at_least AND (before IS NULL OR before < alarm_at_least)
ORDER BY taken_at
