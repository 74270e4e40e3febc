SELECT name, arg_max(connected, since) AS connected, arg_max(detail, since) AS detail, max(since) AS since
FROM source_event
WHERE $instant::TIMESTAMP IS NULL OR since <= $instant::TIMESTAMP
GROUP BY name ORDER BY name
