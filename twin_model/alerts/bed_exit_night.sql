/* ---
title     = { zh = "夜间离床未归", en = "Out of bed at night" }
sentence  = { zh = "{since} 离床，{limit} 分钟内没有回来，别处也未见活动", en = "left the bed at {since}, did not come back within {limit} minutes and was seen nowhere else" }
severity  = "look"
grade     = 2                   # domain.md D3
scope     = "home"
metrics   = ["in_bed", "motion", "presence", "open"]
procedure = "elder_incident"
weight    = 0.6
suppressed_by = ["away"]

[parameter.minutes]
title  = { zh = "多久未归", en = "Not back for" }
value  = 30
unit   = "min"
low    = 5
high   = 120
source = { zh = "建议值：30 分钟比去一次卫生间长", en = "proposal: 30 min is longer than a visit to the bathroom" }

[parameter.from]
title  = { zh = "夜间开始", en = "Night from" }
value  = 22
unit   = "h"
low    = 18
high   = 23.5
source = { zh = "建议值", en = "proposal" }

[parameter.until]
title  = { zh = "夜间结束", en = "Night until" }
value  = 5
unit   = "h"
low    = 3
high   = 9
source = { zh = "建议值：五点半起床是早起，不是失踪", en = "proposal: who gets up at half past five is an early riser, not missing" }

[[example]]
name     = "out of bed at two, not back by half past"
devices  = { bed = "bed_sensor" }
readings = [["22:30..26:00 every 15m", "bed.in_bed", 1], ["26:02..29:00 every 15m", "bed.in_bed", 0]]
expect   = [["26:31", {}], ["26:32", { h1 = "firing" }], ["28:00", { h1 = "firing" }]]

[[example]]
name     = "back within half an hour is a visit to the bathroom; coming back later ends the alert"
devices  = { bed = "bed_sensor", other = "bed_sensor@h2" }
readings = [["26:00", "bed.in_bed", 1], ["26:02", "bed.in_bed", 0], ["26:25", "bed.in_bed", 1], ["26:00", "other.in_bed", 1], ["26:02..26:50 every 15m", "other.in_bed", 0], ["27:00", "other.in_bed", 1]]
expect   = [["26:35", { h2 = "firing" }], ["27:01", {}]]

[[example]]
name     = "somebody who is up and about is not missing: the half hour counts from when they were last seen"
devices  = { bed = "bed_sensor", pir = "motion" }
readings = [["26:00", "bed.in_bed", 1], ["26:02..29:00 every 15m", "bed.in_bed", 0], ["26:20", "pir.motion", 1], ["26:22", "pir.motion", 0]]
expect   = [["26:51", {}], ["26:52", { h1 = "firing" }]]

[[example]]
name     = "getting up after five is the morning; so is staying up past it"
devices  = { bed = "bed_sensor", other = "bed_sensor@h2", pir = "motion@h2" }
readings = [["28:02..28:47 every 15m", "bed.in_bed", 1], ["29:02..33:02 every 15m", "bed.in_bed", 0], ["28:00", "other.in_bed", 1], ["28:47..33:02 every 15m", "other.in_bed", 0], ["29:15", "pir.motion", 1], ["29:16", "pir.motion", 0]]
expect   = [["29:40", {}], ["32:00", {}]]

[[example]]
name     = "leaving the bed by day is no matter"
devices  = { bed = "bed_sensor" }
readings = [["13:00", "bed.in_bed", 1], ["14:00..14:30 every 15m", "bed.in_bed", 0]]
expect   = [["14:31", {}]]

[[example]]
name     = "a mat behind a silent gateway says nothing, nor does a message of unknown age"
devices  = { bed = "bed_sensor", other = "bed_sensor@h2", hall = "motion@h2" }
behind   = { gw = ["bed"] }
readings = [["26:00", "hall.motion", 0], ["25:52..26:02 every 10m", "gw.children", 1], ["26:00", "bed.in_bed", 1], ["26:02", "bed.in_bed", 0], ["26:00", "other.heart_rate", 61], ["26:02", "other.in_bed", 0, { retained = true }]]
expect   = [["26:32", {}], ["28:00", {}]]

[[example]]
name       = "a mat that is not heard of for longer than it may be silent: out of bed is not known any more"
devices    = { bed = "bed_sensor" }
thresholds = [["h1", "minutes", 60]]
readings   = [["26:00", "bed.in_bed", 1], ["26:02", "bed.in_bed", 0]]
expect     = [["27:02", {}], ["28:00", {}]]
--- */
WITH bed AS (
    SELECT b.home_id, b.community_id, b.building_id, b.changed_at AS left_at,
           b.heard_until
    FROM state b
    WHERE b.metric = 'in_bed' AND b.home_id IS NOT NULL AND b.value = 0 AND NOT b.retained),
elsewhere AS (  -- where else somebody is seen
    SELECT home_id, max(CASE WHEN metric = 'motion' AND value >= 1 THEN taken_at ELSE changed_at END) AS seen_at,
           bool_or(metric = 'in_bed' AND value >= 1) AS lying
    FROM state
    WHERE home_id IS NOT NULL AND metric IN ('motion', 'presence', 'open', 'in_bed') AND value IS NOT NULL AND NOT retained
    GROUP BY home_id),
night AS (  -- the neighbourhood's clock; a night that begins in the evening ends on the next day
    SELECT bed.*, s.minutes, s."from", s.until, left_at + INTERVAL 8 HOUR AS here,
           greatest(left_at, e.seen_at) + s.minutes * INTERVAL 1 MINUTE AS due_at
    FROM bed JOIN elsewhere e USING (home_id)
    JOIN setting s ON s.home_id = bed.home_id
    WHERE NOT e.lying),
until AS (
    SELECT *, date_trunc('day', here) + CASE WHEN here - date_trunc('day', here) >= "from" * INTERVAL 1 HOUR
                                             THEN INTERVAL 1 DAY ELSE INTERVAL 0 DAY END + until * INTERVAL 1 HOUR AS ends
    FROM night)
SELECT home_id AS subject, max(due_at) AS due_at, max(left_at) AS since, NULL::DOUBLE AS value, any_value(minutes) AS limit_value,
       'in_bed' AS metric, any_value(community_id) AS community_id, home_id, NULL::TEXT AS room_id,
       NULL::TEXT AS facility_id, any_value(building_id) AS building_id
FROM until
WHERE here < ends AND due_at + INTERVAL 8 HOUR <= ends + minutes * INTERVAL 1 MINUTE AND heard_until >= least(due_at, $instant)
    AND (here - date_trunc('day', here) >= "from" * INTERVAL 1 HOUR OR here - date_trunc('day', here) < until * INTERVAL 1 HOUR)
GROUP BY home_id
