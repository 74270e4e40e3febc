-- Every alert as known at an instant: its last row, when it first fired and when it cleared. Those that cleared before
-- $since are left out first, because they are nearly all of them.
WITH mine AS (
    SELECT alert_id FROM alert_step WHERE known_at <= $instant
    GROUP BY alert_id HAVING coalesce(max(known_at) FILTER (phase = 'cleared') >= $since, TRUE))
SELECT s.* EXCLUDE (known_at), s.known_at AS stepped_at,
       min(s.known_at) FILTER (s.phase = 'firing') OVER (PARTITION BY s.alert_id) AS fired_at,
       CASE WHEN s.phase = 'cleared' THEN s.known_at END AS cleared_at
FROM alert_step s SEMI JOIN mine USING (alert_id)
WHERE s.known_at <= $instant
QUALIFY row_number() OVER (PARTITION BY s.alert_id ORDER BY s.known_at DESC) = 1
    AND (s.phase <> 'cleared' OR s.known_at >= $since)
ORDER BY CASE s.severity WHEN 'act' THEN 0 WHEN 'look' THEN 1 ELSE 2 END, s.grade, s.since, s.alert_id
