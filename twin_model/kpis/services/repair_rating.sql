/* ---
title         = { zh = "报修满意度评分", en = "Rating of repairs" }
indicators    = [28]
unit          = { zh = "分（满分5）", en = "of 5" }
measure       = "mean"
digits        = 2
period        = "90d"
target        = 4.5
direction     = "up"
floor         = 3
target_source = { zh = "建议值", en = "proposal" }
freshness     = "14d"
sources       = ["repair"]
version       = 1
public        = true
words         = { zh = "近 90 天报修评分的平均；没有评分的不算，未办结就评分的剔除", en = "mean rating of the repairs reported in the last 90 days; those not rated are not counted, those rated before they were done are left out" }
[[example]]
name = "a rating given before the repair was done is left out"
rows.repair = """
repair_no | reported_at      | estate | category | is_urgent | done_at          | rating | flags
R1        | 2026-11-10T08:00 | e1     | water    | false     | 2026-11-10T12:00 | 5      |
R2        | 2026-11-11T08:00 | e1     | lift     | false     | 2026-11-11T13:00 | 4      |
R3        | 2026-11-12T08:00 | e1     | light    | false     |                  | 1      | rated_before_done
R4        | 2026-11-13T08:00 | e1     | light    | false     | 2026-11-13T13:00 |        |
"""
expect = { value = 4.5, rows_used = 2, excluded = { rated_before_done = 1 } }
[[example]]
name = "repairs nobody rated: no case"
rows.repair = """
repair_no | reported_at      | estate | category | is_urgent | done_at
R1        | 2026-11-18T08:00 | e1     | water    | false     | 2026-11-18T12:00
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, reported_at, done_at, estate, category,
       rating AS numerator, 1 AS denominator, flags[1] AS excluded
FROM repair WHERE rating IS NOT NULL
