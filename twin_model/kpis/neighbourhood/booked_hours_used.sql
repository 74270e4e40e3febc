/* ---
title         = { zh = "预约时段到场率", en = "Booked hours with people in them" }
indicators    = [2]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "7d"
target        = 90
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["room_booking", "occupancy_hour"]
requires      = ["room_booking", "state:people_counter"]
version       = 1
public        = true
words         = { zh = "近 7 天已开始的预约所占的整点小时中，有人的小时 ÷ 人数已知的小时（一小时平均不足半人算没人）。取消的、时段内人数不明的预约不计。", en = "Of the hours taken by bookings that have begun, last 7 days: hours with people in them / hours of which the number of people is known (less than half a person on average is nobody). Left out: cancelled bookings, and those during which nobody was counted." }

[[example]]
name = "booked for two hours, used for one; a booking of this evening is not judged"
at = "2026-11-22T11:00:00+08:00"
rows.room = """
room_id | room_kind  | capacity
r1      | dance_room | 30
"""
rows.device = """
device_id | type           | room_id
c1        | people_counter | r1
"""
rows.room_booking = """
booking_no | room | starts_at        | ends_at          | booked_by | expected | state
b1         | r1   | 2026-11-22T08:00 | 2026-11-22T10:00 | club      | 20       | booked
b2         | r1   | 2026-11-22T19:00 | 2026-11-22T21:00 | club      | 20       | booked
b3         | r1   | 2026-11-21T08:00 | 2026-11-21T10:00 | club      | 20       | booked
b4         | r1   | 2026-11-21T14:00 | 2026-11-21T16:00 | club      | 20       | cancelled
"""
readings = [
    ["2026-11-22T08:00", "c1", "people", 0], ["2026-11-22T08:30", "c1", "people", 0],
    ["2026-11-22T09:00", "c1", "people", 8], ["2026-11-22T09:30", "c1", "people", 8],
]
expect = { value = 50, numerator = 1, denominator = 2, excluded = { not_watched = 1, cancelled = 1 } }

[[example]]
name = "bookings, and no room is counted: unknown"
rows.room = """
room_id | room_kind  | capacity
r1      | dance_room | 30
"""
rows.room_booking = """
booking_no | room | starts_at        | ends_at          | booked_by | expected | state
b1         | r1   | 2026-11-22T08:00 | 2026-11-22T10:00 | club      | 20       | booked
"""
expect = { status = "not_measurable", missing = ["state:people_counter"] }
--- */
SELECT b.community_id, b.period, b.record_id AS row_id, b.starts_at AS happened_at, b.room, b.booked_by, b.state,
       count(*) FILTER (o.people >= 0.5) AS numerator, count(o.people) AS denominator,
       CASE WHEN b.state = 'cancelled' THEN 'cancelled' WHEN denominator = 0 THEN 'not_watched' END AS excluded
FROM room_booking b
LEFT JOIN occupancy_hour o ON o.community_id = b.community_id AND o.period = b.period AND o.place_id = b.room
                          AND o.hour >= date_trunc('hour', b.starts_at) AND o.hour < b.ends_at
WHERE b.starts_at < $at
GROUP BY b.community_id, b.period, b.record_id, b.starts_at, b.room, b.booked_by, b.state
