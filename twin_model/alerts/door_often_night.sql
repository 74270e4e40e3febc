/* ---
title     = { zh = "夜间频繁开门", en = "Door opened often at night" }
sentence  = { zh = "今夜入户门已开 {value} 次", en = "the door was opened {value} times this night" }
severity  = "look"
grade     = 3
scope     = "home"
metrics   = ["open"]
window    = "16h"
procedure = "elder_incident"
weight    = 0.3
suppressed_by = ["cleaning", "maintenance"]

[parameter.times]
title  = { zh = "一夜开门", en = "Opened in a night" }
value  = 4
unit   = "x"
low    = 2
high   = 20
source = { zh = "合肥安居苑：夜间开门过于频繁，未给次数；4 次为建议值，晚客一来一去是两次", en = "Hefei (Anju Yuan): opened too often at night, without a number; 4: proposal, a late visitor comes and goes in two" }

[parameter.from]
title  = { zh = "夜间开始", en = "Night from" }
value  = 22
unit   = "h"
low    = 18
high   = 23.5
source = { zh = "建议值", en = "proposal" }

[parameter.until]
title  = { zh = "夜间结束", en = "Night until" }
value  = 5
unit   = "h"
low    = 3
high   = 9
source = { zh = "建议值", en = "proposal" }

[[example]]
name     = "the fourth opening of a night; it is over when the night is"
devices  = { door = "door_contact" }
readings = [["22:10..26:10 every 1h", "door.open", [1, 0]]]
expect   = [["24:30", {}], ["25:10", { h1 = "firing" }], ["28:59", { h1 = "firing" }], ["29:02", {}]]

[[example]]
name     = "three openings are a visitor and the rubbish; the evening and the heartbeats of an open door do not count"
devices  = { door = "door_contact" }
readings = [["20:00..21:50 every 10m", "door.open", [1, 0]], ["22:10", "door.open", 0], ["22:30", "door.open", [1, 0]], ["24:00", "door.open", [1, 0]], ["25:00..27:00 every 30m", "door.open", 1]]
expect   = [["22:00", {}], ["25:00", {}], ["28:00", {}]]

[[example]]
name     = "openings of two nights are not added up"
devices  = { door = "door_contact" }
readings = [["03:00", "door.open", [1, 0]], ["04:00", "door.open", [1, 0]], ["22:30", "door.open", [1, 0]], ["23:30", "door.open", [1, 0]]]
expect   = [["04:01", {}], ["23:31", {}]]

[[example]]
name     = "a contact that is not heard of, and messages of unknown age, open no door"
devices  = { door = "door_contact" }
readings = [["22:00", "door.open", [1, 0]], ["23:00", "door.open", [1, 0]], ["24:00", "door.open", 1, { retained = true }], ["24:05", "door.open", 0, { retained = true }], ["24:10", "door.open", 1, { retained = true }]]
expect   = [["24:20", {}], ["28:00", {}]]
--- */
WITH night AS (  -- of each home the night under way by the neighbourhood's clock; by day there is none
    SELECT s.*, CASE WHEN here >= day + s."from" * INTERVAL 1 HOUR THEN day ELSE day - INTERVAL 1 DAY END
                + s."from" * INTERVAL 1 HOUR - INTERVAL 8 HOUR AS begins
    FROM setting s, (SELECT $instant + INTERVAL 8 HOUR AS here, date_trunc('day', $instant + INTERVAL 8 HOUR) AS day)
    WHERE s.home_id IS NOT NULL AND (here >= day + s."from" * INTERVAL 1 HOUR OR here < day + s.until * INTERVAL 1 HOUR)),
door AS (
    SELECT d.series_no, d.building_id, n.home_id, n.community_id, n.times, n.begins
    FROM state d JOIN night n ON n.home_id = d.home_id
    WHERE d.metric = 'open'),
counted AS (
    SELECT d.*, r.taken_at, count(*) OVER (PARTITION BY d.home_id) AS openings,
           row_number() OVER (PARTITION BY d.home_id ORDER BY r.taken_at) AS nth
    FROM recent r JOIN door d ON d.series_no = r.series_no AND r.taken_at >= d.begins
    WHERE r.value >= 1 AND coalesce(r.before, 0) < 1)
SELECT home_id AS subject, taken_at AS due_at, begins AS since, openings AS value, times AS limit_value,
       'open' AS metric, community_id, home_id, NULL::TEXT AS room_id, NULL::TEXT AS facility_id, building_id
FROM counted
WHERE nth = ceil(times)
