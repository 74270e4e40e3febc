/* ---
title     = { zh = "静止异常", en = "Unusually still" }
sentence  = { zh = "自 {since} 起未见活动（平日此间约 {value} 次），也无人出门", en = "no activity since {since} (usually about {value} times by now), and nobody left by the door" }
severity  = "look"
grade     = 2                   # domain.md D3
scope     = "home"
metrics   = ["motion", "presence", "in_bed", "open", "water_m3", "meal_order", "sos"]
procedure = "elder_incident"
weight    = 0.8
suppressed_by = ["away"]

# The rule is twin_model/rhythm.py; what it reaches, and on what that was measured, is in docs/rhythm.md.

[parameter.later]
title  = { zh = "推迟", en = "Wait longer" }
value  = 0
unit   = "h"
low    = 0
high   = 6
source = { zh = "建议值：用于多次证明静止无碍的家", en = "proposal: for a home whose stillness proved harmless more than once" }

[[example]]
name     = "nobody moves on the third morning, when by the two days before somebody should have"
devices  = { pir = "motion" }
readings = [["-41:00..-27:00 every 20m", "pir.motion", 1], ["-17:00..-3:00 every 20m", "pir.motion", 1], ["-2:00..7:00 every 1h", "pir.motion", 0], ["07:05", "pir.motion", 1], ["07:30..14:30 every 1h", "pir.motion", 0]]
expect   = [["08:30", {}], ["14:30", { h1 = "firing" }]]

[[example]]
name     = "on the second day it knows too little and says nothing"
devices  = { pir = "motion" }
readings = [["-17:00..-3:00 every 20m", "pir.motion", 1], ["-2:00..7:00 every 1h", "pir.motion", 0], ["07:05", "pir.motion", 1], ["07:30..20:30 every 1h", "pir.motion", 0]]
expect   = [["14:30", {}], ["20:30", {}]]

[[example]]
name     = "who went out by the door is away, not still"
devices  = { pir = "motion", door = "door_contact" }
readings = [["-41:00..-27:00 every 20m", "pir.motion", 1], ["-17:00..-3:00 every 20m", "pir.motion", 1], ["-2:00..7:00 every 1h", "pir.motion", 0], ["07:04", "door.open", 0], ["07:05", "pir.motion", 1], ["07:05:20", "door.open", 1], ["07:05:30", "door.open", 0], ["07:30..17:30 every 1h", "pir.motion", 0], ["08:00..17:00 every 3h", "door.open", 0]]
expect   = [["14:30", {}], ["17:30", {}]]

[[example]]
name     = "a detector that is not heard is no stillness, and its silence counts for nothing afterwards"
devices  = { pir = "motion" }
readings = [["-41:00..-27:00 every 20m", "pir.motion", 1], ["-17:00..-3:00 every 20m", "pir.motion", 1], ["-2:00..7:00 every 1h", "pir.motion", 0], ["07:05", "pir.motion", 1], ["13:30", "pir.motion", 0], ["14:00", "pir.motion", 0]]
expect   = [["11:00", {}], ["13:30", {}], ["14:00", {}]]

[[example]]
name     = "one stray sign does not end the alert, two that belong together do"
devices  = { pir = "motion" }
readings = [["-41:00..-27:00 every 20m", "pir.motion", 1], ["-17:00..-3:00 every 20m", "pir.motion", 1], ["-2:00..7:00 every 1h", "pir.motion", 0], ["07:05", "pir.motion", 1], ["07:30..14:30 every 1h", "pir.motion", 0], ["15:00", "pir.motion", 1], ["17:30", "pir.motion", 1], ["17:34", "pir.motion", 1]]
expect   = [["14:30", { h1 = "firing" }], ["17:30", { h1 = "firing" }], ["17:34", {}]]

[[example]]
name     = "declared away: held down, and said to be"
devices  = { pir = "motion" }
absences = [["h1", "away", "06:00", "20:00"]]
readings = [["-41:00..-27:00 every 20m", "pir.motion", 1], ["-17:00..-3:00 every 20m", "pir.motion", 1], ["-2:00..7:00 every 1h", "pir.motion", 0], ["07:05", "pir.motion", 1], ["07:30..14:30 every 1h", "pir.motion", 0]]
expect   = [["14:30", { h1 = "suppressed" }]]

[[example]]
name       = "a home may be given more time"
devices    = { pir = "motion" }
thresholds = [["h1", "later", 6]]
readings   = [["-41:00..-27:00 every 20m", "pir.motion", 1], ["-17:00..-3:00 every 20m", "pir.motion", 1], ["-2:00..7:00 every 1h", "pir.motion", 0], ["07:05", "pir.motion", 1], ["07:30..20:30 every 1h", "pir.motion", 0]]
expect     = [["14:30", {}], ["20:30", { h1 = "firing" }]]
--- */
SELECT r.home_id AS subject, r.due_at + s.later * INTERVAL 1 HOUR AS unusual_at,
       -- what moved while we could not listen was not seen
       CASE WHEN unusual_at > o.gone_at THEN greatest(unusual_at, o.back_at + INTERVAL 2 HOUR) ELSE unusual_at END AS due_at,
        r.last_activity AS since,
       round(r.expected) AS value, r.theta AS limit_value, 'signs_of_life' AS metric, r.community_id, r.home_id,
       NULL::TEXT AS room_id, NULL::TEXT AS facility_id, r.building_id
FROM rhythm r JOIN setting s ON s.community_id = r.community_id AND s.home_id = r.home_id LEFT JOIN outage o ON TRUE
WHERE r.kind = 'inactivity' AND r.due_at IS NOT NULL
