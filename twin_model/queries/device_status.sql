-- One row per device: how it is, not what it measures.
SELECT device_id, any_value(type) AS type, any_value(name) AS name, any_value(dialect) AS dialect, any_value(address) AS address,
       any_value(community_id) AS community_id, any_value(building_id) AS building_id, any_value(facility_id) AS facility_id,
       any_value(room_id) AS room_id, any_value(home_id) AS home_id, any_value(lon) AS lon, any_value(lat) AS lat,
       CASE min(CASE status WHEN 'fresh' THEN 0 WHEN 'stale' THEN 1 ELSE 2 END) WHEN 0 THEN 'fresh' WHEN 1 THEN 'stale' ELSE 'lost' END AS status,
       max(taken_at) FILTER (NOT retained) AS last_seen,
       max(received_at) AS last_received,
       max(value) FILTER (metric = 'battery') AS battery,
       CASE max(CASE WHEN alarm_at_least IS NULL OR value IS NULL OR value < alarm_at_least THEN 0 WHEN alarm_class = 'act' THEN 2 ELSE 1 END)
           WHEN 2 THEN 'act' WHEN 1 THEN 'look' ELSE 'none' END AS alarm
FROM state
GROUP BY device_id
ORDER BY device_id
