/* ---
title     = { zh = "水浸", en = "Water leak" }
sentence  = { zh = "水浸传感器自 {since} 起遇水", en = "the leak sensor has been wet since {since}" }
severity  = "look"
grade     = 3                   # domain.md D3: a possible leak asks for a look, not for an ambulance
scope     = "device"
metrics   = ["water_leak"]
hold      = "30s"               # a splash while mopping is no leak
clear     = "10m"
procedure = "device_incident"
weight    = 0.2
suppressed_by = ["cleaning", "maintenance"]

[[example]]
name     = "wet for half a minute is a leak; dry for ten minutes ends it"
devices  = { pump = "water_leak@f1" }
readings = [["12:00", "pump.water_leak", 0], ["12:10", "pump.water_leak", 1], ["12:40", "pump.water_leak", 0]]
expect   = [["12:10:20", {}], ["12:10:31", { pump = "firing" }], ["12:45", { pump = "firing" }], ["12:52", {}]]

[[example]]
name     = "a splash is no leak"
devices  = { sink = "water_leak" }
readings = [["12:10", "sink.water_leak", 1], ["12:10:20", "sink.water_leak", 0]]
expect   = [["12:10:19", {}], ["12:11", {}]]

[[example]]
name     = "while the home is being cleaned a wet floor is expected, and said to be"
devices  = { sink = "water_leak" }
absences = [["h1", "cleaning", "12:00", "13:00"]]
readings = [["12:10", "sink.water_leak", 1]]
expect   = [["12:11", { sink = "suppressed" }], ["13:01", { sink = "firing" }]]

[[example]]
name     = "a sensor that fell silent when wet stays wet; one that is silent, or a message of unknown age, is no leak"
devices  = { pump = "water_leak@f1", sink = "water_leak@h1", other = "water_leak@h2" }
readings = [["12:00", "pump.water_leak", 1], ["12:00", "sink.water_leak", 0], ["12:00", "other.water_leak", 1, { retained = true }]]
expect   = [["12:01", { pump = "firing" }], ["96:00", { pump = "firing" }]]
--- */
SELECT device_id AS subject, changed_at AS due_at, changed_at AS since, value, 1.0 AS limit_value, metric,
       community_id, home_id, room_id, facility_id, building_id
FROM state
WHERE metric = 'water_leak' AND value >= 1 AND NOT retained
