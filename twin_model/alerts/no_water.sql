/* ---
title     = { zh = "久未用水", en = "No water used" }
sentence  = { zh = "自 {since} 起用水不足 {limit} 升", en = "less than {limit} litres of water have been used since {since}" }
severity  = "look"
grade     = 3                   # evidence.md 12: a second witness, not a lone alarm
scope     = "home"
metrics   = ["water_m3"]
window    = "36h"               # 24 h and the silences of a meter, which must not make an alert come and go
procedure = "elder_incident"
weight    = 0.35
suppressed_by = ["away", "maintenance"]

[parameter.hours]
title  = { zh = "多久", en = "For" }
value  = 12
unit   = "h"
low    = 6
high   = 24
source = { zh = "上海长宁、深圳龙岗、珠海狮山 12 小时；上海静安、太仓、宁波海曙 24 小时", en = "Shanghai Changning, Shenzhen Longgang, Zhuhai Shishan 12 h; Shanghai Jing'an, Taicang, Ningbo Haishu 24 h" }
variants = { changning = 12, longgang = 12, zhuhai = 12, jingan = 24, taicang = 24, haishu = 24 }

[parameter.litres]
title  = { zh = "用水少于", en = "Less than" }
value  = 10
unit   = "L"
low    = 1
high   = 100
source = { zh = "长宁、龙岗、静安、太仓 0.01 立方米；海曙至多 8 升；珠海为完全不用水", en = "0.01 m³ in Changning, Longgang, Jing'an, Taicang; at most 8 litres in Haishu; none at all in Zhuhai" }
variants = { changning = 10, longgang = 10, jingan = 10, taicang = 10, haishu = 9, zhuhai = 1 }

[parameter.still]
title  = { zh = "且多久未见活动", en = "And nobody seen moving for" }
value  = 10
unit   = "h"
low    = 0
high   = 24
source = { zh = "建议值：只看水表时，12 小时在一户 30 天里报 4.6 次，214 户每天 33 次，多半只是睡得久；填 0 则只看水表，与公布的做法相同", en = "proposal: alone, 12 h raise 4.6 alarms in 30 days of a home, 33 a day in 214 homes, most of them a long night; 0 judges the meter alone, as published" }
variants = { changning = 0, longgang = 0, jingan = 0, taicang = 0, haishu = 0, zhuhai = 0 }

[parameter.alone]
title  = { zh = "虽有活动也报", en = "Although somebody moves" }
value  = 24
unit   = "h"
low    = 12
high   = 24
source = { zh = "建议值：一天一夜没冲水没喝水，即使有人走动也该问一声；没有红外消息时也是如此", en = "proposal: a day and a night without a flush or a drink are a reason to ask, although somebody moves; also where the motion detector is not heard of" }

[[example]]
name     = "twelve hours below ten litres, in a home with nothing but a meter"
devices  = { meter = "water_meter" }
readings = [["06:00", "meter.water_m3", 100.000], ["07:00..20:00 every 30m", "meter.water_m3", 100.040]]
expect   = [["18:59", {}], ["19:00", { h1 = "firing" }], ["20:00", { h1 = "firing" }]]

[[example]]
name     = "ten litres within the twelve hours are use, nine are not"
devices  = { meter = "water_meter", other = "water_meter@h2" }
readings = [["07:00..13:00 every 30m", "meter.water_m3", 100.000], ["13:30..20:00 every 30m", "meter.water_m3", 100.010], ["07:00..13:00 every 30m", "other.water_m3", 50.000], ["13:30..20:00 every 30m", "other.water_m3", 50.009]]
expect   = [["19:00", { h2 = "firing" }], ["20:00", { h2 = "firing" }]]

[[example]]
name     = "a meter that is not heard of used nothing that we know of: missing readings are not zero"
devices  = { meter = "water_meter" }
readings = [["06:00..18:30 every 30m", "meter.water_m3", { from = 100.0, step = 0.020 }]]
expect   = [["19:00", {}], ["31:00", {}], ["43:00", {}]]

[[example]]
name     = "the same count before and after a gap is proof; a higher one is use, whenever in the gap it was"
devices  = { meter = "water_meter", other = "water_meter@h2" }
readings = [["06:00", "meter.water_m3", 99.0], ["07:00", "meter.water_m3", 100.0], ["18:30", "meter.water_m3", 100.0], ["19:00", "meter.water_m3", 100.0], ["07:00", "other.water_m3", 50.0], ["18:30", "other.water_m3", 50.3], ["19:00", "other.water_m3", 50.3]]
expect   = [["18:59", {}], ["19:00", { h1 = "firing" }]]

[[example]]
name     = "a meter replaced, rolled over, or jumping back by a litre: the hours begin again"
devices  = { meter = "water_meter", other = "water_meter@h2" }
readings = [["06:00..16:00 every 30m", "meter.water_m3", 812.0], ["16:30..28:30 every 30m", "meter.water_m3", 0.0], ["06:00..10:00 every 30m", "other.water_m3", 99999.999], ["10:30..28:30 every 30m", "other.water_m3", 0.003]]
expect   = [["18:00", {}], ["22:00", {}], ["22:30", { h2 = "firing" }], ["28:29", { h2 = "firing" }], ["28:30", { h1 = "firing", h2 = "firing" }]]

[[example]]
name     = "somebody seen moving within ten hours is alive; not a drop in 24 hours is asked about all the same"
devices  = { meter = "water_meter", pir = "motion" }
readings = [["06:00", "meter.water_m3", 99.9], ["06:30..30:30 every 30m", "meter.water_m3", 100.0], ["06:00..30:30 every 1h", "pir.motion", 0], ["06:10..30:30 every 4h", "pir.motion", 1], ["06:12..30:30 every 4h", "pir.motion", 0]]
expect   = [["18:30", {}], ["30:00", {}], ["30:30", { h1 = "firing" }]]

[[example]]
name     = "no water for twelve hours and nobody seen moving for ten"
devices  = { meter = "water_meter", pir = "motion" }
readings = [["06:00", "meter.water_m3", 99.9], ["06:30..30:30 every 30m", "meter.water_m3", 100.0], ["06:00..30:30 every 1h", "pir.motion", 0], ["12:10", "pir.motion", 1], ["12:12", "pir.motion", 0]]
expect   = [["18:30", {}], ["22:00", {}], ["22:30", { h1 = "firing" }]]

[[example]]
name     = "a motion detector that is not heard of saw nobody lie still: the meter stands alone and waits for 24 hours"
devices  = { meter = "water_meter", pir = "motion" }
behind   = { gw = ["pir"] }
readings = [["08:30..09:00 every 10m", "gw.children", 1], ["06:00", "meter.water_m3", 99.9], ["06:30..30:30 every 30m", "meter.water_m3", 100.0], ["06:00..09:00 every 1h", "pir.motion", 0]]
expect   = [["18:30", {}], ["20:30", {}], ["30:00", {}], ["30:30", { h1 = "firing" }]]

[[example]]
name       = "the published form: the meter alone, at the hours and litres of the place (Ningbo Haishu: at most 8 litres in 24 h)"
devices    = { meter = "water_meter", pir = "motion" }
thresholds = [["c", "hours", 24], ["c", "litres", 9], ["c", "still", 0]]
readings   = [["06:30..30:30 every 30m", "meter.water_m3", 100.0], ["06:00..30:30 every 1h", "pir.motion", [1, 0]]]
expect     = [["30:00", {}], ["30:30", { h1 = "firing" }]]

[[example]]
name       = "the published form asks nobody whether the motion detector is heard of"
devices    = { meter = "water_meter", pir = "motion" }
thresholds = [["c", "still", 0]]
readings   = [["06:00", "pir.motion", 0], ["06:30..20:00 every 30m", "meter.water_m3", 100.0]]
expect     = [["18:29", {}], ["18:30", { h1 = "firing" }]]

[[example]]
name     = "declared away it is held down, and it is over when water runs"
devices  = { meter = "water_meter" }
absences = [["h1", "away", "08:00", "40:00"]]
readings = [["06:30..22:00 every 30m", "meter.water_m3", 100.0], ["22:30", "meter.water_m3", 100.030]]
expect   = [["18:30", { h1 = "suppressed" }], ["22:31", {}]]

[[example]]
name     = "a redelivered reading, a late one, and one that the broker kept change nothing"
devices  = { meter = "water_meter" }
readings = [["06:00", "meter.water_m3", 99.9], ["06:30..18:00 every 30m", "meter.water_m3", 100.0], ["12:10", "meter.water_m3", 100.0, { taken = "12:00" }], ["17:00", "meter.water_m3", 99.95, { taken = "06:10" }], ["18:10", "meter.water_m3", 100.5, { retained = true }], ["18:30..20:00 every 30m", "meter.water_m3", 100.0]]
expect   = [["18:29", {}], ["18:30", { h1 = "firing" }]]
--- */
WITH movement AS (  -- when somebody was last seen moving, and until when that would have been seen
    SELECT m.home_id, max(CASE WHEN metric = 'motion' AND value >= 1 THEN taken_at ELSE changed_at END) AS moved_at,
           min(m.heard_until) AS heard_until
    FROM state m
    WHERE m.home_id IS NOT NULL AND m.metric IN ('motion', 'presence') AND m.value IS NOT NULL AND NOT m.retained
    GROUP BY m.home_id),
meter AS (
    SELECT m.series_no, m.home_id, m.community_id, m.building_id, m.value, m.taken_at, s.hours, s.litres, s.still, s.alone
    FROM state m JOIN setting s ON s.home_id = m.home_id
    WHERE m.metric = 'water_m3' AND m.value IS NOT NULL AND NOT m.retained),
counted AS (  -- litres from the reading before each one to the newest; less than none: the meter was replaced, rolled over or jumped back
    SELECT series_no, r.taken_at, m.litres, round((m.value - r.before) * 1000, 3) AS used
    FROM recent r JOIN meter m USING (series_no)),
dry AS (  -- the first reading since which too little, and nothing strange, was counted
    SELECT series_no, coalesce(max(taken_at) FILTER (used >= litres OR used < 0), min(taken_at)) AS since
    FROM counted
    GROUP BY series_no),
judged AS (
    SELECT m.*, dry.since,
           CASE WHEN m.still = 0 OR v.home_id IS NULL THEN dry.since + m.hours * INTERVAL 1 HOUR
                ELSE least(greatest(dry.since + m.alone * INTERVAL 1 HOUR, dry.since + m.hours * INTERVAL 1 HOUR),
                           CASE WHEN v.heard_until >= greatest(dry.since + m.hours * INTERVAL 1 HOUR, v.moved_at + m.still * INTERVAL 1 HOUR)
                                THEN greatest(dry.since + m.hours * INTERVAL 1 HOUR, v.moved_at + m.still * INTERVAL 1 HOUR) END)
           END AS due_at
    FROM meter m LEFT JOIN dry USING (series_no) LEFT JOIN movement v ON v.home_id = m.home_id),
proven AS (  -- only a reading at or after the due instant proves that nothing ran until then, so nothing is ever due ahead
    SELECT home_id, max(due_at) AS due_at, max(since) AS since
    FROM judged
    GROUP BY home_id
    HAVING bool_and(due_at IS NOT NULL AND taken_at >= due_at))
SELECT p.home_id AS subject, any_value(p.due_at) AS due_at, any_value(p.since) AS since,
       round(sum(j.value - r.value) * 1000, 1) AS value, any_value(j.litres) AS limit_value, 'water_m3' AS metric,
       any_value(j.community_id) AS community_id, p.home_id, NULL::TEXT AS room_id, NULL::TEXT AS facility_id,
       any_value(j.building_id) AS building_id
FROM proven p JOIN judged j ON j.home_id = p.home_id
JOIN recent r ON r.series_no = j.series_no AND r.taken_at = j.since
GROUP BY p.home_id
