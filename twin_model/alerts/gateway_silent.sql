/* ---
title     = { zh = "网关失联", en = "Gateway silent" }
sentence  = { zh = "网关自 {since} 起没有消息，它后面的设备都看不到", en = "the gateway has not been heard of since {since}; nothing behind it can be seen" }
severity  = "look"
grade     = 2                   # it blinds many homes at once; domain.md D3 has 4 for a single device
scope     = "gateway"
procedure = "device_incident"
weight    = 0
suppressed_by = ["maintenance"]

[parameter.times]
title  = { zh = "静默时限的倍数", en = "Times its declared silence" }
value  = 1
unit   = "x"
low    = 1
high   = 20
source = { zh = "建议值：每种传感器声明自己可静默多久（网关 10 分钟）", en = "proposal: a sensor type declares how long its devices may be silent (a gateway 10 min)" }

[[example]]
name     = "one alert for the gateway, none for the devices behind it"
devices  = { pir = "motion", door = "door_contact", other = "motion@h2" }
behind   = { gw = ["pir", "door", "other"] }
readings = [["11:00..12:00 every 5m", "gw.children", 3], ["12:00", "pir.motion", 0], ["12:00", "door.open", 0], ["12:00", "other.motion", 0]]
expect   = [["12:09:59", {}], ["12:10", { gw = "firing" }], ["40:00", { gw = "firing" }]]

[[example]]
name     = "a gateway that speaks again"
devices  = { pir = "motion" }
behind   = { gw = ["pir"] }
readings = [["12:00", "gw.children", 1], ["12:30..13:00 every 1m", "gw.children", 1]]
expect   = [["12:20", { gw = "firing" }], ["12:32", {}], ["13:05", {}]]

[[example]]
name     = "one that never spoke has not fallen silent; nor has one that the broker remembers"
devices  = { pir = "motion", other = "motion@h2" }
behind   = { gw = ["pir"], gw2 = ["other"] }
readings = [["12:00", "pir.motion", 0], ["12:00", "gw2.children", 1, { retained = true }]]
expect   = [["13:00", {}]]

[[example]]
name       = "a community whose gateways restart for long"
devices    = { pir = "motion" }
behind     = { gw = ["pir"] }
thresholds = [["c", "times", 3]]
readings   = [["12:00", "gw.children", 1]]
expect     = [["12:29", {}], ["12:30", { gw = "firing" }]]

[[example]]
name     = "declared maintenance of the community holds it down"
devices  = { pir = "motion" }
behind   = { gw = ["pir"] }
absences = [["c", "maintenance", "11:00", "13:00"]]
readings = [["12:00", "gw.children", 1]]
expect   = [["12:11", { gw = "suppressed" }], ["13:00", { gw = "firing" }]]
--- */
SELECT g.device_id AS subject, g.heard_at + s.times * to_microseconds(g.stale_us) AS silent_at,
       -- while we could not listen nobody could be heard
       CASE WHEN silent_at > o.gone_at THEN greatest(silent_at, o.back_at + s.times * to_microseconds(g.stale_us))
            ELSE silent_at END AS due_at, g.heard_at AS since,
       NULL::DOUBLE AS value, NULL::DOUBLE AS limit_value, NULL::TEXT AS metric,
       g.community_id, g.home_id, g.room_id, g.facility_id, g.building_id
FROM heard g JOIN setting s ON s.community_id = g.community_id AND s.home_id IS NOT DISTINCT FROM g.home_id
LEFT JOIN outage o ON TRUE
WHERE g.is_gateway AND g.heard_at IS NOT NULL
