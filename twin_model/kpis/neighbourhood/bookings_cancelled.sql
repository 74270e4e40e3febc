/* ---
title         = { zh = "场室预约取消率", en = "Bookings cancelled" }
indicators    = [2]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 10
direction     = "down"
floor         = 40
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["room_booking"]
version       = 1
public        = true
words         = { zh = "近 90 天取消的预约 ÷ 全部预约。", en = "Bookings cancelled / all bookings for the last 90 days." }

[[example]]
name = "one of four"
rows.room_booking = """
booking_no | room | starts_at        | ends_at          | booked_by | expected | state
b1         | r1   | 2026-11-20T09:00 | 2026-11-20T12:00 | club      | 20       | booked
b2         | r1   | 2026-11-20T13:00 | 2026-11-20T14:00 | club      | 8        | booked
b3         | r1   | 2026-11-21T09:00 | 2026-11-21T10:00 | club      | 20       | booked
b4         | r1   | 2026-11-21T11:00 | 2026-11-21T12:00 | club      | 20       | cancelled
"""
expect = { value = 25, numerator = 1, denominator = 4 }

[[example]]
name = "a booking that was cancelled later is one booking, not two"
rows.room_booking = """
booking_no | room | starts_at        | ends_at          | booked_by | expected | state     | recorded_at
b1         | r1   | 2026-11-20T09:00 | 2026-11-20T12:00 | club      | 20       | booked    | 2026-11-10T09:00
b1         | r1   | 2026-11-20T09:00 | 2026-11-20T12:00 | club      | 20       | cancelled | 2026-11-18T09:00
"""
expect = { value = 100, numerator = 1, denominator = 1, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, starts_at AS happened_at, room, booked_by, state,
       (state = 'cancelled') AS numerator, 1 AS denominator, NULL AS excluded
FROM room_booking
