/* ---
title     = { zh = "疑似跌倒", en = "Possible fall" }
sentence  = { zh = "跌倒雷达自 {since} 起报跌倒，未见起身", en = "the fall radar has reported a fall since {since} and nobody got up" }
severity  = "act"
grade     = 1
scope     = "device"
metrics   = ["fall", "presence", "sos"]
urgent    = true
clear     = "2m"
procedure = "elder_incident"
weight    = 0.75                # rivals.md 7: up to five false ones an hour at night

[parameter.seconds]
title  = { zh = "持续多久", en = "Held for" }
value  = 60
unit   = "s"
low    = 10
high   = 600
source = { zh = "建议值：雷达约 10 秒后才有结果，且会闪断", en = "proposal: a radar answers after some 10 s and flickers" }

[[example]]
name     = "a fall held for a minute"
devices  = { radar = "fall_radar" }
readings = [["03:00", "radar.fall", 0], ["03:10", "radar.fall", 1], ["03:15", "radar.fall", 1]]
expect   = [["03:10:59", {}], ["03:11", { radar = "firing" }], ["04:00", { radar = "firing" }]]

[[example]]
name     = "a single flicker is not a fall"
devices  = { radar = "fall_radar" }
readings = [["03:00", "radar.fall", 0], ["03:10", "radar.fall", 1], ["03:10:40", "radar.fall", 0]]
expect   = [["03:10:39", {}], ["03:11", {}], ["03:12", {}]]

[[example]]
name     = "confirmed by a second sense it is a fall at once: the call button of the same home"
devices  = { radar = "fall_radar", button = "sos_button" }
readings = [["03:10", "radar.fall", 1], ["03:10:20", "button.sos", 1]]
expect   = [["03:10:19", {}], ["03:10:20", { radar = "firing" }]]

[[example]]
name     = "confirmed by a second radar; the same radar twice confirms nothing, nor does a button of another home"
devices  = { radar = "fall_radar", second = "fall_radar", third = "fall_radar@h2", button = "sos_button@h1" }
readings = [["03:10", "radar.fall", 1], ["03:10:05", "radar.fall", 1], ["03:10:06", "third.fall", 1], ["03:10:30", "second.fall", 1]]
expect   = [["03:10:06", {}], ["03:10:30", { radar = "firing", second = "firing" }]]

[[example]]
name     = "a button pressed an hour before confirms nothing"
devices  = { radar = "fall_radar", button = "sos_button" }
readings = [["02:00", "button.sos", 1], ["03:10", "radar.fall", 1]]
expect   = [["03:10:59", {}], ["03:11", { radar = "firing" }]]

[[example]]
name     = "a radar that fell silent in a fall stays in it; one that is only silent says nothing"
devices  = { radar = "fall_radar", other = "fall_radar@h2" }
readings = [["03:10", "radar.fall", 1], ["03:10", "other.fall", 0]]
expect   = [["03:11", { radar = "firing" }], ["12:00", { radar = "firing" }]]

[[example]]
name     = "getting up ends it after two minutes; the message that the broker kept from another day is no fall"
devices  = { radar = "fall_radar", other = "fall_radar@h2" }
readings = [["03:10", "radar.fall", 1], ["03:20", "radar.fall", 0], ["03:10", "other.fall", 1, { retained = true }]]
expect   = [["03:15", { radar = "firing" }], ["03:21", { radar = "firing" }], ["03:24", {}]]
--- */
WITH fallen AS (
    SELECT * FROM state WHERE metric = 'fall' AND value >= 1 AND NOT retained),
said AS (  -- what another sense of the same home may confirm it with
    SELECT home_id, device_id, taken_at FROM state WHERE metric IN ('fall', 'sos') AND value >= 1 AND NOT retained
    UNION ALL
    SELECT home_id, device_id, taken_at FROM pulse WHERE metric = 'sos'),
confirmed AS (
    SELECT f.device_id, min(greatest(f.changed_at, o.taken_at)) AS confirmed_at
    FROM fallen f JOIN said o ON o.home_id = f.home_id AND o.device_id <> f.device_id
        AND o.taken_at >= f.changed_at - INTERVAL 10 MINUTE
    GROUP BY f.device_id)
SELECT f.device_id AS subject,
       least(f.changed_at + s.seconds * INTERVAL 1 SECOND, c.confirmed_at) AS due_at,
       f.changed_at AS since, f.value, 1.0 AS limit_value, 'fall' AS metric,
       f.community_id, f.home_id, f.room_id, f.facility_id, f.building_id
FROM fallen f
JOIN setting s ON s.community_id = f.community_id AND s.home_id IS NOT DISTINCT FROM f.home_id
LEFT JOIN confirmed c ON c.device_id = f.device_id
