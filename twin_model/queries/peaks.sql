-- The highest and lowest reading of a metric during episodes (alert_id, subject: device or home, metric, since, until).
SELECT w.alert_id, max(r.value) AS high, min(r.value) AS low
FROM wanted w
    JOIN device_at($instant) d ON w.subject IN (d.device_id, d.home_id)
    JOIN series s ON s.device_id = d.device_id AND s.metric = w.metric
    JOIN reading r ON r.series_no = s.series_no AND r.taken_at BETWEEN w.since AND w.until
WHERE r.received_at <= $instant AND r.received_at >= $first AND NOT r.retained
GROUP BY w.alert_id
