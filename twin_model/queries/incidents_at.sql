-- The incidents known at an instant and whether they were open then: not closed or merged away since last reopened.
-- Of those that were not, only the ones that ended at $since or later (null: all).
-- rearms: closed while something still fired, and not raised again since. With $community_id also those of its
-- running drills.
SELECT i.incident_id, i.procedure, i.home_id, i.raised_at,
       coalesce(arg_max(s.step, s.n) FILTER (s.step IN ('close', 'merged', 'reopen')), 'reopen') = 'reopen' AS is_open,
       coalesce(arg_max(s.step = 'close' AND s.detail IS NOT NULL, s.n)
                FILTER (s.step IN ('close', 'merged', 'reopen', 'realarm')), FALSE) AS rearms
FROM incident i JOIN incident_step s USING (incident_id)
WHERE i.known_at <= $instant AND s.known_at <= $instant
  AND ($community_id IS NULL OR i.community_id = $community_id
       OR ($include_drills AND i.community_id IN (
              SELECT community_id FROM community_at($instant) WHERE drill_of = $community_id
                  AND community_id NOT IN (SELECT community_id FROM drill WHERE ended_at <= $instant))))
  AND ($include_drills OR i.drill_id IS NULL)
GROUP BY i.incident_id, i.procedure, i.home_id, i.raised_at
HAVING $since IS NULL OR is_open OR max(s.step_at) FILTER (s.step IN ('close', 'merged')) >= $since
ORDER BY i.incident_id
