/* ---
title         = { zh = "健康档案覆盖率", en = "Health record coverage" }
indicators    = [9]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 90
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["health_record", "home"]
version       = 1
public        = true
words         = { zh = "最近一个月（90 天内）的建档人数 ÷ 登记居民数。未登记人口的住户不计；居民登记不全时可能超过 100%。", en = "Health records kept in the newest month (within 90 days) / registered residents. Homes whose residents are not registered are left out; where many are missing it may be above 100 %." }

[[example]]
name = "the newest month counts, not the sum of months"
rows.health_record = """
month      | registered | updated
2026-09-01 | 14         | 2
2026-10-01 | 15         | 3
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 4         | 1
h2      |          |           |           |
"""
expect = { value = 75, numerator = 15, denominator = 20, excluded = { not_registered = 1 } }

[[example]]
name = "the newest month ended 52 days ago: old, and said so"
rows.health_record = """
month      | registered | updated
2026-09-01 | 15         | 3
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 4         | 1
"""
expect = { status = "stale", value = 75 }
--- */
SELECT community_id, period, record_id AS row_id, month AS happened_at, registered AS numerator, NULL AS denominator,
       flags[1] AS excluded
FROM health_record QUALIFY month = max(month) OVER (PARTITION BY community_id, period)
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       age_0_17 + age_18_59 + age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
