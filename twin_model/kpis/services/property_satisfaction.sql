/* ---
title         = { zh = "物业服务满意率", en = "Satisfied with the property service" }
indicators    = [28]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "12m"
target        = 90
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "250d"
sources       = ["property_survey"]
version       = 1
public        = true
words         = { zh = "各小区近 12 个月最近一次调查中满意的人数 ÷ 被问人数", en = "people satisfied ÷ people asked, in the newest survey of each estate in the last 12 months" }
[[example]]
name = "the newest survey of each estate counts; the larger one weighs more"
rows.property_survey = """
day        | estate | asked | satisfied
2026-03-15 | e1     | 150   | 90
2026-09-15 | e1     | 150   | 135
2026-09-16 | e2     | 50    | 41
"""
expect = { value = 88, numerator = 176, denominator = 200 }
[[example]]
name = "a survey of two years ago says nothing of today"
rows.property_survey = """
day        | estate | asked | satisfied
2024-09-15 | e1     | 150   | 135
"""
expect = { status = "not_measurable" }
--- */
SELECT community_id, period, record_id AS row_id, day, estate,
       satisfied AS numerator, asked AS denominator, flags[1] AS excluded
FROM property_survey
QUALIFY day = max(day) OVER (PARTITION BY community_id, period, estate)
