/* ---
title     = { zh = "设备被拆动", en = "Device tampered with" }
sentence  = { zh = "设备自 {since} 起报告被拆动", en = "the device has said since {since} that it was tampered with" }
severity  = "look"
grade     = 4                   # domain.md D3
scope     = "device"
metrics   = ["tamper"]
hold      = "2m"                # a battery change opens the case for a moment
clear     = "10m"
procedure = "device_incident"
weight    = 0.05
suppressed_by = ["maintenance", "cleaning"]

[[example]]
name     = "taken off the wall for more than two minutes; put back, it ends ten minutes later"
devices  = { pir = "motion" }
readings = [["12:00", "pir.tamper", 0], ["12:10", "pir.tamper", 1], ["13:00", "pir.tamper", 0]]
expect   = [["12:11", {}], ["12:12:01", { pir = "firing" }], ["13:05", { pir = "firing" }], ["13:12", {}]]

[[example]]
name     = "a battery change is no tampering"
devices  = { pir = "motion" }
readings = [["12:10", "pir.tamper", 1], ["12:11", "pir.tamper", 0]]
expect   = [["12:10:30", {}], ["12:13", {}]]

[[example]]
name     = "declared maintenance holds it down, visibly"
devices  = { pir = "motion" }
absences = [["h1", "maintenance", "12:00", "14:00"]]
readings = [["12:10", "pir.tamper", 1]]
expect   = [["12:13", { pir = "suppressed" }]]

[[example]]
name     = "a device that fell silent in it stays so; silence alone and a message of unknown age are no tampering"
devices  = { pir = "motion", door = "door_contact", other = "smoke@h2" }
readings = [["12:00", "pir.tamper", 1], ["12:00", "door.tamper", 0], ["12:00", "other.tamper", 1, { retained = true }]]
expect   = [["12:03", { pir = "firing" }], ["96:00", { pir = "firing" }]]
--- */
SELECT device_id AS subject, changed_at AS due_at, changed_at AS since, value, 1.0 AS limit_value, metric,
       community_id, home_id, room_id, facility_id, building_id
FROM state
WHERE metric = 'tamper' AND value >= 1 AND NOT retained
