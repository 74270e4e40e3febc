SELECT min(recorded_at) AS first
FROM community
WHERE $community_id::TEXT IS NULL OR community_id = $community_id::TEXT
