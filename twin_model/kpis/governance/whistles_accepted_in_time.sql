/* ---
title         = { zh = "吹哨24小时认领率", en = "Whistles accepted within 24 hours" }
indicators    = [31]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 90
direction     = "up"
floor         = 40
target_source = { zh = "建议值", en = "proposal" }
freshness     = "30d"
sources       = ["whistle"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 90 天社区吹哨中 24 小时内有单位认领的 ÷ 全部吹哨；昨天、今天发出还没认领的未到期，剔除；说已认领却没写哪个单位的剔除", en = "whistles the community raised in the last 90 days that a unit accepted within 24 hours ÷ all; those of yesterday and today not yet accepted are not due and left out, as are those accepted by nobody named" }
[[example]]
name = "accepted by nobody named is left out; a young one is not due yet"
rows.whistle = """
whistle_no | direction | raised_at        | group    | unit_no | category | accepted_at      | flags
S1         | community | 2026-11-01T09:20 | medical  | LJ-23   | health   | 2026-11-01T11:05 |
S2         | community | 2026-11-02T09:20 | property | LJ-02   | safety   | 2026-11-05T11:05 |
S3         | community | 2026-11-03T09:20 | medical  |         | health   | 2026-11-03T10:00 | accepted_without_unit
S4         | community | 2026-11-21T09:20 | finance  |         | legal    |                  |
S5         | unit      | 2026-11-04T09:20 | finance  | LJ-30   | venue    |                  |
"""
expect = { value = 50, rows_used = 2, excluded = { accepted_without_unit = 1, not_due_yet = 1 } }
[[example]]
name = "accepted on the stroke of the twenty-fourth hour is in time"
rows.whistle = """
whistle_no | direction | raised_at        | group   | unit_no | category | accepted_at
S1         | community | 2026-11-01T09:00 | medical | LJ-23   | health   | 2026-11-02T09:00
S2         | community | 2026-11-01T09:00 | medical | LJ-23   | health   | 2026-11-02T09:01
"""
expect = { value = 50, rows_used = 2 }
--- */
SELECT community_id, period, record_id AS row_id, raised_at, accepted_at, "group", unit_no, category,
       coalesce(accepted_at <= raised_at + INTERVAL 24 HOUR, false) AS numerator, 1 AS denominator,
       CASE WHEN list_contains(flags, 'accepted_without_unit') THEN 'accepted_without_unit'
            WHEN accepted_at IS NULL AND raised_at >= ends_at - INTERVAL 2 DAY THEN 'not_due_yet' END AS excluded
FROM whistle JOIN period_bounds USING (period)
WHERE direction = 'community'
