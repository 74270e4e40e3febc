-- The sum over devices of each device's mean in a bucket; `devices` says how many had a reading in it.
SELECT make_timestamp(bucket) AS bucket, sum(mean) AS value, count(*) AS devices
FROM (
    SELECT epoch_us(taken_at) + $local_us - (epoch_us(taken_at) + $local_us) % $bucket_us - $local_us AS bucket,
           series_no, avg(value) AS mean
    FROM reading SEMI JOIN chosen USING (series_no)
    WHERE taken_at >= $first AND taken_at < $last AND received_at <= $instant
    GROUP BY ALL)
GROUP BY 1 ORDER BY 1
