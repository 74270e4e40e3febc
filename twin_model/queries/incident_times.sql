-- One row per incident of one procedure raised in a span, as known at an instant: when each thing was first done, how
-- it ended, what it rested on. Drills are left out by construction: neither their incidents nor their communities.
-- Those merged into another are counted there. hand_overs: by the clock, because somebody was silent.
WITH raised AS (
    SELECT incident_id, home_id, raised_at FROM incident
    WHERE procedure = $procedure AND community_id = $community_id AND drill_id IS NULL
      AND known_at <= $instant AND raised_at >= $first AND raised_at < $last
      AND community_id NOT IN (SELECT community_id FROM community_at($instant) WHERE drill_of IS NOT NULL)),
step AS (
    SELECT s.*, json_extract_string(detail, '$.evidence[*].rule') AS rules,
           json_extract_string(detail, '$.evidence[*].grade')::INTEGER[] AS grades
    FROM incident_step s SEMI JOIN raised USING (incident_id) WHERE s.known_at <= $instant),
folded AS (
    SELECT incident_id,
           min(step_at) FILTER (step = 'acknowledge') AS acknowledged_at,
           min(step_at) FILTER (step = 'contact') AS contacted_at,
           min(step_at) FILTER (step = 'dispatch') AS dispatched_at,
           min(step_at) FILTER (step = 'arrive') AS arrived_at,
           arg_max(step, n) FILTER (step IN ('close', 'reopen')) AS ended,
           arg_max(step_at, n) FILTER (step = 'close') AS closed_at,
           arg_max(outcome, n) FILTER (step = 'close') AS outcome,
           arg_max(cause, n) FILTER (step = 'close') AS cause,
           count(*) FILTER (step = 'hand_over' AND role = 'system') AS hand_overs,
           count(*) FILTER (step = 'reopen') AS reopened,
           bool_or(step = 'merged') AS merged,
           max(detail ->> '$.after') FILTER (step = 'raise') AS after,
           list_distinct(flatten(list(rules))) AS rules,
           list_min(flatten(list(grades) FILTER (step = 'raise'))) AS grade
    FROM step GROUP BY incident_id)
SELECT r.incident_id, r.home_id, r.raised_at, f.grade, f.acknowledged_at, f.contacted_at, f.dispatched_at, f.arrived_at,
       CASE WHEN f.ended = 'close' THEN f.closed_at END AS closed_at, CASE WHEN f.ended = 'close' THEN f.outcome END AS outcome,
       CASE WHEN f.ended = 'close' THEN f.cause END AS cause, f.hand_overs, f.reopened, f.after, list_sort(f.rules) AS rules
FROM raised r JOIN folded f USING (incident_id)
WHERE NOT f.merged
ORDER BY r.raised_at, r.incident_id
