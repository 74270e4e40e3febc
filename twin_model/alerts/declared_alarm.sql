/* ---
title     = { zh = "设备报警", en = "Device alarm" }
sentence  = { zh = "设备自 {since} 起报出需要查看的值 {value}", en = "the device has reported {value} since {since}, which needs a look" }
severity  = "look"
grade     = 3
scope     = "device"
urgent    = true
suppressed_by = ["maintenance"]

# The values a sensor type declares as alarms (lift fault, full bin, charger fault, CO2, camera events), where they have no rule of
# their own. What the type's "alarm" says is how urgent it is.

[[example]]
name     = "a faulty lift asks for a look until it runs again"
devices  = { lift = "lift@f1" }
readings = [["12:00", "lift.fault", 0], ["12:10", "lift.fault", 1], ["12:40", "lift.fault", 0]]
expect   = [["12:05", {}], ["12:10", { lift = "firing" }], ["12:39", { lift = "firing" }], ["12:40", {}]]

[[example]]
name     = "a bin below its declared limit is not full"
devices  = { bin = "waste_bin@f1" }
readings = [["12:00", "bin.fill", 94], ["13:00", "bin.fill", 95]]
expect   = [["12:30", {}], ["13:00", { bin = "firing" }]]

[[example]]
name     = "a camera that sees two things at once is one alert"
devices  = { camera = "camera_event@f1" }
readings = [["12:00", "camera.fire_lane_blocked", 1], ["12:05", "camera.crowd", 1]]
expect   = [["12:05", { camera = "firing" }]]

[[example]]
name     = "what has a rule of its own is left to it"
devices  = { button = "sos_button", detector = "smoke", radar = "fall_radar", sink = "water_leak", cooker = "gas" }
readings = [["12:00", "button.sos", 1], ["12:00", "detector.smoke", 1], ["12:00", "radar.fall", 1], ["12:00", "sink.water_leak", 1], ["12:00", "cooker.gas", 1]]
expect   = [["12:05", {}]]

[[example]]
name     = "a device that fell silent in alarm stays in alarm; a message of unknown age raises none"
devices  = { lift = "lift@f1", bin = "waste_bin@f1" }
readings = [["12:00", "lift.fault", 1], ["12:00", "bin.fill", 99, { retained = true }]]
expect   = [["96:00", { lift = "firing" }]]
--- */
SELECT device_id AS subject, min(changed_at) AS due_at, min(changed_at) AS since, arg_min(value, changed_at) AS value,
       arg_min(alarm_at_least, changed_at) AS limit_value, arg_min(metric, changed_at) AS metric,
       any_value(community_id) AS community_id, any_value(home_id) AS home_id, any_value(room_id) AS room_id,
       any_value(facility_id) AS facility_id, any_value(building_id) AS building_id, min(alarm_class) AS severity
FROM state
WHERE alarm_at_least IS NOT NULL AND value >= alarm_at_least AND NOT retained
    AND metric NOT IN ('sos', 'fall', 'smoke', 'gas', 'water_leak')
GROUP BY device_id
