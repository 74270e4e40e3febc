/* ---
title     = { zh = "室温过高", en = "Room too hot" }
sentence  = { zh = "室温自 {since} 起高于 {limit} °C，现为 {value} °C", en = "the room has been above {limit} °C since {since}, now {value} °C" }
severity  = "look"
grade     = 3
scope     = "home"
metrics   = ["temperature"]
window    = "6h"
clear     = "30m"
procedure = "elder_incident"
weight    = 0.15
suppressed_by = ["away", "maintenance"]

[parameter.degrees]
title  = { zh = "高于", en = "Above" }
value  = 33
unit   = "°C"
low    = 26
high   = 45
source = { zh = "建议值：气象部门从室外 35 °C 起预警；室内超过 33 °C 一小时对老人有危险（凭记忆）；英国卧室标准 26 °C", en = "proposal: the CMA warns from 35 °C outdoors; a room above 33 °C for an hour is dangerous for the old (from memory); English bedrooms 26 °C" }
variants = { bedroom_uk = 26 }

[parameter.minutes]
title  = { zh = "持续多久", en = "Held for" }
value  = 60
unit   = "min"
low    = 10
high   = 240
source = { zh = "建议值：开着的窗一小时内会关上", en = "proposal: an open window is shut again within the hour" }

[[example]]
name     = "an hour above 33 degrees; half an hour below ends it"
devices  = { room = "temperature" }
readings = [["14:00", "room.temperature", 31.0], ["14:10..17:00 every 10m", "room.temperature", 34.2], ["17:10..18:10 every 10m", "room.temperature", 30.0]]
expect   = [["15:09", {}], ["15:10", { h1 = "firing" }], ["17:30", { h1 = "firing" }], ["17:45", {}]]

[[example]]
name     = "33 degrees exactly, and cooking for half an hour, are not too hot"
devices  = { room = "temperature", other = "temperature@h2" }
readings = [["14:00..14:50 every 10m", "room.temperature", 36.0], ["15:00", "room.temperature", 32.0], ["14:00..16:00 every 10m", "other.temperature", 33.0]]
expect   = [["14:59", {}], ["15:05", {}], ["16:00", {}]]

[[example]]
name     = "a thermometer that is not heard of measures nothing, however hot it was; one that the broker kept is of another day"
devices  = { room = "temperature", other = "temperature@h2" }
readings = [["14:00", "room.temperature", 38.0], ["14:00", "other.temperature", 38.0, { retained = true }], ["15:05", "other.temperature", 38.0, { retained = true }]]
expect   = [["15:10", {}], ["20:00", {}]]

[[example]]
name     = "two rooms of a home: the hot one counts"
devices  = { kitchen = "temperature", bedroom = "temperature" }
readings = [["14:00..16:00 every 10m", "kitchen.temperature", 35.0], ["14:00..16:00 every 10m", "bedroom.temperature", 29.0]]
expect   = [["14:59", {}], ["15:00", { h1 = "firing" }]]
--- */
WITH room AS (  -- where the newest reading is off the mark
    SELECT d.series_no, d.home_id, d.community_id, d.building_id, s.degrees, s.minutes * INTERVAL 1 MINUTE AS held_for
    FROM state d JOIN setting s ON s.home_id = d.home_id
    WHERE d.metric = 'temperature' AND d.value > s.degrees),
read AS (
    SELECT r.series_no, r.taken_at, r.value, r.value > m.degrees AS off
    FROM recent r JOIN room m USING (series_no)),
held AS (  -- the readings since the last one that was right
    SELECT r.series_no, min(r.taken_at) AS since, max(r.taken_at) AS last_at, arg_max(r.value, r.taken_at) AS value
    FROM read r LEFT JOIN (SELECT series_no, max(taken_at) AS right_at FROM read WHERE NOT off GROUP BY series_no) g USING (series_no)
    WHERE r.off AND (g.right_at IS NULL OR r.taken_at > g.right_at)
    GROUP BY r.series_no)
SELECT m.home_id AS subject, min(since + held_for) AS due_at, min(since) AS since, round(max(h.value), 1) AS value,
       any_value(degrees) AS limit_value, 'temperature' AS metric, any_value(m.community_id) AS community_id, m.home_id,
       NULL::TEXT AS room_id, NULL::TEXT AS facility_id, any_value(m.building_id) AS building_id
FROM held h JOIN room m USING (series_no)
WHERE last_at >= since + held_for  -- only a reading proves that it lasted
GROUP BY m.home_id
