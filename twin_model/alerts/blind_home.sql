/* ---
title     = { zh = "住户盲区", en = "Blind home" }
sentence  = { zh = "家里没有一台感知设备有消息，无法得知是否平安", en = "no sense in the home reports; nobody would be seen falling" }
severity  = "blind"
grade     = 4
scope     = "home"
procedure = "device_incident"
weight    = 0
suppressed_by = ["maintenance"]

[[example]]
name     = "a kit that reports is not blind, whatever it reports"
devices  = { pir = "motion" }
readings = [["12:00..20:00 every 1h", "pir.motion", 0]]
expect   = [["13:00", {}], ["20:30", {}]]

[[example]]
name     = "when nothing in the home of an elder living alone reports, nobody would be seen falling"
devices  = { pir = "motion" }
readings = [["12:00", "pir.motion", 0]]
expect   = [["14:59", {}], ["15:02", { h1 = "firing" }], ["96:00", { h1 = "firing" }]]

[[example]]
name     = "one sense that still reports is enough to see"
devices  = { pir = "motion", bedroom = "motion" }
readings = [["12:00", "pir.motion", 0], ["12:00..20:00 every 1h", "bedroom.motion", 0]]
expect   = [["16:00", {}], ["20:00", {}]]

[[example]]
name     = "homes that a silent gateway hides are the gateway's matter, also until their devices have had time to speak again"
devices  = { pir = "motion" }
behind   = { gw = ["pir"] }
readings = [["11:00..12:30 every 5m", "gw.children", 1], ["12:00", "pir.motion", 0], ["20:00..26:00 every 10m", "gw.children", 1], ["22:00..26:00 every 1h", "pir.motion", 0]]
expect   = [["15:30", {}], ["20:05", {}], ["21:59", {}], ["26:00", {}]]

[[example]]
name     = "a home being worked on is expected to be dark"
devices  = { pir = "motion" }
absences = [["h1", "maintenance", "11:00", "20:00"]]
readings = [["12:00", "pir.motion", 0]]
expect   = [["15:02", { h1 = "suppressed" }]]
--- */
SELECT home_id AS subject,
       -- blind since before we could not listen; else its devices are given as long again to speak
       CASE WHEN since + INTERVAL 3 HOUR > o.gone_at AND o.back_at + INTERVAL 3 HOUR > $instant
            THEN o.back_at + INTERVAL 3 HOUR ELSE since END AS due_at, since, NULL::DOUBLE AS value, NULL::DOUBLE AS limit_value,
       'signs_of_life' AS metric, community_id, home_id, NULL::TEXT AS room_id, NULL::TEXT AS facility_id, building_id
FROM home_state LEFT JOIN outage o ON TRUE
WHERE state = 'blind'
    AND home_id NOT IN (  -- behind a gateway that is silent, or came back only a moment ago
        SELECT d.home_id FROM heard d JOIN heard g ON g.device_id = d.gateway_id
        WHERE d.home_id IS NOT NULL AND (g.heard_at + to_microseconds(g.stale_us) < $instant
                                         OR g.back_at + to_microseconds(d.stale_us) > $instant))
