/* ---
title         = { zh = "课程上座率", en = "Course seats filled" }
indicators    = [6]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 70
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["course_session"]
version       = 1
public        = true
words         = { zh = "近 30 天课程到课人数 ÷ 座位数。还没有点名的、到课超过座位等存疑的课次不计。", en = "People who attended / seats, sessions of the last 30 days. Left out: sessions whose attendance is not yet counted, and doubtful ones, such as more people than seats." }

[[example]]
name = "not yet counted is not nobody; more people than seats is doubted, not cut to full"
rows.course_session = """
session_no | course | category | age_band | room | starts_at        | ends_at          | seats | enrolled | taught_by | attended | flags
k1         | 书法   | culture  | elder    | r1   | 2026-11-20T09:00 | 2026-11-20T10:30 | 30    | 26       | staff     | 21       |
k2         | 编程   | skills   | worker   | r1   | 2026-11-20T19:00 | 2026-11-20T20:30 | 30    | 40       | staff     | 45       | over_capacity
k3         | 托管   | culture  | youth    | r1   | 2026-11-21T16:30 | 2026-11-21T17:30 | 30    | 22       | staff     |          |
"""
expect = { value = 70, numerator = 21, denominator = 30, excluded = { over_capacity = 1, not_counted = 1 } }

[[example]]
name = "attendance reported a day later changes the value of the day, not what was known then"
at = "2026-11-21T12:00:00+08:00"
rows.course_session = """
session_no | course | category | age_band | room | starts_at        | ends_at          | seats | enrolled | taught_by | attended | recorded_at
k1         | 书法   | culture  | elder    | r1   | 2026-11-20T09:00 | 2026-11-20T10:30 | 30    | 26       | staff     |          | 2026-11-20T18:00
k1         | 书法   | culture  | elder    | r1   | 2026-11-20T09:00 | 2026-11-20T10:30 | 30    | 26       | staff     | 24       | 2026-11-22T09:00
"""
expect = { status = "not_measurable", excluded = { not_counted = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, starts_at AS happened_at, course, age_band, room, enrolled,
       attended AS numerator, seats AS denominator,
       coalesce(flags[1], CASE WHEN attended IS NULL THEN 'not_counted' END) AS excluded
FROM course_session
