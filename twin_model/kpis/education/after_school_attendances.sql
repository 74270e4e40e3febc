/* ---
title         = { zh = "青少年课堂到课人次", en = "Attendances of children and youth" }
indicators    = [6]
unit          = { zh = "人次", en = "attendances" }
measure       = "sum"
period        = "30d"
freshness     = "14d"
sources       = ["course_session"]
version       = 1
public        = true
views         = ["elders_children"]
words         = { zh = "近 30 天面向青少年的课堂（如四点半课堂）到课人次。还没有点名的、人数存疑的课次不计；全龄课不算。", en = "People who attended sessions for children and youth (such as the after-school class) in the last 30 days. Left out: sessions whose attendance is not yet counted or in doubt. Courses for all ages are not among them." }

[[example]]
name = "a course for all ages is not one for children, and a session not yet counted is left out"
rows.course_session = """
session_no | course     | category | age_band | room | starts_at        | ends_at          | seats | enrolled | attended | taught_by
k1         | 四点半课堂 | culture  | youth    | r1   | 2026-11-19T16:30 | 2026-11-19T18:00 | 30    | 26       | 22       | staff
k2         | 四点半课堂 | culture  | youth    | r1   | 2026-11-20T16:30 | 2026-11-20T18:00 | 30    | 26       |          | staff
k3         | 合唱       | culture  | all      | r1   | 2026-11-20T19:00 | 2026-11-20T20:30 | 30    | 26       | 20       | staff
"""
expect = { value = 22, rows_used = 1, excluded = { not_counted = 1 } }

[[example]]
name = "late at night on the last day of October is still October"
at = "2026-11-30T12:00:00+08:00"
rows.course_session = """
session_no | course     | category | age_band | room | starts_at        | ends_at          | seats | enrolled | attended | taught_by
k1         | 天文夜     | culture  | youth    | r1   | 2026-10-31T23:30 | 2026-11-01T00:30 | 30    | 26       | 22       | staff
k2         | 四点半课堂 | culture  | youth    | r1   | 2026-11-20T16:30 | 2026-11-20T18:00 | 30    | 26       | 18       | staff
"""
expect = { value = 18, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, starts_at AS happened_at, course,
       attended AS numerator, NULL AS denominator,
       coalesce(flags[1], CASE WHEN attended IS NULL THEN 'not_counted' END) AS excluded
FROM course_session WHERE age_band = 'youth'
