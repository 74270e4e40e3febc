-- The same in buckets of equal length, counted from 1970 in the community's local time so that days begin at midnight.
-- A bucket without a reading is absent: a gap stays a gap.
SELECT make_timestamp(bucket) AS bucket, mean, low, high, last, n
FROM (
    SELECT epoch_us(taken_at) + $local_us - (epoch_us(taken_at) + $local_us) % $bucket_us - $local_us AS bucket,
           avg(value) AS mean, min(value) AS low, max(value) AS high, arg_max(value, taken_at) AS last, count(*) AS n
    FROM reading
    WHERE series_no = $series_no AND taken_at >= $first AND taken_at < $last AND received_at <= $instant
    GROUP BY 1)
ORDER BY 1
