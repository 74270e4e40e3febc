/* ---
title     = { zh = "紧急求助", en = "Call for help" }
sentence  = { zh = "{since} 有人按下求助按钮", en = "somebody pressed the call button at {since}" }
severity  = "act"
grade     = 1
scope     = "device"
metrics   = ["sos"]
urgent    = true
clear     = "10m"               # pressed five times in ten minutes is one call
procedure = "elder_incident"
weight    = 0.95

[parameter.minutes]
title  = { zh = "未松开时有效", en = "A press that is never released counts for" }
value  = 30
unit   = "min"
low    = 5
high   = 720
source = { zh = "建议值：许多按钮（zigbee2mqtt 的 action: emergency）从不报松开；下一次按下须算新的求助", en = "proposal: many buttons (zigbee2mqtt 'action: emergency') never say that they were let go; the next press must be a call of its own" }

[[example]]
name     = "a press is a call, and one let go again for ten minutes is over"
devices  = { button = "sos_button" }
readings = [["12:00", "button.sos", 1], ["12:01", "button.sos", 0]]
expect   = [["11:59", {}], ["12:00", { button = "firing" }], ["12:10", { button = "firing" }], ["12:13", {}]]

[[example]]
name     = "a press and its release in one delivery are still a press"
devices  = { button = "sos_button" }
readings = [["12:00", "button.sos", [1, 0]]]
expect   = [["12:00", { button = "firing" }]]

[[example]]
name     = "a heartbeat of a button at rest is no call"
devices  = { button = "sos_button" }
readings = [["12:00", "button.sos", 0], ["14:00", "button.sos", 0]]
expect   = [["12:00", {}], ["14:00", {}]]

[[example]]
name     = "a press that the broker kept from some other day raises nothing"
devices  = { button = "sos_button" }
readings = [["12:00", "button.sos", 1, { retained = true }]]
expect   = [["12:00", {}], ["12:30", {}]]

[[example]]
name     = "a press that a dead gateway held back for four hours is a call when it comes; one of last week is history"
devices  = { button = "sos_button", other = "sos_button@h2" }
readings = [["12:00", "button.sos", 1, { taken = "08:00" }], ["12:00", "other.sos", 1, { taken = "-140:00" }]]
expect   = [["12:00", { button = "firing" }]]

[[example]]
name     = "a button that never says it was let go: the press wears off, the next one is a new call"
devices  = { button = "sos_button" }
readings = [["12:00", "button.sos", 1], ["12:05", "button.battery", 90], ["14:00", "button.sos", 1]]
expect   = [["12:29", { button = "firing" }], ["12:45", {}], ["14:00", { button = "firing" }]]

[[example]]
name     = "a button that fell silent after a press was still pressed; one that is only silent calls nobody"
devices  = { button = "sos_button", other = "sos_button@h2" }
readings = [["12:00", "button.sos", 1], ["12:00", "other.sos", 0]]
expect   = [["12:20", { button = "firing" }], ["40:00", {}]]

[[example]]
name     = "nobody's absence silences a call for help"
devices  = { button = "sos_button" }
absences = [["h1", "away", "08:00", "20:00"]]
readings = [["12:00", "button.sos", 1]]
expect   = [["12:00", { button = "firing" }]]
--- */
WITH press AS (
    SELECT device_id, taken_at, value, $instant AS came_at, community_id, home_id, room_id, facility_id, building_id
    FROM pulse
    WHERE metric = 'sos'
    UNION ALL
    SELECT device_id, taken_at, value, received_at, community_id, home_id, room_id, facility_id, building_id
    FROM state
    WHERE metric = 'sos' AND value >= 1 AND NOT retained)
SELECT device_id AS subject, max(taken_at) AS due_at, max(taken_at) AS since, max(value) AS value, 1.0 AS limit_value,
       'sos' AS metric, any_value(p.community_id) AS community_id, any_value(p.home_id) AS home_id,
       any_value(room_id) AS room_id, any_value(facility_id) AS facility_id, any_value(building_id) AS building_id
FROM press p JOIN setting s ON s.community_id = p.community_id AND s.home_id IS NOT DISTINCT FROM p.home_id
WHERE $instant < came_at + s.minutes * INTERVAL 1 MINUTE
    AND taken_at > $instant - INTERVAL 24 HOUR  -- an older press comes with an imported history
GROUP BY device_id
