/* ---
title         = { zh = "学堂全龄覆盖", en = "Age bands with a course" }
indicators    = [6]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 100
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["course_session"]
version       = 1
public        = true
views         = ["elders_children"]
words         = { zh = "青少年、上班族、老年人三类人群中，近 30 天有专门课程开课的类数 ÷ 3。全龄课不算任何一类的专门课；到课为 0 的一次不算开课。", en = "Of children and youth, working people and elders: those with a course of their own in the last 30 days / 3. A course for all ages is nobody's own; a session nobody came to was not held." }

[[example]]
name = "a course for all ages covers no band by itself, and neither does an empty room"
rows.course_session = """
session_no | course | category | age_band | room | starts_at        | ends_at          | seats | enrolled | taught_by | attended
k1         | 书法   | culture  | elder    | r1   | 2026-11-20T09:00 | 2026-11-20T10:30 | 30    | 26       | staff     | 20
k2         | 合唱   | culture  | all      | r1   | 2026-11-20T19:00 | 2026-11-20T20:30 | 30    | 26       | staff     | 20
k3         | 编程   | skills   | worker   | r1   | 2026-11-21T19:00 | 2026-11-21T20:30 | 30    | 3        | staff     | 0
"""
expect = { value = 33.333333, numerator = 1, denominator = 3, rows_used = 3 }

[[example]]
name = "a session held yesterday whose attendance is not yet counted was held"
rows.course_session = """
session_no | course | category | age_band | room | starts_at        | ends_at          | seats | enrolled | taught_by | attended
k1         | 书法   | culture  | elder    | r1   | 2026-11-20T09:00 | 2026-11-20T10:30 | 30    | 26       | staff     | 20
k2         | 编程   | skills   | worker   | r1   | 2026-11-20T19:00 | 2026-11-20T20:30 | 30    | 26       | staff     | 20
k3         | 托管   | culture  | youth    | r1   | 2026-11-21T16:30 | 2026-11-21T17:30 | 30    | 22       | staff     |
"""
expect = { value = 100 }
--- */
SELECT community_id, period, band AS row_id, max(starts_at) AS happened_at,
       count(*) FILTER (age_band = band AND attended IS DISTINCT FROM 0) AS sessions,
       sessions > 0 AS numerator, 1 AS denominator, NULL AS excluded
FROM course_session CROSS JOIN (VALUES ('youth'), ('worker'), ('elder')) bands(band)
GROUP BY community_id, period, band
