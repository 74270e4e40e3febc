/* ---
title         = { zh = "哨单满意度评分", en = "Rating of whistles" }
indicators    = [31]
unit          = { zh = "分（满分5）", en = "of 5" }
measure       = "mean"
digits        = 2
period        = "90d"
target        = 4.5
direction     = "up"
floor         = 3
target_source = { zh = "建议值", en = "proposal" }
freshness     = "30d"
sources       = ["whistle"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 90 天哨单评分的平均；没有评分的不算，未办结就评分的剔除", en = "mean rating of the whistles of the last 90 days; those not rated are not counted, those rated before they were done are left out" }
[[example]]
name = "a rating given before it was done is left out"
rows.whistle = """
whistle_no | direction | raised_at        | group   | unit_no | category | done_at          | rating | flags
S1         | community | 2026-11-01T09:00 | medical | LJ-23   | health   | 2026-11-03T11:00 | 5      |
S2         | unit      | 2026-11-02T09:00 | finance | LJ-30   | venue    | 2026-11-04T11:00 | 4      |
S3         | community | 2026-11-12T09:00 | schools | LJ-41   | children |                  | 1      | rated_before_done
"""
expect = { value = 4.5, rows_used = 2, excluded = { rated_before_done = 1 } }
[[example]]
name = "whistles nobody rated: no case"
rows.whistle = """
whistle_no | direction | raised_at        | group   | unit_no | category | done_at
S1         | community | 2026-11-01T09:00 | medical | LJ-23   | health   | 2026-11-03T11:00
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, direction, raised_at, done_at, "group", category,
       rating AS numerator, 1 AS denominator,
       CASE WHEN list_contains(flags, 'rated_before_done') THEN 'rated_before_done' END AS excluded
FROM whistle WHERE rating IS NOT NULL
