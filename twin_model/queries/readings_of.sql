-- The readings of chosen series that count from after an instant, as known at another; in no order.
SELECT series_no, least(taken_at, received_at) AS taken_at, value
FROM reading SEMI JOIN chosen USING (series_no)
WHERE received_at > $after AND received_at <= $known AND taken_at > $after AND NOT retained
