/* ---
title         = { zh = "哨单办结率", en = "Whistles closed" }
indicators    = [31]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 95
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "30d"
sources       = ["whistle"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 90 天两个方向的哨单中已办结的 ÷ 全部；发出不足 14 天且未办结的未到期，剔除", en = "whistles of both directions raised in the last 90 days and done ÷ all; those younger than 14 days and open are not due and left out" }
[[example]]
name = "a whistle of last week still open is not due; one of last month is late"
rows.whistle = """
whistle_no | direction | raised_at        | group    | unit_no | category | accepted_at      | done_at
S1         | community | 2026-10-01T09:00 | medical  | LJ-23   | health   | 2026-10-01T11:00 | 2026-10-03T16:00
S2         | unit      | 2026-10-02T09:00 | finance  | LJ-30   | venue    | 2026-10-02T12:00 | 2026-10-09T16:00
S3         | community | 2026-10-12T09:00 | property | LJ-02   | safety   | 2026-10-13T09:00 |
S4         | community | 2026-11-17T09:00 | property | LJ-02   | safety   | 2026-11-17T10:00 |
"""
expect = { value = 66.666667, numerator = 2, denominator = 3, excluded = { not_due_yet = 1 } }
[[example]]
name = "a list that ended two months ago gives an old value, shown as such and not graded"
rows.whistle = """
whistle_no | direction | raised_at        | group   | unit_no | category | accepted_at      | done_at
S1         | community | 2026-09-10T09:00 | medical | LJ-23   | health   | 2026-09-10T11:00 | 2026-09-12T16:00
"""
expect = { value = 100, status = "stale" }
--- */
SELECT community_id, period, record_id AS row_id, direction, raised_at, accepted_at, done_at, "group", category,
       done_at IS NOT NULL AS numerator, 1 AS denominator,
       CASE WHEN done_at IS NULL AND raised_at >= ends_at - INTERVAL 14 DAY THEN 'not_due_yet' END AS excluded
FROM whistle JOIN period_bounds USING (period)
