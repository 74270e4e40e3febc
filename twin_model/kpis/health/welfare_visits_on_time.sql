/* ---
title         = { zh = "助残助困按期走访", en = "Welfare visits made in time" }
indicators    = [11]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 95
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "21d"
sources       = ["welfare_visit"]
version       = 1
public        = false
views         = ["elders_children"]
words         = { zh = "近 30 天应访的残疾人、独居老人、困难家庭、留守儿童中，不晚于应访日期走访的 ÷ 全部应访。今天到期而还没走访的、登记存疑的不计。", en = "Visits to disabled people, elders living alone, families in difficulty and children left behind, due in the last 30 days and made by the day due / all that were due. Left out: those due today and not made yet, and doubtful entries." }

[[example]]
name = "on the day is in time, a day later is not, and today is not over"
rows.welfare_visit = """
visit_no | subject      | subject_no | due_on     | visited_on | by_role
g1       | disabled     | s1         | 2026-11-10 | 2026-11-10 | doctor
g2       | disabled     | s2         | 2026-11-10 | 2026-11-11 | doctor
g3       | lonely_elder | s3         | 2026-11-12 |            |
g4       | lonely_elder | s4         | 2026-11-22 |            |
g5       | lonely_elder | s5         | 2026-11-12 | 2026-11-09 | grid_worker
"""
expect = { value = 50, numerator = 2, denominator = 4, excluded = { not_due_yet = 1 } }

[[example]]
name = "a visit nobody signs for is doubted"
rows.welfare_visit = """
visit_no | subject  | subject_no | due_on     | visited_on | by_role | flags
g1       | disabled | s1         | 2026-11-10 | 2026-11-10 | doctor  |
g2       | disabled | s2         | 2026-11-10 | 2026-11-10 |         | visited_by_nobody
"""
expect = { value = 100, denominator = 1, excluded = { visited_by_nobody = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, due_on AS happened_at, subject, visited_on, by_role,
       coalesce(visited_on <= due_on, false) AS numerator, 1 AS denominator,
       coalesce(flags[1], CASE WHEN visited_on IS NULL AND due_on >= b.ends_on - 1 THEN 'not_due_yet' END) AS excluded
FROM welfare_visit JOIN period_bounds b USING (period)
