/* ---
title         = { zh = "数字素养课到课人次", en = "Attendances at digital courses" }
indicators    = [7]
unit          = { zh = "人次", en = "attendances" }
measure       = "sum"
period        = "90d"
freshness     = "14d"
sources       = ["course_session"]
version       = 1
public        = true
words         = { zh = "近 90 天数字素养课的到课人次。还没有点名的、人数存疑的课次不计。", en = "People who attended digital courses in the last 90 days. Left out: sessions whose attendance is not yet counted or in doubt." }

[[example]]
name = "a session still to be counted is left out, and said so"
rows.course_session = """
session_no | course     | category | age_band | room | starts_at        | ends_at          | seats | enrolled | taught_by | attended
k1         | 手机课     | digital  | elder    | r1   | 2026-11-20T09:00 | 2026-11-20T10:30 | 30    | 26       | staff     | 20
k2         | 手机课     | digital  | elder    | r1   | 2026-11-21T09:00 | 2026-11-21T10:30 | 30    | 26       | staff     |
k3         | 书法       | culture  | elder    | r1   | 2026-11-20T14:00 | 2026-11-20T15:30 | 30    | 26       | staff     | 25
"""
expect = { value = 20, rows_used = 1, excluded = { not_counted = 1 } }

[[example]]
name = "the school runs and has no digital course: a true zero"
rows.course_session = """
session_no | course | category | age_band | room | starts_at        | ends_at          | seats | enrolled | taught_by | attended
k3         | 书法   | culture  | elder    | r1   | 2026-11-20T14:00 | 2026-11-20T15:30 | 30    | 26       | staff     | 25
"""
expect = { value = 0, status = "measured" }
--- */
SELECT community_id, period, record_id AS row_id, starts_at AS happened_at, course, age_band,
       attended AS numerator, NULL AS denominator,
       coalesce(flags[1], CASE WHEN attended IS NULL THEN 'not_counted' END) AS excluded
FROM course_session WHERE category = 'digital'
