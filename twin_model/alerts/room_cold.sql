/* ---
title     = { zh = "室温过低", en = "Room too cold" }
sentence  = { zh = "室温自 {since} 起低于 {limit} °C，现为 {value} °C", en = "the room has been below {limit} °C since {since}, now {value} °C" }
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
title  = { zh = "低于", en = "Below" }
value  = 10
unit   = "°C"
low    = 2
high   = 22
source = { zh = "建议值：长江下游的家没有暖气，冬天 8–14 °C；世卫组织建议 18 °C，北方供暖承诺 18 °C（均凭记忆）", en = "proposal: homes on the lower Yangtze have no heating and stand at 8 to 14 °C in winter; WHO recommends 18 °C, heated homes in the north are promised 18 °C (both from memory)" }
variants = { who = 18, heated = 18 }

[parameter.minutes]
title  = { zh = "持续多久", en = "Held for" }
value  = 60
unit   = "min"
low    = 10
high   = 240
source = { zh = "建议值：开着的窗一小时内会关上", en = "proposal: an open window is shut again within the hour" }

[[example]]
name     = "an hour below ten degrees; half an hour above ends it"
devices  = { room = "temperature" }
readings = [["20:00", "room.temperature", 12.0], ["20:10..23:00 every 10m", "room.temperature", 9.4], ["23:10..24:10 every 10m", "room.temperature", 11.0]]
expect   = [["21:09", {}], ["21:10", { h1 = "firing" }], ["23:30", { h1 = "firing" }], ["23:45", {}]]

[[example]]
name     = "an open window for fifty minutes, and ten degrees exactly, are not cold"
devices  = { room = "temperature", other = "temperature@h2" }
readings = [["20:00..20:50 every 10m", "room.temperature", 8.0], ["21:00", "room.temperature", 12.0], ["20:00..22:00 every 10m", "other.temperature", 10.0]]
expect   = [["20:59", {}], ["21:05", {}], ["22:00", {}]]

[[example]]
name       = "by the WHO it is cold below 18"
devices    = { room = "temperature" }
thresholds = [["c", "degrees", 18]]
readings   = [["20:00..22:00 every 10m", "room.temperature", 16.0]]
expect     = [["20:59", {}], ["21:00", { h1 = "firing" }]]

[[example]]
name     = "a thermometer that is not heard of measures nothing; one in a public room is not a home"
devices  = { room = "temperature", hall = "temperature@f1" }
readings = [["20:00", "room.temperature", 8.0], ["20:10", "room.temperature", 8.0], ["20:00..22:00 every 10m", "hall.temperature", 5.0]]
expect   = [["21:10", {}], ["22:00", {}]]

[[example]]
name     = "nobody home, nobody cold; held down and said to be"
devices  = { room = "temperature" }
absences = [["h1", "away", "12:00", "40:00"]]
readings = [["20:00..22:00 every 10m", "room.temperature", 6.0]]
expect   = [["21:30", { h1 = "suppressed" }]]
--- */
WITH room AS (  -- where the newest reading is off the mark
    SELECT d.series_no, d.home_id, d.community_id, d.building_id, s.degrees, s.minutes * INTERVAL 1 MINUTE AS held_for
    FROM state d JOIN setting s ON s.home_id = d.home_id
    WHERE d.metric = 'temperature' AND d.value < s.degrees),
read AS (
    SELECT r.series_no, r.taken_at, r.value, r.value < m.degrees AS off
    FROM recent r JOIN room m USING (series_no)),
held AS (  -- the readings since the last one that was right
    SELECT r.series_no, min(r.taken_at) AS since, max(r.taken_at) AS last_at, arg_max(r.value, r.taken_at) AS value
    FROM read r LEFT JOIN (SELECT series_no, max(taken_at) AS right_at FROM read WHERE NOT off GROUP BY series_no) g USING (series_no)
    WHERE r.off AND (g.right_at IS NULL OR r.taken_at > g.right_at)
    GROUP BY r.series_no)
SELECT m.home_id AS subject, min(since + held_for) AS due_at, min(since) AS since, round(min(h.value), 1) AS value,
       any_value(degrees) AS limit_value, 'temperature' AS metric, any_value(m.community_id) AS community_id, m.home_id,
       NULL::TEXT AS room_id, NULL::TEXT AS facility_id, any_value(m.building_id) AS building_id
FROM held h JOIN room m USING (series_no)
WHERE last_at >= since + held_for  -- only a reading proves that it lasted
GROUP BY m.home_id
