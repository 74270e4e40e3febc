/* ---
title     = { zh = "持续用水", en = "Water never stops" }
sentence  = { zh = "自 {since} 起每半小时都有用水，已超过 {limit} 小时，疑似漏水或忘关", en = "water has run in every half-hour since {since}, more than {limit} hours: a leak, or a tap left open" }
severity  = "look"
grade     = 3                   # domain.md D3: possible leak
scope     = "home"
metrics   = ["water_m3"]
window    = "27h"
procedure = "elder_incident"
weight    = 0.1
suppressed_by = ["maintenance"]

[parameter.hours]
title  = { zh = "每半小时都用水", en = "In every half-hour of" }
value  = 24
unit   = "h"
low    = 6
high   = 24
source = { zh = "深圳龙岗：0 至 24 时每半小时都有用水，由物业查管道；这里取任意 24 小时，漏水不必等到半夜", en = "Shenzhen Longgang: use in every half-hour from 0 to 24 h, the property checks the pipes; here of any 24 hours, so that a leak is not kept for midnight" }
variants = { longgang = 24 }

[parameter.litres]
title  = { zh = "每次至少", en = "Each time at least" }
value  = 1
unit   = "L"
low    = 1
high   = 50
source = { zh = "建议值：水表以整升计数", en = "proposal: meters count whole litres" }

[[example]]
name     = "a litre in every half-hour of a day is a leak"
devices  = { meter = "water_meter" }
readings = [["00:00..30:00 every 30m", "meter.water_m3", { from = 100.0, step = 0.001 }]]
expect   = [["23:59", {}], ["24:00", { h1 = "firing" }], ["30:00", { h1 = "firing" }]]

[[example]]
name     = "one half-hour without is a household that drank a lot; the day begins again, and stopping ends the alert"
devices  = { meter = "water_meter", other = "water_meter@h2" }
readings = [["00:00..12:00 every 30m", "meter.water_m3", { from = 100.0, step = 0.001 }], ["12:30..35:00 every 30m", "meter.water_m3", { from = 100.024, step = 0.001 }], ["00:00..24:00 every 30m", "other.water_m3", { from = 50.0, step = 0.020 }], ["24:30", "other.water_m3", 50.960]]
expect   = [["24:10", { h2 = "firing" }], ["24:31", {}], ["35:00", {}]]

[[example]]
name     = "half-hours that were not heard of may have been dry"
devices  = { meter = "water_meter" }
readings = [["00:00..11:00 every 30m", "meter.water_m3", { from = 100.0, step = 0.002 }], ["13:30..36:00 every 30m", "meter.water_m3", { from = 100.2, step = 0.002 }]]
expect   = [["24:00", {}], ["36:00", {}]]

[[example]]
name     = "a meter replaced or jumping back in the middle starts the day again"
devices  = { meter = "water_meter" }
readings = [["00:00..12:00 every 30m", "meter.water_m3", { from = 812.0, step = 0.002 }], ["12:30..35:00 every 30m", "meter.water_m3", { from = 0.0, step = 0.002 }]]
expect   = [["24:00", {}], ["35:00", {}]]

[[example]]
name     = "a silent meter leaks nothing; away or not, a leak is a leak, unless somebody works on the pipes"
devices  = { meter = "water_meter", other = "water_meter@h2" }
absences = [["h2", "maintenance", "20:00", "40:00"]]
readings = [["00:00..22:00 every 30m", "meter.water_m3", { from = 100.0, step = 0.001 }], ["00:00..30:00 every 30m", "other.water_m3", { from = 100.0, step = 0.001 }]]
expect   = [["24:00", { h2 = "suppressed" }], ["30:00", { h2 = "suppressed" }]]
--- */
WITH meter AS (
    SELECT m.series_no, m.home_id, m.community_id, m.building_id, m.taken_at, s.hours, s.litres, to_microseconds(m.stale_us) AS stale
    FROM state m JOIN setting s ON s.home_id = m.home_id
    WHERE m.metric = 'water_m3' AND m.value IS NOT NULL AND NOT m.retained),
running AS (  -- since the last half-hour without, not heard of, or with a count that fell
    SELECT series_no, coalesce(max(r.taken_at) FILTER (round((r.value - r.before) * 1000, 3) < m.litres OR r.taken_at - r.before_at > m.stale),
                               min(r.taken_at)) AS since
    FROM recent r JOIN meter m USING (series_no)
    GROUP BY series_no)
SELECT m.home_id AS subject, min(since + hours * INTERVAL 1 HOUR) AS due_at, min(since) AS since, NULL::DOUBLE AS value,
       any_value(hours) AS limit_value, 'water_m3' AS metric, any_value(community_id) AS community_id, m.home_id,
       NULL::TEXT AS room_id, NULL::TEXT AS facility_id, any_value(building_id) AS building_id
FROM running JOIN meter m USING (series_no)
WHERE m.taken_at >= since + hours * INTERVAL 1 HOUR
GROUP BY m.home_id
