/* ---
title     = { zh = "用水过多", en = "Too much water" }
sentence  = { zh = "24 小时内用水 {value} 升，超过 {limit} 升", en = "{value} litres of water in 24 hours, more than {limit}" }
severity  = "look"
grade     = 3
scope     = "home"
metrics   = ["water_m3"]
window    = "24h"
clear     = "1h"
procedure = "elder_incident"
weight    = 0.1
suppressed_by = ["cleaning", "maintenance"]

[parameter.litres]
title  = { zh = "24 小时超过", en = "More in 24 h than" }
value  = 2000
unit   = "L"
low    = 200
high   = 10000
source = { zh = "上海静安大宁路：一天用水超过 2 立方米", en = "Shanghai Jing'an (Daning Road): a daily turn above 2 m³" }
variants = { jingan = 2000 }

[[example]]
name     = "more than two cubic metres in a day"
devices  = { meter = "water_meter" }
readings = [["00:00..20:00 every 30m", "meter.water_m3", { from = 100.0, step = 0.055 }]]
expect   = [["18:00", {}], ["18:30", { h1 = "firing" }], ["20:00", { h1 = "firing" }]]

[[example]]
name     = "just two cubic metres are not more than two, and yesterday's do not count"
devices  = { meter = "water_meter", other = "water_meter@h2" }
readings = [["00:00", "meter.water_m3", 100.0], ["20:00", "meter.water_m3", 102.0], ["-10:00", "other.water_m3", 50.0], ["10:00", "other.water_m3", 51.5], ["30:00", "other.water_m3", 52.5]]
expect   = [["20:00", {}], ["30:00", {}]]

[[example]]
name     = "a new meter with another count is no flood: no pipe of a home lets 60 m³ through in a day"
devices  = { meter = "water_meter", other = "water_meter@h2" }
readings = [["08:00", "meter.water_m3", 12.0], ["08:30", "meter.water_m3", 830.0], ["08:00", "other.water_m3", 830.0], ["08:30", "other.water_m3", 0.0], ["09:00", "other.water_m3", 0.3], ["12:00", "other.water_m3", 2.5]]
expect   = [["08:31", {}], ["09:01", {}], ["12:01", { h2 = "firing" }]]

[[example]]
name     = "a big clean explains it"
devices  = { meter = "water_meter" }
absences = [["h1", "cleaning", "08:00", "20:00"]]
readings = [["08:00", "meter.water_m3", 12.0], ["12:00", "meter.water_m3", 14.5]]
expect   = [["12:01", { h1 = "suppressed" }]]

[[example]]
name     = "a meter that is not heard of used nothing that we know of"
devices  = { meter = "water_meter" }
readings = [["00:00..12:00 every 30m", "meter.water_m3", { from = 100.0, step = 0.055 }]]
expect   = [["18:30", {}], ["36:00", {}]]
--- */
WITH meter AS (
    SELECT m.series_no, m.home_id, m.community_id, m.building_id, m.value, m.taken_at, s.litres
    FROM state m JOIN setting s ON s.home_id = m.home_id
    WHERE m.metric = 'water_m3' AND m.value IS NOT NULL AND NOT m.retained),
used AS (  -- from the lowest count, so that what a replaced or falling meter counted before is left out
    SELECT m.*, since, (m.value - lowest) * 1000 AS used
    FROM (SELECT series_no, min(value) AS lowest, arg_min(taken_at, value) AS since FROM recent GROUP BY series_no)
    JOIN meter m USING (series_no))
SELECT home_id AS subject, max(taken_at) AS due_at, min(since) AS since, round(sum(used)) AS value,
       any_value(litres) AS limit_value, 'water_m3' AS metric, any_value(community_id) AS community_id, home_id,
       NULL::TEXT AS room_id, NULL::TEXT AS facility_id, any_value(building_id) AS building_id
FROM used
WHERE used < 60000  -- DN20 at full bore for a day; more is another meter
GROUP BY home_id
HAVING round(sum(used), 3) > any_value(litres)
