-- Homes of elders living alone that have a kit: active (a sign of life within the hour), quiet (sensors report, no
-- sign within the hour), blind (no sensor that could see a sign of life reports). The learned rhythm and "away"
-- belong to the elder-care rules; nothing here says that a quiet home is safe.
WITH sign AS (
    SELECT home_id, bool_or(status = 'fresh') AS seeing,
           max(changed_at) FILTER (status = 'fresh') AS since,
           bool_or(status = 'fresh' AND metric IN ('motion', 'presence') AND value >= 1) AS moving,
           max(taken_at) AS heard
    FROM state
    WHERE home_id IS NOT NULL AND metric IN ('motion', 'open', 'presence', 'in_bed', 'water_m3')
    GROUP BY home_id)
SELECT h.home_id, h.building_id, h.community_id,
       CASE WHEN sign.seeing IS NOT TRUE THEN 'blind'
            WHEN sign.moving OR sign.since >= $instant - INTERVAL 1 HOUR THEN 'active'
            ELSE 'quiet' END AS state,
       CASE WHEN sign.seeing THEN sign.since ELSE sign.heard END AS since
FROM home_at($instant) h JOIN (SELECT DISTINCT home_id FROM device_at($instant)) USING (home_id) LEFT JOIN sign USING (home_id)
WHERE h.elder_alone
ORDER BY h.home_id
