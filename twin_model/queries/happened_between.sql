-- What happened in a span of time that a strip marks, as known at an instant: alerts of people and places that need
-- somebody, sources of data that went away, and records that came. $community_id as known to the alerts.
SELECT min(known_at) AS happened_at, 'alert' AS kind, severity AS class, rule AS what, metric, any_value(building_id) AS building_id
FROM alert_step
WHERE phase = 'firing' AND known_at >= $first AND known_at < $last AND known_at <= $instant
    AND community_id = $community_id AND (severity <> 'look' OR grade < 4)
GROUP BY alert_id, severity, rule, metric
UNION ALL
SELECT since, 'source', 'lost', name, NULL, NULL
FROM source_event
WHERE NOT connected AND since >= $first AND since < $last AND since <= $instant
ORDER BY happened_at
