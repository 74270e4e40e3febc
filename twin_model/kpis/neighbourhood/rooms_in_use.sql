/* ---
title         = { zh = "邻里场室使用率", en = "Room hours in use" }
indicators    = [2]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "7d"
target        = 40
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "6h"
sources       = ["occupancy_hour"]
requires      = ["state:people_counter"]
version       = 1
public        = true
words         = { zh = "近 7 天每天 8 时至 21 时，有计数的场室里有人的小时 ÷ 人数已知的小时（一小时平均不足半人算没人）。一半以上小时人数不明的一天不计。", en = "Hours with people in them / hours of which the number of people is known, rooms that are counted, 8:00 to 21:00 of the last 7 days (less than half a person on average is nobody). A room's day of which more than half the hours are unknown is left out." }

[[example]]
name = "people in one of two hours; before eight does not count, and six days of which an hour or none is known are left out"
at = "2026-11-22T10:00:00+08:00"
rows.room = """
room_id | room_kind  | capacity
r1      | dance_room | 30
"""
rows.device = """
device_id | type           | room_id
c1        | people_counter | r1
"""
readings = [
    ["2026-11-21T20:55", "c1", "people", 3], ["2026-11-22T07:30", "c1", "people", 9],
    ["2026-11-22T08:00", "c1", "people", 0], ["2026-11-22T08:30", "c1", "people", 0],
    ["2026-11-22T09:00", "c1", "people", 8], ["2026-11-22T09:30", "c1", "people", 8],
]
expect = { value = 50, numerator = 1, denominator = 2, excluded = { not_watched = 6 } }

[[example]]
name = "nobody counts anywhere: unknown, not empty"
rows.room = """
room_id | room_kind  | capacity
r1      | dance_room | 30
"""
expect = { status = "not_measurable", missing = ["state:people_counter"] }
--- */
SELECT community_id, period, place_id || '|' || (hour + INTERVAL 8 HOUR)::DATE AS row_id, max(hour) AS happened_at,
       place_id AS room, any_value(capacity) AS capacity, count(*) AS hours,
       count(*) FILTER (people >= 0.5) AS numerator, count(people) AS denominator,
       CASE WHEN denominator < 0.5 * hours THEN 'not_watched' END AS excluded
FROM occupancy_hour
WHERE place_kind = 'room' AND hour(hour + INTERVAL 8 HOUR) BETWEEN 8 AND 20
GROUP BY community_id, period, place_id, row_id
