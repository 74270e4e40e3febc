/* ---
title     = { zh = "入户门未关", en = "Door left open" }
sentence  = { zh = "入户门自 {since} 起一直开着，已超过 {limit} 分钟", en = "the door has stood open since {since}, more than {limit} minutes" }
severity  = "look"
grade     = 3
scope     = "home"
metrics   = ["open"]
clear     = "5m"                # shut for a moment is not shut
procedure = "elder_incident"
weight    = 0.2
suppressed_by = ["cleaning", "maintenance"]

[parameter.minutes]
title  = { zh = "敞开多久", en = "Open for" }
value  = 60
unit   = "min"
low    = 5
high   = 720
source = { zh = "建议值：通风约半小时；夏天整天开门的家另设自己的值", en = "proposal: airing takes half an hour; homes that leave the door open all summer have a value of their own" }

[[example]]
name     = "open for an hour; shut for five minutes ends it"
devices  = { door = "door_contact" }
readings = [["12:00", "door.open", 0], ["12:10", "door.open", 1], ["14:00", "door.open", 0]]
expect   = [["13:09", {}], ["13:10", { h1 = "firing" }], ["14:02", { h1 = "firing" }], ["14:06", {}]]

[[example]]
name     = "shut in time, or not a minute before it is due"
devices  = { door = "door_contact" }
readings = [["12:10", "door.open", 1], ["13:09", "door.open", 0]]
expect   = [["13:09", {}], ["13:10", {}]]

[[example]]
name       = "a contact that is not heard of says nothing about the door; nor does a message of unknown age"
devices    = { door = "door_contact", other = "door_contact@h2" }
thresholds = [["c", "minutes", 400]]
readings   = [["12:00", "door.open", 1], ["12:00", "other.open", 1, { retained = true }], ["12:30..20:00 every 2h", "other.battery", 90]]
expect     = [["18:40", {}], ["30:00", {}]]

[[example]]
name     = "behind a silent gateway nobody knows whether it was shut"
devices  = { door = "door_contact" }
behind   = { gw = ["door"] }
readings = [["11:00..12:30 every 5m", "gw.children", 1], ["12:10", "door.open", 1]]
expect   = [["13:10", {}], ["15:00", {}]]

[[example]]
name     = "an alert stands when the contact then falls silent"
devices  = { door = "door_contact" }
readings = [["12:10", "door.open", 1]]
expect   = [["13:10", { h1 = "firing" }], ["30:00", { h1 = "firing" }]]
--- */
SELECT o.home_id AS subject, min(o.changed_at + s.minutes * INTERVAL 1 MINUTE) AS due_at, min(o.changed_at) AS since,
       NULL::DOUBLE AS value, any_value(s.minutes) AS limit_value, 'open' AS metric,
       any_value(o.community_id) AS community_id, o.home_id, NULL::TEXT AS room_id, NULL::TEXT AS facility_id,
       any_value(o.building_id) AS building_id
FROM state o JOIN setting s ON s.home_id = o.home_id
WHERE o.metric = 'open' AND o.value >= 1 AND NOT o.retained
    AND o.heard_until >= least(o.changed_at + s.minutes * INTERVAL 1 MINUTE, $instant)
GROUP BY o.home_id
