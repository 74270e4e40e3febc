/* ---
title     = { zh = "燃气泄漏", en = "Gas leak" }
sentence  = { zh = "燃气探测器自 {since} 起报警", en = "the gas detector has been in alarm since {since}" }
severity  = "act"
grade     = 1
scope     = "device"
metrics   = ["gas", "gas_lel"]
urgent    = true
clear     = "5m"
procedure = "elder_incident"
weight    = 0.9

[parameter.lel]
title  = { zh = "浓度达到", en = "Concentration from" }
value  = 10
unit   = "%LEL"
low    = 3
high   = 25
source = { zh = "建议值，在家用探测器设定范围内（GB 15322.2，5–25 %LEL，凭记忆）：只报浓度的探测器也要判断", en = "proposal, within the setting range of household detectors (GB 15322.2, 5-25 %LEL, from memory): a detector that only tells a concentration is judged too" }

[[example]]
name     = "a leak raises; the all-clear ends it after five minutes"
devices  = { detector = "gas" }
readings = [["12:00", "detector.gas", 0], ["12:10", "detector.gas", 1], ["12:30", "detector.gas", 0]]
expect   = [["12:09", {}], ["12:10", { detector = "firing" }], ["12:34", { detector = "firing" }], ["12:37", {}]]

[[example]]
name     = "a concentration of 12 % is a leak though the detector does not say so, 8 % is none"
devices  = { detector = "gas", other = "gas@h2" }
readings = [["12:00", "detector.gas_lel", 12], ["12:00", "other.gas_lel", 8]]
expect   = [["12:01", { detector = "firing" }]]

[[example]]
name     = "a leak within one delivery is a leak; one that the broker kept from another day is none"
devices  = { detector = "gas", other = "gas@h2" }
readings = [["12:10", "detector.gas", [1, 0]], ["12:10", "other.gas", 1, { retained = true }]]
expect   = [["12:10", { detector = "firing" }]]

[[example]]
name     = "a detector that fell silent in alarm stays in alarm; one that is only silent is device_silent's matter"
devices  = { detector = "gas", other = "gas@h2" }
readings = [["12:00", "detector.gas", 1], ["12:00", "other.gas", 0], ["12:00", "other.gas_lel", 0.4]]
expect   = [["60:00", { detector = "firing" }]]

[[example]]
name       = "a home whose kitchen is known to smell of its cooker may have a higher limit"
devices    = { detector = "gas" }
thresholds = [["h1", "lel", 20]]
readings   = [["12:00", "detector.gas_lel", 12], ["12:30", "detector.gas_lel", 21]]
expect     = [["12:01", {}], ["12:31", { detector = "firing" }]]
--- */
SELECT device_id AS subject, min(begun) AS due_at, min(begun) AS since, arg_min(value, begun) AS value,
       arg_min(reached, begun) AS limit_value, arg_min(metric, begun) AS metric, any_value(community_id) AS community_id,
       any_value(home_id) AS home_id, any_value(room_id) AS room_id, any_value(facility_id) AS facility_id,
       any_value(building_id) AS building_id
FROM (SELECT d.*, CASE d.metric WHEN 'gas' THEN 1.0 ELSE s.lel END AS reached
      FROM (SELECT device_id, metric, changed_at AS begun, value, community_id, home_id, room_id, facility_id, building_id
            FROM state
            WHERE metric IN ('gas', 'gas_lel') AND NOT retained
            UNION ALL
            SELECT device_id, metric, taken_at, value, community_id, home_id, room_id, facility_id, building_id
            FROM pulse
            WHERE metric = 'gas' AND taken_at > $instant - INTERVAL 24 HOUR) d
      JOIN setting s ON s.community_id = d.community_id AND s.home_id IS NOT DISTINCT FROM d.home_id)
WHERE value >= reached
GROUP BY device_id
