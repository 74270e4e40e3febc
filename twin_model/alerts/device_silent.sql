/* ---
title     = { zh = "设备失联", en = "Device silent" }
sentence  = { zh = "设备自 {since} 起没有消息", en = "the device has not been heard of since {since}" }
severity  = "look"
grade     = 4                   # domain.md D3
scope     = "device"
procedure = "device_incident"
weight    = 0
suppressed_by = ["maintenance"]

[parameter.times]
title  = { zh = "静默时限的倍数", en = "Times its declared silence" }
value  = 1
unit   = "x"
low    = 1
high   = 20
source = { zh = "建议值：每种传感器声明自己可静默多久（两三次心跳）；户外设备等到算失联为止", en = "proposal: a sensor type declares how long its devices may be silent (two or three heartbeats); devices outside homes wait until they count as lost" }

[[example]]
name     = "a detector in a home, silent for longer than its type may be"
devices  = { pir = "motion" }
readings = [["12:00", "pir.motion", 0]]
expect   = [["14:59:59", {}], ["15:00", { pir = "firing" }], ["60:00", { pir = "firing" }]]

[[example]]
name     = "any report is a sign of life of a device, also that of its battery; and the alert ends with it"
devices  = { pir = "motion" }
readings = [["12:00", "pir.motion", 0], ["14:00", "pir.battery", 80], ["18:00", "pir.motion", 0]]
expect   = [["15:01", {}], ["17:00", { pir = "firing" }], ["18:02", {}]]

[[example]]
name     = "outside homes nobody is in danger: a bin is missed when it is lost"
devices  = { bin = "waste_bin@f1" }
readings = [["12:00", "bin.fill", 20]]
expect   = [["16:00", {}], ["37:59", {}], ["38:00", { bin = "firing" }]]

[[example]]
name     = "behind a silent gateway no device is silent"
devices  = { pir = "motion", alone = "motion@h2" }
behind   = { gw = ["pir"] }
readings = [["11:00..12:30 every 5m", "gw.children", 1], ["12:00", "pir.motion", 0], ["12:00", "alone.motion", 0]]
expect   = [["12:45", {}], ["15:01", { alone = "firing" }], ["40:00", { alone = "firing" }]]

[[example]]
name     = "when a gateway comes back its devices have their usual time to speak"
devices  = { pir = "motion" }
behind   = { gw = ["pir"] }
readings = [["11:00..12:30 every 5m", "gw.children", 1], ["12:00", "pir.motion", 0], ["20:00..23:00 every 10m", "gw.children", 1]]
expect   = [["19:00", {}], ["20:05", {}], ["22:59", {}], ["23:01", { pir = "firing" }]]

[[example]]
name     = "what never spoke, or only through a message of unknown age, has not fallen silent"
devices  = { pir = "motion", other = "motion@h2" }
readings = [["12:00", "other.motion", 0, { retained = true }]]
expect   = [["15:01", {}], ["60:00", {}]]

[[example]]
name       = "a home with a bad radio link, and one under repair"
devices    = { pir = "motion", other = "motion@h2" }
thresholds = [["h1", "times", 3]]
absences   = [["h2", "maintenance", "12:00", "20:00"]]
readings   = [["12:00", "pir.motion", 0], ["12:00", "other.motion", 0]]
expect     = [["15:01", { other = "suppressed" }], ["20:59", { other = "firing" }], ["21:00", { pir = "firing", other = "firing" }]]
--- */
WITH silent AS (
    SELECT d.*, s.times * to_microseconds(CASE WHEN d.home_id IS NULL THEN d.lost_us ELSE d.stale_us END) AS patience,
           greatest(d.heard_at, g.back_at) + patience AS silent_at,
           -- while we could not listen nobody could be heard
           CASE WHEN silent_at > o.gone_at THEN greatest(silent_at, o.back_at + patience) ELSE silent_at END AS due_at,
           g.heard_at + to_microseconds(g.stale_us) AS gateway_until
    FROM heard d JOIN setting s ON s.community_id = d.community_id AND s.home_id IS NOT DISTINCT FROM d.home_id
    LEFT JOIN heard g ON g.device_id = d.gateway_id LEFT JOIN outage o ON TRUE
    WHERE NOT d.is_gateway AND d.heard_at IS NOT NULL)
SELECT device_id AS subject, due_at, heard_at AS since, NULL::DOUBLE AS value, NULL::DOUBLE AS limit_value, NULL::TEXT AS metric,
       community_id, home_id, room_id, facility_id, building_id
FROM silent
WHERE gateway_until IS NULL OR gateway_until >= least(due_at, $instant)
