-- Readings of chosen series that were taken in the day before an instant and came only after it, by series: how many,
-- when they were taken, when the last one came. What was on its way for minutes is not late.
SELECT series_no, count(*) AS readings, min(taken_at) AS first_taken, max(taken_at) AS last_taken, max(received_at) AS came_at
FROM reading SEMI JOIN chosen USING (series_no)
WHERE received_at > $instant AND received_at <= $until AND received_at > taken_at + INTERVAL 10 MINUTE
    AND taken_at <= $instant AND taken_at > $first AND NOT retained
GROUP BY series_no
ORDER BY readings DESC, series_no
