/* ---
title     = { zh = "电量低", en = "Battery low" }
sentence  = { zh = "电量只剩 {value}%", en = "the battery is down to {value} %" }
severity  = "look"
grade     = 4                   # domain.md D3
scope     = "device"
metrics   = ["battery"]
clear     = "24h"               # a battery that warms up reads a few percent more: only a day above the limit is a new battery
procedure = "device_incident"
weight    = 0
suppressed_by = ["maintenance"]

[parameter.percent]
title  = { zh = "低于", en = "Below" }
value  = 15
unit   = "%"
low    = 3
high   = 50
source = { zh = "建议值：纽扣电池此时还够用几周；2,000 台设备每天约有三台要换", en = "proposal: some weeks of life are left in a coin cell; 2,000 devices then ask for about three changes a day" }

[[example]]
name     = "below 15 % somebody brings a battery; a day above it ends it"
devices  = { pir = "motion" }
readings = [["12:00", "pir.battery", 15], ["13:00", "pir.battery", 14], ["14:00", "pir.battery", 100]]
expect   = [["12:30", {}], ["13:00:30", { pir = "firing" }], ["36:00", { pir = "firing" }], ["38:05", {}]]

[[example]]
name     = "a battery that wavers about the limit is one alert"
devices  = { pir = "motion" }
readings = [["12:00", "pir.battery", 14], ["15:00", "pir.battery", 16], ["18:00", "pir.battery", 14]]
expect   = [["12:01", { pir = "firing" }], ["16:00", { pir = "firing" }], ["19:00", { pir = "firing" }]]

[[example]]
name     = "a band is charged by whoever wears it; it asks nobody for a battery"
devices  = { band = "vital_band" }
readings = [["12:00", "band.battery", 4]]
expect   = [["12:01", {}]]

[[example]]
name       = "a community that changes batteries earlier"
devices    = { pir = "motion", other = "motion@h2" }
thresholds = [["c", "percent", 30], ["h2", "percent", 10]]
readings   = [["12:00", "pir.battery", 25], ["12:00", "other.battery", 25]]
expect     = [["12:01", { pir = "firing" }]]

[[example]]
name     = "a device that fell silent with a flat battery still has one; silence and a message of unknown age tell nothing of a battery"
devices  = { pir = "motion", door = "door_contact", other = "motion@h2" }
readings = [["12:00", "pir.battery", 5], ["12:00", "door.battery", 80], ["12:00", "other.battery", 5, { retained = true }]]
expect   = [["12:01", { pir = "firing" }], ["96:00", { pir = "firing" }]]
--- */
SELECT d.device_id AS subject, d.changed_at AS due_at, d.changed_at AS since, d.value, s.percent AS limit_value, d.metric,
       d.community_id, d.home_id, d.room_id, d.facility_id, d.building_id
FROM state d JOIN setting s ON s.community_id = d.community_id AND s.home_id IS NOT DISTINCT FROM d.home_id
WHERE d.metric = 'battery' AND d.value < s.percent AND NOT d.retained AND d.type <> 'vital_band'
