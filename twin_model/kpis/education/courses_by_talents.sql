/* ---
title         = { zh = "达人授课占比", en = "Sessions taught by residents" }
indicators    = [7]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 30
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["course_session"]
version       = 1
public        = true
words         = { zh = "近 90 天由社区达人授课的课次 ÷ 全部课次。到课为 0 的不计。", en = "Sessions taught by a skilled resident / all sessions of the last 90 days. Sessions nobody came to are left out." }

[[example]]
name = "a session nobody came to taught nobody"
rows.course_session = """
session_no | course | category | age_band | room | starts_at        | ends_at          | seats | enrolled | attended | taught_by
k1         | 书法   | culture  | elder    | r1   | 2026-11-20T09:00 | 2026-11-20T10:30 | 30    | 26       | 20       | talent
k2         | 法律   | skills   | worker   | r1   | 2026-11-20T19:00 | 2026-11-20T20:30 | 30    | 26       | 20       | partner
k3         | 养生   | health   | elder    | r1   | 2026-11-21T19:00 | 2026-11-21T20:30 | 30    | 3        | 0        | talent
"""
expect = { value = 50, excluded = { nobody_came = 1 } }

[[example]]
name = "a session with more people than seats was taught all the same"
rows.course_session = """
session_no | course | category | age_band | room | starts_at        | ends_at          | seats | enrolled | attended | taught_by | flags
k1         | 书法   | culture  | elder    | r1   | 2026-11-20T09:00 | 2026-11-20T10:30 | 30    | 26       | 45       | talent    | over_capacity
"""
expect = { value = 100, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, starts_at AS happened_at, course, taught_by,
       taught_by = 'talent' AS numerator, 1 AS denominator, CASE WHEN attended = 0 THEN 'nobody_came' END AS excluded
FROM course_session
