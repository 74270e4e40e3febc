/* ---
title         = { zh = "邻里活动参与", en = "Activity participation" }
indicators    = [1]
unit          = { zh = "人次/百人", en = "attendances per 100 residents" }
measure       = "rate"
per           = 100
period        = "30d"
target        = 20
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "21d"
sources       = ["activity", "home"]
version       = 1
public        = true
headline      = true
words         = { zh = "近 30 天各类活动参加人次 ÷ 登记居民数 × 100。同一人参加两次计两人次；人数存疑的活动、未登记人口的住户不计。", en = "Attendances at all events of the last 30 days / registered residents × 100. Who comes twice counts twice. Left out: events whose number is in doubt, homes whose residents are not registered." }

[[example]]
name = "a flagged event and a home without registered residents are left out"
rows.activity = """
activity_no | day        | title    | category  | participants | flags
a1          | 2026-11-20 | 邻里节   | neighbour | 2            |
a2          | 2026-11-21 | 露天电影 | culture   | 900          | over_capacity
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 1        | 2         | 1         | 0
h2      | 0        | 4         | 2         | 0
h3      |          |           |           |
"""
expect = { value = 20, numerator = 2, denominator = 10, excluded = { over_capacity = 1, not_registered = 1 } }

[[example]]
name = "the first day of the 30 counts, the day before does not"
rows.activity = """
activity_no | day        | title | category | participants
a1          | 2026-10-24 | 茶会  | culture  | 3
a2          | 2026-10-23 | 茶会  | culture  | 5
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 0        | 2         | 1         | 0
"""
expect = { value = 100, numerator = 3, denominator = 3 }

[[example]]
name = "without a single event on record it is not zero but not measurable"
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 0        | 2         | 1         | 0
"""
expect = { status = "not_measurable", missing = ["activity"] }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, title,
       participants AS numerator, NULL AS denominator, flags[1] AS excluded
FROM activity
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       (age_0_17 + age_18_59 + age_60_79 + age_80_up) AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
