/* ---
title     = { zh = "久无活动", en = "No movement" }
sentence  = { zh = "自 {since} 起家中没有任何活动，已超过 {limit} 小时", en = "nothing has moved in the home since {since}, which is more than {limit} hours" }
severity  = "look"
grade     = 2                   # domain.md D3
scope     = "home"
metrics   = ["motion", "presence", "in_bed", "open"]
window    = "27h"               # the longest limit and the longest silence a detector may keep
procedure = "elder_incident"
weight    = 0.8
suppressed_by = ["away"]

[parameter.hours]
title  = { zh = "静止多久", en = "Still for" }
value  = 12
unit   = "h"
low    = 2
high   = 24
source = { zh = "八户实录 301 天：12 小时误报 2 次，24 小时为 0 次但晚一天；上海长宁的红外传感器用 24 小时", en = "eight recorded homes: 12 h raised 2 false alarms in 301 days, 24 h none (but 24 h late); Shanghai Changning uses 24 h for its infrared sensors" }
variants = { changning = 24 }

[[example]]
name     = "twelve hours without movement, while the detector was heard of all along"
devices  = { pir = "motion" }
readings = [["07:00", "pir.motion", 1], ["07:02..22:00 every 1h", "pir.motion", 0]]
expect   = [["19:01:59", {}], ["19:02", { h1 = "firing" }], ["21:00", { h1 = "firing" }]]

[[example]]
name     = "whoever moves once in twelve hours is moving; and movement ends the alert"
devices  = { pir = "motion" }
readings = [["07:02..17:02 every 1h", "pir.motion", 0], ["18:00", "pir.motion", 1], ["18:02..40:02 every 1h", "pir.motion", 0], ["36:00:30", "pir.motion", 1]]
expect   = [["19:30", {}], ["30:01", {}], ["30:02", { h1 = "firing" }], ["35:59", { h1 = "firing" }], ["36:00:30", {}]]

[[example]]
name     = "a detector that is not heard of is blind, not still; when it is back the hours begin again"
devices  = { pir = "motion" }
readings = [["07:00", "pir.motion", 1], ["07:02..10:02 every 1h", "pir.motion", 0], ["20:02..40:02 every 1h", "pir.motion", 0]]
expect   = [["19:02", {}], ["20:02", {}], ["21:00", {}], ["32:01", {}], ["32:02", { h1 = "firing" }]]

[[example]]
name     = "behind a gateway that is silent nobody is still, however fresh the detector's last word is"
devices  = { pir = "motion" }
behind   = { gw = ["pir"] }
readings = [["07:02..18:02 every 1h", "gw.children", 1], ["18:50", "gw.children", 1], ["07:00", "pir.motion", 1], ["07:02..18:02 every 1h", "pir.motion", 0]]
expect   = [["19:02", {}], ["19:30", {}]]

[[example]]
name     = "an alert stands when the detector then falls silent: that is no sign of life"
devices  = { pir = "motion" }
readings = [["07:00", "pir.motion", 1], ["07:02..20:02 every 1h", "pir.motion", 0], ["30:02..31:02 every 1h", "pir.motion", 0]]
expect   = [["19:02", { h1 = "firing" }], ["24:00", { h1 = "firing" }], ["30:00", { h1 = "firing" }], ["36:00", { h1 = "firing" }]]

[[example]]
name     = "who went out by the door has left, and is not still (not_returned waits for them)"
devices  = { pir = "motion", door = "door_contact" }
readings = [["08:00", "pir.motion", 1], ["08:00:10", "door.open", 1], ["08:00:25", "door.open", 0], ["08:02..22:02 every 1h", "pir.motion", 0], ["10:02..22:02 every 2h", "door.open", 0]]
expect   = [["20:05", {}], ["22:00", {}]]

[[example]]
name     = "somebody moved after the door had shut: they are inside, and still"
devices  = { pir = "motion", door = "door_contact" }
readings = [["08:00:10", "door.open", 1], ["08:00:25", "door.open", 0], ["09:00", "pir.motion", 1], ["09:02..22:02 every 1h", "pir.motion", 0], ["10:02..22:02 every 2h", "door.open", 0]]
expect   = [["21:01", {}], ["21:02", { h1 = "firing" }]]

[[example]]
name     = "all detectors of a home must have watched: the one in the bedroom is silent, so nothing is known"
devices  = { pir = "motion", bedroom = "motion" }
readings = [["07:00", "pir.motion", 1], ["07:00", "bedroom.motion", 0], ["07:02..22:00 every 1h", "pir.motion", 0]]
expect   = [["19:02", {}], ["22:00", {}]]

[[example]]
name     = "a detector lost since the day before yesterday is out of service and holds up no alarm of the others"
devices  = { pir = "motion", bedroom = "motion" }
readings = [["-40:00", "bedroom.motion", 0], ["07:00", "pir.motion", 1], ["07:02..22:00 every 1h", "pir.motion", 0]]
expect   = [["19:01", {}], ["19:02", { h1 = "firing" }]]

[[example]]
name       = "a home's own limit, its community's, and none of somebody else's"
devices    = { pir = "motion", other = "motion@h2" }
thresholds = [["c", "hours", 10], ["h1", "hours", 16]]
readings   = [["07:02..30:02 every 1h", "pir.motion", 0], ["07:02..30:02 every 1h", "other.motion", 0]]
expect     = [["17:01", {}], ["17:02", { h2 = "firing" }], ["23:01", { h2 = "firing" }], ["23:02", { h1 = "firing", h2 = "firing" }]]

[[example]]
name     = "declared away: held down and said to be; it fires when the absence ends and nobody has come back"
devices  = { pir = "motion" }
absences = [["h1", "away", "09:00", "30:00"]]
readings = [["07:02..36:02 every 1h", "pir.motion", 0]]
expect   = [["19:02", { h1 = "suppressed" }], ["30:00", { h1 = "firing" }]]

[[example]]
name     = "a clock that runs two hours ahead makes nobody move in the future, nor still before the time"
devices  = { pir = "motion" }
readings = [["07:00", "pir.motion", 1, { taken = "09:00" }], ["07:02..22:00 every 1h", "pir.motion", 0, { ahead = "02:00" }]]
expect   = [["19:01", {}], ["19:02", { h1 = "firing" }]]

[[example]]
name     = "a message that the broker kept, of unknown age, is neither movement nor stillness"
devices  = { pir = "motion", bedroom = "motion", other = "motion@h2" }
readings = [["07:00", "pir.motion", 1], ["07:02..22:00 every 1h", "pir.motion", 0], ["15:00", "bedroom.motion", 1, { retained = true }], ["07:00", "other.motion", 0, { retained = true }]]
expect   = [["19:01", {}], ["19:02", { h1 = "firing" }], ["31:00", { h1 = "firing" }]]
--- */
WITH sign AS (  -- the last sign of life of each home, and what the door had to do with it
    SELECT home_id, any_value(community_id) AS community_id, any_value(building_id) AS building_id,
           max(CASE WHEN metric = 'motion' AND value >= 1 THEN taken_at ELSE changed_at END) AS seen_at,
           max(CASE WHEN metric = 'motion' AND value >= 1 THEN taken_at ELSE changed_at END) FILTER (metric <> 'open') AS moved_at,
           max(changed_at) FILTER (metric = 'open') AS door_at
    FROM state
    WHERE home_id IS NOT NULL AND metric IN ('motion', 'presence', 'in_bed', 'open') AND value IS NOT NULL AND NOT retained
    GROUP BY home_id),
judged AS (  -- a detector holds "motion" for a minute or two: a door in that time is somebody leaving
    SELECT sign.*, s.hours, seen_at + s.hours * INTERVAL 1 HOUR AS at_best
    FROM sign JOIN setting s ON s.home_id = sign.home_id
    WHERE moved_at IS NOT NULL AND (door_at IS NULL OR door_at < moved_at - INTERVAL 3 MINUTE)),
watcher AS (  -- what could see somebody move, and until when each is surely heard of; before the window nothing is known
    SELECT m.series_no, m.home_id, greatest(j.seen_at, $instant - INTERVAL 27 HOUR) AS begins, j.hours, to_microseconds(m.stale_us) AS stale,
           m.heard_until
    FROM state m JOIN judged j ON j.home_id = m.home_id
    WHERE m.metric IN ('motion', 'presence')
        AND m.heard_at + to_microseconds(m.lost_us) > least(j.at_best, $instant)),
gap AS (  -- where each was not heard of for longer than it may be silent
    SELECT series_no, greatest(r.before_at, w.begins) + w.stale AS ends, r.taken_at AS back_at
    FROM recent r JOIN watcher w USING (series_no)
    WHERE r.taken_at - greatest(r.before_at, w.begins) > w.stale AND r.taken_at >= w.begins),
spell AS (  -- and so its unbroken spells of watching since the last sign
    SELECT series_no, lag(g.back_at, 1, w.begins) OVER (PARTITION BY series_no ORDER BY g.back_at) AS starts, g.ends
    FROM gap g JOIN watcher w USING (series_no)
    UNION ALL
    SELECT series_no, coalesce(max(g.back_at), w.begins), w.heard_until
    FROM watcher w LEFT JOIN gap g USING (series_no)
    GROUP BY series_no, w.begins, w.heard_until),
watched AS (  -- in breach at the end of the first spell that was long enough, else at the end of the one under way
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
SELECT j.home_id AS subject, h.due_at, j.seen_at AS since, NULL::DOUBLE AS value, j.hours AS limit_value,
       'motion' AS metric, j.community_id, j.home_id, NULL::TEXT AS room_id, NULL::TEXT AS facility_id, j.building_id
FROM home h JOIN judged j USING (home_id)
