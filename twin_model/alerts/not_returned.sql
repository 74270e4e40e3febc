/* ---
title     = { zh = "外出未归", en = "Not returned" }
sentence  = { zh = "{since} 从入户门离开后一直没有回来，已 {hours} 小时", en = "left by the door at {since} and has not been back for {hours} hours" }
severity  = "look"
grade     = 3                   # out for long is a question to the family, not a person on the floor
scope     = "home"
metrics   = ["motion", "presence", "in_bed", "open"]
procedure = "elder_incident"
weight    = 0.4
suppressed_by = ["away"]

# The hours are the learned rule's (docs/rhythm.md; evidence.md 12: 12 h); here is only what that means as an alert.

[[example]]
name     = "out by the door in the morning, not back at night"
devices  = { pir = "motion", door = "door_contact" }
readings = [["08:00", "pir.motion", 1], ["08:00:20", "door.open", 1], ["08:00:30", "door.open", 0], ["08:01..30:01 every 1h", "pir.motion", 0], ["10:00..30:00 every 2h", "door.open", 0]]
expect   = [["12:00", {}], ["19:55", {}], ["20:05", { h1 = "firing" }]]

[[example]]
name     = "back for supper"
devices  = { pir = "motion", door = "door_contact" }
readings = [["08:00", "pir.motion", 1], ["08:00:20", "door.open", 1], ["08:00:30", "door.open", 0], ["08:01..30:01 every 1h", "pir.motion", 0], ["10:00..30:00 every 2h", "door.open", 0], ["18:10", "door.open", [1, 0]], ["18:12", "pir.motion", 1], ["18:30", "pir.motion", 1]]
expect   = [["20:05", {}], ["22:00", {}]]

[[example]]
name     = "when nothing in the home is heard of, nobody knows who came back"
devices  = { pir = "motion", door = "door_contact" }
readings = [["08:00", "pir.motion", 1], ["08:00:20", "door.open", 1], ["08:00:30", "door.open", 0], ["08:01", "pir.motion", 0]]
expect   = [["20:05", {}], ["30:00", {}]]

[[example]]
name     = "declared away the alarm is held down, and said to be"
devices  = { pir = "motion", door = "door_contact" }
absences = [["h1", "away", "07:00", "40:00"]]
readings = [["08:00", "pir.motion", 1], ["08:00:20", "door.open", 1], ["08:00:30", "door.open", 0], ["08:01..30:01 every 1h", "pir.motion", 0], ["10:00..30:00 every 2h", "door.open", 0]]
expect   = [["20:05", { h1 = "suppressed" }]]
--- */
SELECT home_id AS subject,
       -- who came back while we could not listen was not seen
       CASE WHEN due_at > o.gone_at THEN greatest(due_at, o.back_at + INTERVAL 2 HOUR) ELSE due_at END AS due_at,
       last_activity AS since, NULL::DOUBLE AS value, NULL::DOUBLE AS limit_value, 'open' AS metric,
       community_id, home_id, NULL::TEXT AS room_id, NULL::TEXT AS facility_id, building_id
FROM rhythm LEFT JOIN outage o ON TRUE
WHERE kind = 'not_returned' AND due_at IS NOT NULL
