/* ---
title         = { zh = "社团参与", en = "Club membership" }
indicators    = [1]
unit          = { zh = "人/百人", en = "members per 100 residents" }
measure       = "rate"
per           = 100
period        = "now"
target        = 15
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["club", "home"]
version       = 1
public        = true
words         = { zh = "在册社团成员数 ÷ 登记居民数 × 100。一人入两个社团计两次；已注销的社团、未登记人口的住户不计。", en = "Members of the clubs that exist / registered residents × 100. A member of two clubs counts twice. Left out: clubs that were closed, homes whose residents are not registered." }

[[example]]
name = "a club closed yesterday no longer counts"
rows.club = """
club_no | founded_on | name     | category | members | closed_on  | recorded_at
c1      | 2024-05-06 | 太极拳社 | sport    | 3       |            | 2026-11-01T09:00
c2      | 2025-03-01 | 舞蹈团   | culture  | 9       | 2026-11-21 | 2026-11-21T09:00
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 1        | 2         | 2         | 1
"""
expect = { value = 50, numerator = 3, denominator = 6, rows_used = 2 }

[[example]]
name = "a register nobody has touched for more than 400 days is old"
rows.club = """
club_no | founded_on | name     | category | members | recorded_at
c1      | 2024-05-06 | 太极拳社 | sport    | 3       | 2025-05-06T09:00
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 1        | 2         | 2         | 1
"""
expect = { status = "stale", value = 50 }
--- */
SELECT community_id, period, record_id AS row_id, founded_on AS happened_at, name,
       members AS numerator, NULL AS denominator, flags[1] AS excluded
FROM club
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       (age_0_17 + age_18_59 + age_60_79 + age_80_up) AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
