/* ---
title     = { zh = "烟雾报警", en = "Smoke" }
sentence  = { zh = "烟雾报警器自 {since} 起报警", en = "the smoke detector has been in alarm since {since}" }
severity  = "act"
grade     = 1
scope     = "device"
metrics   = ["smoke"]
urgent    = true
clear     = "5m"                # smoke comes in wafts: one fire, one alert
procedure = "elder_incident"
weight    = 0.9

[[example]]
name     = "smoke raises; the all-clear ends it after five minutes, so that wafts are one alert"
devices  = { detector = "smoke" }
readings = [["12:00", "detector.smoke", 0], ["12:10", "detector.smoke", 1], ["12:12", "detector.smoke", 0], ["12:14", "detector.smoke", 1], ["12:30", "detector.smoke", 0]]
expect   = [["12:05", {}], ["12:10", { detector = "firing" }], ["12:13", { detector = "firing" }], ["12:29", { detector = "firing" }], ["12:37", {}]]

[[example]]
name     = "a waft within one delivery is smoke"
devices  = { detector = "smoke" }
readings = [["12:10", "detector.smoke", [1, 0]]]
expect   = [["12:10", { detector = "firing" }]]

[[example]]
name     = "clear air, for days or in a message of unknown age, is no smoke"
devices  = { detector = "smoke", other = "smoke@h2" }
readings = [["12:00", "detector.smoke", 0], ["12:00", "other.smoke", 1, { retained = true }], ["16:00", "detector.smoke", 0]]
expect   = [["12:00", {}], ["16:00", {}], ["96:00", {}]]

[[example]]
name     = "a detector that fell silent in alarm stays in alarm: silence is no all-clear"
devices  = { detector = "smoke" }
readings = [["12:00", "detector.smoke", 1]]
expect   = [["12:00", { detector = "firing" }], ["96:00", { detector = "firing" }]]

[[example]]
name     = "nobody's absence, and no cleaning, silences smoke"
devices  = { detector = "smoke" }
absences = [["h1", "away", "08:00", "20:00"], ["h1", "cleaning", "08:00", "20:00"]]
readings = [["12:00", "detector.smoke", 1]]
expect   = [["12:00", { detector = "firing" }]]
--- */
SELECT device_id AS subject, min(begun) AS due_at, min(begun) AS since, max(value) AS value, 1.0 AS limit_value,
       'smoke' AS metric, any_value(community_id) AS community_id, any_value(home_id) AS home_id,
       any_value(room_id) AS room_id, any_value(facility_id) AS facility_id, any_value(building_id) AS building_id
FROM (SELECT device_id, changed_at AS begun, value, community_id, home_id, room_id, facility_id, building_id
      FROM state
      WHERE metric = 'smoke' AND value >= 1 AND NOT retained
      UNION ALL
      SELECT device_id, taken_at, value, community_id, home_id, room_id, facility_id, building_id
      FROM pulse
      WHERE metric = 'smoke' AND taken_at > $instant - INTERVAL 24 HOUR)
GROUP BY device_id
