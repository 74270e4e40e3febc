/* ---
title         = { zh = "老年学员", en = "Elder learners" }
indicators    = [6]
unit          = { zh = "人/百名老人", en = "learners per 100 elders" }
measure       = "rate"
per           = 100
period        = "now"
target        = 15
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["learner", "home"]
version       = 1
public        = true
views         = ["elders_children"]
digits        = 1
words         = { zh = "在册老年学员数 ÷ 登记的 60 岁及以上居民数 × 100。未登记老人数的住户不计。", en = "Elders among the learners in the register / registered residents of 60 and over × 100. Homes whose elders are not registered are left out." }

[[example]]
name = "only elders above and below the line"
rows.learner = """
learner_no | enrolled_on | age_band | recorded_at
x1         | 2026-03-05  | elder    | 2026-11-01T09:00
x2         | 2026-03-05  | worker   | 2026-11-01T09:00
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 3         | 1
"""
expect = { value = 25, numerator = 1, denominator = 4 }

[[example]]
name = "learners of other ages only: elders learn nothing here, and that is known"
rows.learner = """
learner_no | enrolled_on | age_band | recorded_at
x2         | 2026-03-05  | worker   | 2026-11-01T09:00
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 3         | 1
"""
expect = { value = 0, denominator = 4 }
--- */
SELECT community_id, period, record_id AS row_id, enrolled_on AS happened_at, age_band,
       age_band = 'elder' AS numerator, NULL AS denominator, flags[1] AS excluded
FROM learner
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
