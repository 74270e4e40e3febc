-- What the log received after $after, up to $until, says of each hour: the rows that hour_part is given.
SELECT series_no, date_trunc('hour', counts_from) AS hour,
       count(*) FILTER (quarter = 0)::INTEGER AS n0, count(*) FILTER (quarter = 1)::INTEGER AS n1,
       count(*) FILTER (quarter = 2)::INTEGER AS n2, count(*) FILTER (quarter = 3)::INTEGER AS n3,
       coalesce(sum(value) FILTER (quarter = 0), 0) AS s0, coalesce(sum(value) FILTER (quarter = 1), 0) AS s1,
       coalesce(sum(value) FILTER (quarter = 2), 0) AS s2, coalesce(sum(value) FILTER (quarter = 3), 0) AS s3
FROM (SELECT series_no, least(taken_at, received_at) AS counts_from, minute(least(taken_at, received_at)) // 15 AS quarter, value
      FROM reading WHERE received_at > $after AND received_at <= $until AND NOT retained)
WHERE series_no IN (SELECT series_no FROM chosen)
GROUP BY ALL
