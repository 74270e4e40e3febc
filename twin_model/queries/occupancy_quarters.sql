-- Readings and their sums by hour (hours since 1970) and quarter, as known at an instant: the stretches of hour_part up to
-- $segment, and what the log told since (tail).
WITH known AS (
    SELECT series_no, hour, n0, n1, n2, n3, s0, s1, s2, s3 FROM hour_part
    WHERE hour >= $first AND hour < $last AND until <= $segment AND series_no IN (SELECT series_no FROM chosen)
    UNION ALL
    SELECT series_no, hour, n0, n1, n2, n3, s0, s1, s2, s3 FROM tail
    WHERE hour >= $first AND hour < $last AND series_no IN (SELECT series_no FROM chosen))
SELECT series_no, epoch_us(hour) // 3600000000 AS hour, sum(n0)::DOUBLE AS n0, sum(n1)::DOUBLE AS n1,
       sum(n2)::DOUBLE AS n2, sum(n3)::DOUBLE AS n3, sum(s0) AS s0, sum(s1) AS s1, sum(s2) AS s2, sum(s3) AS s3
FROM known GROUP BY series_no, hour
