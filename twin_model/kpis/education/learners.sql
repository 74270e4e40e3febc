/* ---
title         = { zh = "幸福学堂学员", en = "Learners at the hall" }
indicators    = [6]
unit          = { zh = "人/百人", en = "learners per 100 residents" }
measure       = "rate"
per           = 100
period        = "now"
target        = 8
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["learner", "home"]
version       = 1
public        = true
headline      = true
digits        = 1
words         = { zh = "在册学员数 ÷ 登记居民数 × 100。已离开的学员、未登记人口的住户不计。", en = "Learners in the register / registered residents × 100. Left out: learners who left, homes whose residents are not registered." }

[[example]]
name = "who left yesterday is no learner today"
rows.learner = """
learner_no | enrolled_on | age_band | left_on    | recorded_at
x1         | 2026-03-05  | elder    |            | 2026-11-01T09:00
x2         | 2026-03-05  | worker   | 2026-11-21 | 2026-11-21T18:00
x3         | 2026-03-05  | youth    | 2026-12-31 | 2026-11-01T09:00
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 4         | 1
h2      |          |           |           |
"""
expect = { value = 10, numerator = 2, denominator = 20, excluded = { not_registered = 1 } }

[[example]]
name = "known only from the day it was recorded on"
at = "2026-10-31T12:00:00+08:00"
rows.learner = """
learner_no | enrolled_on | age_band | recorded_at
x1         | 2026-03-05  | elder    | 2026-10-01T09:00
x2         | 2026-03-05  | worker   | 2026-11-01T09:00
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 4         | 1
"""
expect = { value = 5, numerator = 1 }
--- */
SELECT community_id, period, record_id AS row_id, enrolled_on AS happened_at, age_band,
       1 AS numerator, NULL AS denominator, flags[1] AS excluded
FROM learner
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       age_0_17 + age_18_59 + age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
