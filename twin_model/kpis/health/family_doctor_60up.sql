/* ---
title         = { zh = "老人家庭医生签约率", en = "Family doctor contracts of elders" }
indicators    = [10, 11]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 80
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["family_doctor", "home"]
version       = 1
public        = true
views         = ["elders_children"]
words         = { zh = "最近一个月（90 天内）60 岁及以上签约人数 ÷ 登记的 60 岁及以上居民数。未登记老人数的住户不计。", en = "People of 60 and over under contract in the newest month (within 90 days) / registered residents of 60 and over. Homes whose elders are not registered are left out." }

[[example]]
name = "elders above and below the line; younger contracts count nowhere"
rows.family_doctor = """
month      | contracted | contracted_60up
2026-10-01 | 8          | 4
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 4         | 1
"""
expect = { value = 80, numerator = 4, denominator = 5 }

[[example]]
name = "a home that tells its elders but not its children is good enough here"
rows.family_doctor = """
month      | contracted | contracted_60up
2026-10-01 | 8          | 4
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      |          |           | 6         | 2
"""
expect = { value = 50, denominator = 8 }
--- */
SELECT community_id, period, record_id AS row_id, month AS happened_at, contracted_60up AS numerator, NULL AS denominator,
       flags[1] AS excluded
FROM family_doctor QUALIFY month = max(month) OVER (PARTITION BY community_id, period)
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
