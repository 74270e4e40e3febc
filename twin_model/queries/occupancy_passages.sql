-- Passages a counter told per day of 04:00 to 04:00 local time (20:00 UTC before), from the stretches up to $segment.
SELECT series_no, (epoch_us(hour) // 3600000000 + 4) // 24 AS day, max(highest) - min(lowest) AS passed, count(*) AS hours
FROM (SELECT series_no, hour,
             greatest(s0 / nullif(n0, 0), s1 / nullif(n1, 0), s2 / nullif(n2, 0), s3 / nullif(n3, 0)) AS highest,
             least(s0 / nullif(n0, 0), s1 / nullif(n1, 0), s2 / nullif(n2, 0), s3 / nullif(n3, 0)) AS lowest
      FROM hour_part WHERE hour >= $first AND hour < $last AND until <= $segment AND series_no IN (SELECT series_no FROM chosen))
GROUP BY ALL
