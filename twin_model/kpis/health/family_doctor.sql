/* ---
title         = { zh = "家庭医生签约率", en = "Family doctor contracts" }
indicators    = [10]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 45
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["family_doctor", "home"]
version       = 1
public        = true
words         = { zh = "最近一个月（90 天内）的签约人数 ÷ 登记居民数。未登记人口的住户不计。", en = "People under contract in the newest month (within 90 days) / registered residents. Homes whose residents are not registered are left out." }

[[example]]
name = "the newest month, over registered residents"
rows.family_doctor = """
month      | contracted | contracted_60up
2026-09-01 | 6          | 3
2026-10-01 | 8          | 4
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 4         | 1
"""
expect = { value = 40, numerator = 8, denominator = 20 }

[[example]]
name = "no resident is registered: unknown, not full"
rows.family_doctor = """
month      | contracted | contracted_60up
2026-10-01 | 8          | 4
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      |          |           |           |
"""
expect = { status = "not_measurable", excluded = { not_registered = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, month AS happened_at, contracted AS numerator, NULL AS denominator,
       flags[1] AS excluded
FROM family_doctor QUALIFY month = max(month) OVER (PARTITION BY community_id, period)
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       age_0_17 + age_18_59 + age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
