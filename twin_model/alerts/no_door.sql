/* ---
title     = { zh = "久未开门", en = "Door not opened" }
sentence  = { zh = "入户门自 {since} 起没有开过，已超过 {limit} 小时", en = "the door has not been opened since {since}, which is more than {limit} hours" }
severity  = "look"
grade     = 3                   # many people stay in for a day: a second witness
scope     = "home"
metrics   = ["open"]
window    = "53h"
procedure = "elder_incident"
weight    = 0.2
suppressed_by = ["away"]

[parameter.hours]
title  = { zh = "多久未开门", en = "Not opened for" }
value  = 24
unit   = "h"
low    = 8
high   = 48
source = { zh = "上海长宁江苏路：24 小时开门不足一次；合肥安居苑：白天长时间未开门", en = "Shanghai Changning (Jiangsu Road): door opened less than once in 24 h, Hefei (Anju Yuan): not opened for long by day" }
variants = { changning = 24 }

[parameter.still]
title  = { zh = "且多久未见活动", en = "And nobody seen moving for" }
value  = 6
unit   = "h"
low    = 0
high   = 24
source = { zh = "建议值：在家走动的人不必开门；填 0 则只看门，与公布的做法相同", en = "proposal: somebody who moves about at home need not open the door; 0 judges the door alone, as published" }
variants = { changning = 0 }

[[example]]
name     = "a day without the door, in a home that has no other sense"
devices  = { door = "door_contact" }
readings = [["08:00", "door.open", 1], ["08:01", "door.open", 0], ["10:00..40:00 every 2h", "door.open", 0]]
expect   = [["32:00", {}], ["32:01", { h1 = "firing" }]]

[[example]]
name     = "the door once in the day is enough"
devices  = { door = "door_contact" }
readings = [["08:00", "door.open", 1], ["08:01..30:00 every 2h", "door.open", 0], ["31:00", "door.open", 1], ["31:01..49:01 every 2h", "door.open", 0]]
expect   = [["32:01", {}], ["50:00", {}]]

[[example]]
name     = "somebody who moves about at home need not go out; when nobody has moved for six hours either, it counts"
devices  = { door = "door_contact", pir = "motion" }
readings = [["08:00", "door.open", 1], ["08:01..37:01 every 2h", "door.open", 0], ["08:00..37:00 every 1h", "pir.motion", 0], ["31:10", "pir.motion", 1], ["31:11", "pir.motion", 0]]
expect   = [["32:01", {}], ["37:10", {}], ["37:11", { h1 = "firing" }]]

[[example]]
name       = "the published form judges the door alone"
devices    = { door = "door_contact", pir = "motion" }
thresholds = [["c", "still", 0]]
readings   = [["08:00", "door.open", 1], ["08:01..32:01 every 2h", "door.open", 0], ["08:00..32:00 every 1h", "pir.motion", 0], ["31:10", "pir.motion", 1], ["31:11", "pir.motion", 0]]
expect     = [["32:01", { h1 = "firing" }]]

[[example]]
name     = "a door contact that is not heard of says nothing; when it is back the day begins again"
devices  = { door = "door_contact" }
readings = [["08:00", "door.open", 1], ["08:01..14:00 every 2h", "door.open", 0], ["31:01..55:01 every 2h", "door.open", 0]]
expect   = [["32:01", {}], ["55:00", {}], ["55:02", { h1 = "firing" }]]

[[example]]
name     = "a motion detector that is not heard of does not say that nobody moved"
devices  = { door = "door_contact", pir = "motion" }
readings = [["08:00", "door.open", 1], ["08:01..34:00 every 2h", "door.open", 0], ["08:00..24:00 every 1h", "pir.motion", 0]]
expect   = [["32:01", {}], ["34:00", {}]]

[[example]]
name     = "declared away it is held down; messages of unknown age open no door and keep none shut"
devices  = { door = "door_contact", back = "door_contact", other = "door_contact@h2" }
absences = [["h1", "away", "09:00", "60:00"]]
readings = [["08:01..32:01 every 2h", "door.open", 0], ["20:00", "back.open", 1, { retained = true }], ["08:00", "other.open", 0, { retained = true }]]
expect   = [["32:01", { h1 = "suppressed" }]]
--- */
WITH sign AS (  -- when a door was last opened or shut, when somebody was last seen moving, and whether that would be seen
    SELECT home_id, any_value(community_id) AS community_id, any_value(building_id) AS building_id,
           max(changed_at) FILTER (metric = 'open') AS door_at,
           max(CASE WHEN metric = 'motion' AND value >= 1 THEN taken_at ELSE changed_at END)
               FILTER (metric <> 'open' AND status <> 'lost') AS moved_at,
           coalesce(bool_and(status = 'fresh') FILTER (metric <> 'open' AND status <> 'lost'), TRUE) AS seeing
    FROM state
    WHERE home_id IS NOT NULL AND metric IN ('motion', 'presence', 'open') AND value IS NOT NULL AND NOT retained
    GROUP BY home_id),
judged AS (
    SELECT sign.*, s.hours, CASE WHEN s.still > 0 THEN moved_at + s.still * INTERVAL 1 HOUR END AS still_at
    FROM sign JOIN setting s ON s.home_id = sign.home_id
    WHERE door_at IS NOT NULL AND (seeing OR s.still = 0)),
watcher AS (
    SELECT m.series_no, m.home_id, greatest(j.door_at, $instant - INTERVAL 53 HOUR) AS begins, j.hours, to_microseconds(m.stale_us) AS stale,
           m.heard_until
    FROM state m JOIN judged j ON j.home_id = m.home_id
    WHERE m.metric = 'open' AND m.heard_at IS NOT NULL),
gap AS (  -- where each contact was not heard of for longer than it may be silent
    SELECT series_no, greatest(r.before_at, w.begins) + w.stale AS ends, r.taken_at AS back_at
    FROM recent r JOIN watcher w USING (series_no)
    WHERE r.taken_at - greatest(r.before_at, w.begins) > w.stale AND r.taken_at >= w.begins),
spell AS (
    SELECT series_no, lag(g.back_at, 1, w.begins) OVER (PARTITION BY series_no ORDER BY g.back_at) AS starts, g.ends
    FROM gap g JOIN watcher w USING (series_no)
    UNION ALL
    SELECT series_no, coalesce(max(g.back_at), w.begins), w.heard_until
    FROM watcher w LEFT JOIN gap g USING (series_no)
    GROUP BY series_no, w.begins, w.heard_until),
watched AS (
    SELECT series_no, w.home_id, max(starts) + w.hours * INTERVAL 1 HOUR AS ahead,
           min(starts + w.hours * INTERVAL 1 HOUR) FILTER (ends >= starts + w.hours * INTERVAL 1 HOUR) AS due_at,
           w.heard_until >= $instant AS hearing
    FROM spell JOIN watcher w USING (series_no)
    GROUP BY series_no, w.home_id, w.hours, w.heard_until),
home AS (
    SELECT home_id, max(coalesce(due_at, ahead)) AS due_at
    FROM watched
    GROUP BY home_id
    HAVING bool_and(due_at IS NOT NULL OR hearing))
SELECT j.home_id AS subject, greatest(h.due_at, j.still_at) AS due_at, j.door_at AS since, NULL::DOUBLE AS value,
       j.hours AS limit_value, 'open' AS metric, j.community_id, j.home_id, NULL::TEXT AS room_id,
       NULL::TEXT AS facility_id, j.building_id
FROM home h JOIN judged j USING (home_id)
