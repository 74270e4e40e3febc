/* ---
title         = { zh = "报名到课率", en = "Enrolled who came" }
indicators    = [6]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 85
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["course_session"]
version       = 1
public        = true
words         = { zh = "近 30 天课程到课人数 ÷ 报名人数。还没有点名的课次、人数存疑的课次不计；没报名也来的人计入，可能超过 100%。", en = "People who attended / people enrolled, sessions of the last 30 days. Left out: sessions whose attendance is not yet counted or in doubt. Who came without enrolling counts, so it may be above 100 %." }

[[example]]
name = "a few who came without enrolling are welcome and counted"
rows.course_session = """
session_no | course | category | age_band | room | starts_at        | ends_at          | seats | enrolled | taught_by | attended
k1         | 书法   | culture  | elder    | r1   | 2026-11-20T09:00 | 2026-11-20T10:30 | 30    | 20       | staff     | 22
"""
expect = { value = 110 }

[[example]]
name = "nobody enrolled: no ratio"
rows.course_session = """
session_no | course | category | age_band | room | starts_at        | ends_at          | seats | enrolled | taught_by | attended
k1         | 书法   | culture  | elder    | r1   | 2026-11-20T09:00 | 2026-11-20T10:30 | 30    | 0        | staff     | 5
"""
expect = { status = "no_cases", denominator = 0 }
--- */
SELECT community_id, period, record_id AS row_id, starts_at AS happened_at, course, age_band, seats,
       attended AS numerator, enrolled AS denominator,
       coalesce(flags[1], CASE WHEN attended IS NULL THEN 'not_counted' END) AS excluded
FROM course_session
