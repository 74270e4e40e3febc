-- Alerts that belonged to incidents of one procedure closed as true or false in a span, with how they ended: what the
-- outcomes can teach about a threshold. Each alert once, with the last outcome of its incident; drills left out.
WITH closed AS (
    SELECT s.incident_id, arg_max(s.step, s.n) AS ended, arg_max(s.step_at, s.n) AS closed_at,
           arg_max(s.outcome, s.n) AS outcome, arg_max(s.cause, s.n) AS cause
    FROM incident_step s JOIN incident i USING (incident_id)
    WHERE s.known_at <= $instant AND s.step IN ('close', 'reopen', 'merged')
      AND i.procedure = $procedure AND i.community_id = $community_id AND i.drill_id IS NULL
      AND i.community_id NOT IN (SELECT community_id FROM community_at($instant) WHERE drill_of IS NOT NULL)
    GROUP BY s.incident_id HAVING ended = 'close' AND outcome IN ('true', 'false') AND closed_at >= $first),
part AS (
    SELECT incident_id, unnest(json_extract(detail, '$.evidence[*].alert_id'))::BIGINT AS alert_id
    FROM incident_step SEMI JOIN closed USING (incident_id)
    WHERE known_at <= $instant AND step IN ('raise', 'evidence', 'merge')),
episode AS (
    SELECT alert_id, any_value(rule) AS rule, any_value(home_id) AS home_id,
           any_value(subject) AS subject, any_value(metric) AS metric,
           arg_min(since, known_at) FILTER (phase = 'firing') AS since,
           arg_min(value, known_at) FILTER (phase = 'firing') AS value,
           arg_min(limit_value, known_at) FILTER (phase = 'firing') AS limit_value,
           max(known_at) FILTER (phase = 'cleared') AS cleared_at
    FROM alert_step WHERE known_at <= $instant AND alert_id IN (SELECT alert_id FROM part)
    GROUP BY alert_id)
SELECT e.rule, e.home_id, e.subject, e.metric, e.alert_id, c.incident_id, c.outcome, c.cause, c.closed_at, e.since, e.value, e.limit_value,
       e.cleared_at
FROM (SELECT DISTINCT incident_id, alert_id FROM part) JOIN closed c USING (incident_id) JOIN episode e USING (alert_id)
ORDER BY e.rule, e.home_id, c.closed_at, e.alert_id
