/* ---
title         = { zh = "健身社团成员", en = "Members of sports clubs" }
indicators    = [8]
unit          = { zh = "人", en = "members" }
measure       = "sum"
period        = "now"
freshness     = "400d"
sources       = ["club"]
version       = 1
public        = true
words         = { zh = "在册体育类社团的成员数。一人入两个社团计两次；已注销的社团不在其中。", en = "Members of the sports clubs that exist. A member of two clubs counts twice; closed clubs are not among them." }

[[example]]
name = "only sports clubs that still exist"
rows.club = """
club_no | founded_on | name         | category | members | closed_on  | recorded_at
c1      | 2024-05-06 | 太极拳社     | sport    | 34      |            | 2026-11-01T09:00
c2      | 2024-05-06 | 迈动健身队   | sport    | 100     | 2026-11-21 | 2026-11-21T09:00
c3      | 2024-05-06 | 茶艺社       | culture  | 20      |            | 2026-11-01T09:00
"""
expect = { value = 34, rows_used = 1 }

[[example]]
name = "a new count of members supersedes the old one"
rows.club = """
club_no | founded_on | name     | category | members | recorded_at
c1      | 2024-05-06 | 太极拳社 | sport    | 34      | 2026-01-01T09:00
c1      | 2024-05-06 | 太极拳社 | sport    | 41      | 2026-11-01T09:00
"""
expect = { value = 41, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, founded_on AS happened_at, name,
       members AS numerator, NULL AS denominator, flags[1] AS excluded
FROM club WHERE category = 'sport'
