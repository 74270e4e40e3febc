-- The log after one commit up to and with another, in order of arrival.
SELECT series_no, taken_at, received_at, value, retained
FROM reading
WHERE received_at > $after AND received_at <= $until
