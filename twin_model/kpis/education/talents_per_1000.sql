/* ---
title         = { zh = "社区达人", en = "Skilled residents registered" }
indicators    = [7]
unit          = { zh = "人/千人", en = "per 1,000 residents" }
measure       = "rate"
per           = 1000
period        = "now"
target        = 8
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["talent", "home"]
version       = 1
public        = true
digits        = 1
words         = { zh = "社区达人库在册人数 ÷ 登记居民数 × 1000。已退出的、未登记人口的住户不计。", en = "Skilled residents in the register / registered residents × 1,000. Left out: who left the register, homes whose residents are not registered." }

[[example]]
name = "one of two left last week"
rows.talent = """
talent_no | joined_on  | skill | left_on    | recorded_at
d1        | 2025-04-12 | arts  |            | 2026-11-01T09:00
d2        | 2025-04-12 | legal | 2026-11-15 | 2026-11-15T09:00
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 10       | 70        | 15        | 5
"""
expect = { value = 10, numerator = 1, denominator = 100 }

[[example]]
name = "a register and nobody counted in the homes: unknown for how many"
rows.talent = """
talent_no | joined_on  | skill | recorded_at
d1        | 2025-04-12 | arts  | 2026-11-01T09:00
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      |          |           |           |
"""
expect = { status = "not_measurable", excluded = { not_registered = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, joined_on AS happened_at, skill,
       1 AS numerator, NULL AS denominator, flags[1] AS excluded
FROM talent
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       age_0_17 + age_18_59 + age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
