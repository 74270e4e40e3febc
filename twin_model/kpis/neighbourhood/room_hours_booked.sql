/* ---
title         = { zh = "邻里场室预约率", en = "Room hours booked" }
indicators    = [2]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 30
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["room_booking", "room"]
requires      = ["room_booking"]
version       = 1
public        = true
words         = { zh = "近 30 天场室被预约的小时 ÷（可预约场室数 × 30 天 × 每天 12 小时）。可预约场室：礼堂、舞蹈室、议事厅、会客厅、茶室、社区学校、创客空间。取消的、与前一预约重叠的不计。", en = "Hours booked in the last 30 days / (rooms open to booking × 30 days × 12 hours). Such rooms: hall, dance room, council room, parlour, tea house, school, makers' space. Left out: cancelled bookings, and those that overlap an earlier one in the same room." }

[[example]]
name = "cancelled and overlapping bookings do not fill a room"
rows.room = """
room_id | room_kind
r1      | dance_room
r2      | kitchen
"""
rows.room_booking = """
booking_no | room | starts_at        | ends_at          | booked_by | expected | state
b1         | r1   | 2026-11-20T09:00 | 2026-11-20T12:00 | club      | 20       | booked
b2         | r1   | 2026-11-20T11:00 | 2026-11-20T13:00 | resident  | 8        | booked
b3         | r1   | 2026-11-21T09:00 | 2026-11-21T12:00 | club      | 20       | cancelled
b4         | r1   | 2026-11-20T13:00 | 2026-11-20T13:36 | firm      | 8        | booked
"""
expect = { value = 1, numerator = 3.6, denominator = 360, excluded = { overlapping = 1, cancelled = 1 } }

[[example]]
name = "a booking of last summer keeps the room, but fills nothing now and tells that the records have stopped"
rows.room = """
room_id | room_kind
r1      | dance_room
"""
rows.room_booking = """
booking_no | room | starts_at        | ends_at          | booked_by | expected | state
b1         | r1   | 2026-07-20T09:00 | 2026-07-20T12:00 | club      | 20       | booked
"""
expect = { status = "not_measurable" }
--- */
SELECT community_id, period, record_id AS row_id, starts_at AS happened_at, room, booked_by,
       date_diff('minute', starts_at, ends_at) / 60 AS numerator, NULL AS denominator,
       CASE WHEN state = 'cancelled' THEN 'cancelled'
            WHEN starts_at < max(ends_at) FILTER (state = 'booked') OVER (
                PARTITION BY community_id, period, room ORDER BY starts_at, record_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) THEN 'overlapping' END AS excluded
FROM room_booking
UNION ALL BY NAME
SELECT community_id, period, room_id AS row_id, name AS room, NULL AS numerator,
       date_diff('day', starts_on, ends_on) * 12.0 AS denominator, NULL AS excluded
FROM room JOIN period_bounds USING (period)
WHERE room_kind IN ('auditorium', 'dance_room', 'council_room', 'parlour', 'tea_house', 'community_school', 'makers_space')
