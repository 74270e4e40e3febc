-- What colours a building: its worst open alert, how full it is, how fresh its devices are.
WITH alarm AS (
    SELECT building_id, max(CASE severity WHEN 'act' THEN 3 WHEN 'look' THEN 2 ELSE 1 END) AS worst
    FROM alert
    -- a battery that runs low (grade 4) is upkeep: it colours no building
    WHERE building_id IS NOT NULL AND (coalesce(grade, 1) < 4 OR severity = 'blind') GROUP BY 1),
health AS (
    SELECT building_id, count(*) AS devices,
           count(*) FILTER (status = 'fresh') AS fresh, count(*) FILTER (status = 'lost') AS lost
    FROM device_state WHERE building_id IS NOT NULL GROUP BY 1),
filled AS (
    SELECT building_id, max(share) AS share, bool_or(grade <> 'unknown') AS known, bool_or(kept_back) AS kept_back
    FROM (
        SELECT place_id AS building_id, share, grade, kept_back FROM occupancy WHERE place_kind = 'building'
        UNION ALL
        SELECT within, share, grade, kept_back FROM occupancy WHERE place_kind = 'facility' AND within IS NOT NULL AND counters > 0)
    GROUP BY 1)
SELECT b.building_id,
       CASE alarm.worst WHEN 3 THEN 'act' WHEN 2 THEN 'look' WHEN 1 THEN 'blind' ELSE 'none' END AS alert,
       filled.share AS occupancy_share,
       CASE WHEN filled.building_id IS NULL THEN 'none'
            WHEN filled.share IS NULL AND filled.kept_back THEN 'few' -- known, and too few to be told
            WHEN NOT filled.known OR filled.share IS NULL THEN 'unknown'
            ELSE least(3, floor(filled.share * 4))::INTEGER::TEXT END AS occupancy,
       CASE WHEN health.devices IS NULL THEN 'none'
            WHEN health.lost * 2 >= health.devices THEN 'lost'
            WHEN health.fresh < health.devices THEN 'stale'
            ELSE 'fresh' END AS freshness,
       coalesce(health.devices, 0)::INTEGER AS devices
FROM building_at($instant) b
LEFT JOIN alarm USING (building_id) LEFT JOIN health USING (building_id) LEFT JOIN filled USING (building_id)
WHERE b.community_id = $community_id
ORDER BY b.building_id
