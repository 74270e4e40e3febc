-- The readings of one series over its own time, as known at an instant.
SELECT taken_at, received_at, value
FROM reading
WHERE series_no = $series_no AND taken_at >= $first AND taken_at < $last AND received_at <= $instant
ORDER BY taken_at, received_at
