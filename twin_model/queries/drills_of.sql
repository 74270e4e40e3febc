-- The communities that are a running drill of a community at an instant.
SELECT community_id FROM community_at($instant)
WHERE drill_of = $community_id AND community_id NOT IN (SELECT community_id FROM drill WHERE ended_at <= $instant)
