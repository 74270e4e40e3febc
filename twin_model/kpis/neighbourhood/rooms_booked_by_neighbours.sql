/* ---
title         = { zh = "居民与社团预约占比", en = "Bookings by residents and clubs" }
indicators    = [2]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 50
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["room_booking"]
version       = 1
public        = true
words         = { zh = "近 30 天居民和社团预约的小时 ÷ 全部预约小时。取消的不计。", en = "Hours booked by residents and clubs / all hours booked, last 30 days. Cancelled bookings are left out." }

[[example]]
name = "hours count, not bookings; a cancelled one counts nowhere"
rows.room_booking = """
booking_no | room | starts_at        | ends_at          | booked_by | expected | state
b1         | r1   | 2026-11-20T09:00 | 2026-11-20T12:00 | club      | 20       | booked
b2         | r1   | 2026-11-20T13:00 | 2026-11-20T14:00 | committee | 8        | booked
b3         | r1   | 2026-11-21T09:00 | 2026-11-21T19:00 | resident  | 20       | cancelled
"""
expect = { value = 75, numerator = 3, denominator = 4, excluded = { cancelled = 1 } }

[[example]]
name = "everything booked was cancelled: nothing to divide by"
rows.room_booking = """
booking_no | room | starts_at        | ends_at          | booked_by | expected | state
b1         | r1   | 2026-11-20T09:00 | 2026-11-20T12:00 | club      | 20       | cancelled
"""
expect = { status = "not_measurable", rows_used = 0, excluded = { cancelled = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, starts_at AS happened_at, room, booked_by,
       date_diff('minute', starts_at, ends_at) / 60 AS denominator,
       CASE WHEN booked_by IN ('resident', 'club') THEN denominator ELSE 0 END AS numerator,
       CASE WHEN state = 'cancelled' THEN 'cancelled' END AS excluded
FROM room_booking
