/* ---
title         = { zh = "企业预约场室时长", en = "Room hours booked by firms" }
indicators    = [12]
unit          = { zh = "小时", en = "hours" }
measure       = "sum"
period        = "30d"
freshness     = "14d"
sources       = ["room_booking"]
version       = 1
public        = true
digits        = 1
words         = { zh = "近 30 天企业预约会议、路演等场室的小时数。取消的预约不计。", en = "Hours of rooms booked by firms in the last 30 days. Cancelled bookings are left out." }

[[example]]
name = "a cancelled booking is no use made of the room"
rows.room_booking = """
booking_no | room | starts_at        | ends_at          | booked_by | expected | state
b1         | r1   | 2026-11-20T09:00 | 2026-11-20T10:30 | firm      | 8        | booked
b2         | r1   | 2026-11-20T13:00 | 2026-11-20T15:00 | firm      | 8        | cancelled
b3         | r1   | 2026-11-21T09:00 | 2026-11-21T11:00 | club      | 8        | booked
"""
expect = { value = 1.5, rows_used = 1, excluded = { cancelled = 1 } }

[[example]]
name = "others book and no firm does: a true zero"
rows.room_booking = """
booking_no | room | starts_at        | ends_at          | booked_by | expected | state
b3         | r1   | 2026-11-21T09:00 | 2026-11-21T11:00 | club      | 8        | booked
"""
expect = { value = 0, status = "measured" }
--- */
SELECT community_id, period, record_id AS row_id, starts_at AS happened_at, room,
       date_diff('minute', starts_at, ends_at) / 60 AS numerator, NULL AS denominator,
       CASE WHEN state = 'cancelled' THEN 'cancelled' END AS excluded
FROM room_booking WHERE booked_by = 'firm'
