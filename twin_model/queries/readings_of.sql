-- The readings of chosen series that count from after an instant, as known at another, in order of the series' own time.
SELECT c.device_id, c.type, c.home_id, c.community_id, c.metric, least(r.taken_at, r.received_at) AS taken_at, r.value
FROM reading r JOIN chosen c USING (series_no)
WHERE r.received_at > $after AND r.received_at <= $known AND r.taken_at > $after AND NOT r.retained
ORDER BY c.device_id, c.metric, taken_at, r.received_at
