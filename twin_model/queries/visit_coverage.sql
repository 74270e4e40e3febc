-- Elders living alone known at an instant, and whether somebody visited each in a span; a drill's homes are none.
SELECT h.home_id, bool_or(v.visit_id IS NOT NULL) AS visited
FROM home_at($instant) h
    LEFT JOIN visit v ON v.home_id = h.home_id AND v.visited_at >= $first AND v.visited_at < $last AND v.known_at <= $instant
WHERE h.elder_alone AND h.community_id = $community_id
  AND h.community_id NOT IN (SELECT community_id FROM community_at($instant) WHERE drill_of IS NOT NULL)
GROUP BY h.home_id
ORDER BY h.home_id
