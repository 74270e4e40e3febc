/* ---
title         = { zh = "体育活动参与", en = "Attendances at sports events" }
indicators    = [8]
unit          = { zh = "人次/百人", en = "attendances per 100 residents" }
measure       = "rate"
per           = 100
period        = "90d"
target        = 20
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "21d"
sources       = ["activity", "home"]
version       = 1
public        = true
digits        = 1
words         = { zh = "近 90 天体育类活动参加人次 ÷ 登记居民数 × 100。其他类别的活动列出但计 0；人数存疑的活动、未登记人口的住户不计。", en = "Attendances at sports events of the last 90 days / registered residents × 100. Events of other kinds are listed and count 0. Left out: events whose number is in doubt, homes whose residents are not registered." }

[[example]]
name = "events are recorded and none is sport: a true zero"
rows.activity = """
activity_no | day        | title  | category | participants
a1          | 2026-11-20 | 邻里节 | culture  | 60
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 4         | 1
"""
expect = { value = 0, denominator = 20, status = "measured" }

[[example]]
name = "a doubtful number is left out"
rows.activity = """
activity_no | day        | title      | category | participants | flags
a1          | 2026-11-20 | 乒乓球赛   | sport    | 4            |
a2          | 2026-11-13 | 社区运动会 | sport    | 900          | over_capacity
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 4         | 1
"""
expect = { value = 20, numerator = 4, excluded = { over_capacity = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, title, category,
       CASE WHEN category = 'sport' THEN participants ELSE 0 END AS numerator, NULL AS denominator, flags[1] AS excluded
FROM activity
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       age_0_17 + age_18_59 + age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
