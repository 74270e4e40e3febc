-- Visits to homes in a span of time, as known at an instant, newest first.
SELECT visit_id, community_id, home_id, visited_at, visited_by, role, note, known_at
FROM visit
WHERE visited_at >= $first AND visited_at < $last AND known_at <= $instant
    AND ($community_id IS NULL OR community_id = $community_id) AND ($home_id IS NULL OR home_id = $home_id)
ORDER BY visited_at DESC, visit_id
