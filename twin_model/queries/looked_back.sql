-- The readings of chosen series that count from after the instant that is given for each, as known at another; in no order.
-- $after is the earliest of those instants.
SELECT r.series_no, least(r.taken_at, r.received_at) AS taken_at, r.value
FROM reading r JOIN chosen c USING (series_no)
WHERE r.received_at > $after AND r.received_at <= $known AND r.taken_at > c.after AND NOT r.retained
