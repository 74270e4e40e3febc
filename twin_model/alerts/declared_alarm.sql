/* ---
title    = { zh = "设备报警", en = "Device alarm" }
sentence = { zh = "设备报出了需要处理的值", en = "A device reported a value that needs somebody" }
severity = "look"
grade    = 3
scope    = "device"
urgent   = true

[[example]]
name     = "smoke raises, the all-clear ends it"
device   = "smoke"
readings = [["00:00", "smoke", 0], ["00:10", "smoke", 1], ["00:30", "smoke", 0]]
expect   = [["00:05", []], ["00:10", ["act"]], ["00:29", ["act"]], ["00:30", []]]

[[example]]
name     = "a detector that fell silent in alarm stays in alarm: silence is no all-clear"
device   = "smoke"
readings = [["00:00", "smoke", 1]]
expect   = [["96:00", ["act"]]]

[[example]]
name     = "a leak asks for a look, not for an ambulance"
device   = "water_leak"
readings = [["00:00", "water_leak", 1]]
expect   = [["00:01", ["look"]]]
--- */
SELECT device_id AS subject, changed_at AS due_at, changed_at AS since, value, alarm_at_least AS limit_value, metric,
       community_id, home_id, room_id, facility_id, building_id, alarm_class AS severity
FROM state
WHERE alarm_at_least IS NOT NULL AND value >= alarm_at_least
