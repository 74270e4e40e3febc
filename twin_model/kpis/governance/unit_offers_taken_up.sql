/* ---
title         = { zh = "单位资源承接率", en = "Offers of units taken up" }
indicators    = [31]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 80
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "30d"
sources       = ["whistle"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 90 天单位发布的资源中社区已承接的 ÷ 全部发布；发布不足 7 天且未承接的未到期，剔除", en = "resources units offered in the last 90 days that the community took up ÷ all offers; those younger than 7 days and not taken up are not due and left out" }
[[example]]
name = "only what units offer; whistles of the community are another figure"
rows.whistle = """
whistle_no | direction | raised_at        | group   | unit_no | category | accepted_at
S1         | unit      | 2026-10-01T09:00 | medical | LJ-23   | health   | 2026-10-02T11:00
S2         | unit      | 2026-10-02T09:00 | finance | LJ-30   | venue    |
S3         | community | 2026-10-12T09:00 | schools | LJ-41   | children | 2026-10-13T09:00
S4         | unit      | 2026-11-20T09:00 | schools | LJ-41   | children |
"""
expect = { value = 50, rows_used = 2, excluded = { not_due_yet = 1 } }
[[example]]
name = "no unit offered anything: no case"
rows.whistle = """
whistle_no | direction | raised_at        | group   | unit_no | category | accepted_at
S3         | community | 2026-11-12T09:00 | schools | LJ-41   | children | 2026-11-13T09:00
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, raised_at, accepted_at, "group", unit_no, category,
       accepted_at IS NOT NULL AS numerator, 1 AS denominator,
       CASE WHEN accepted_at IS NULL AND raised_at >= ends_at - INTERVAL 7 DAY THEN 'not_due_yet' END AS excluded
FROM whistle JOIN period_bounds USING (period)
WHERE direction = 'unit'
