/* ---
title         = { zh = "每千人托位数", en = "Childcare places per 1,000 residents" }
indicators    = [4]
unit          = { zh = "个/千人", en = "places per 1,000 residents" }
measure       = "rate"
per           = 1000
period        = "90d"
target        = 4.5
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "60d"
sources       = ["childcare_place", "home"]
version       = 1
public        = true
views         = ["elders_children"]
digits        = 1
words         = { zh = "各托育点各年龄组最近一次检查（90 天内）的托位数 ÷ 登记居民数 × 1000。没有保育人员却有孩子的托育点、未登记人口的住户不计；超员不影响托位数。", en = "Places of each childcare point and age group at its newest check (within 90 days) / registered residents × 1,000. Left out: points with children and no staff, homes whose residents are not registered. More children than places does not change the places." }

[[example]]
name = "only the newest check of each age group counts; an overfull group still has its places"
rows.childcare_place = """
checked_on | name   | age_group | places | taken | waiting | staff | flags
2026-10-01 | 托育园 | 2_3       | 5      | 5     | 0       | 2     |
2026-11-01 | 托育园 | 2_3       | 2      | 3     | 0       | 2     | over_capacity
2026-11-01 | 托育园 | 1_2       | 1      | 1     | 0       | 1     |
2026-11-01 | 小苗班 | 2_3       | 8      | 4     | 0       | 0     | no_staff
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 10       | 20        | 20        | 0
"""
expect = { value = 60, numerator = 3, denominator = 50, excluded = { no_staff = 1 } }

[[example]]
name = "homes whose residents are not registered do not thin the figure out"
rows.childcare_place = """
checked_on | name   | age_group | places | taken | waiting | staff
2026-11-01 | 托育园 | 2_3       | 1      | 1     | 0       | 2
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 1        | 2         | 1         | 0
h2      | 1        |           | 1         | 0
"""
expect = { value = 250, denominator = 4, excluded = { not_registered = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, checked_on AS happened_at, name, age_group,
       places AS numerator, NULL AS denominator, CASE WHEN list_contains(flags, 'no_staff') THEN 'no_staff' END AS excluded
FROM childcare_place
QUALIFY checked_on = max(checked_on) OVER (PARTITION BY community_id, period, name, age_group)
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       age_0_17 + age_18_59 + age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
