/* ---
title         = { zh = "闲置空间盘活率", en = "Idle space put to use" }
indicators    = [16]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 80
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "800d"
sources       = ["space"]
version       = 1
public        = true
words         = { zh = "已盘活空间面积 ÷（已盘活 + 仍闲置）面积，按空间名册的现状", en = "area put to use ÷ (area put to use + area still idle), as the register of spaces stands" }
[[example]]
name = "space still idle is below the line only"
rows.space = """
space_no | title          | area_m2 | kind      | usable_since
K1       | 老车棚改客厅   | 120     | converted | 2025-06-01
K2       | 三号仓库       | 40      | idle      | 2024-01-01
K3       | 社区礼堂       | 500     | public    | 2024-01-01
"""
expect = { value = 75, numerator = 120, denominator = 160, rows_used = 2 }
[[example]]
name = "a community without idle or converted space has no case"
rows.space = """
space_no | title    | area_m2 | kind   | usable_since | recorded_at
K3       | 社区礼堂 | 500     | public | 2024-01-01   | 2026-10-01
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, title, kind, usable_since,
       CASE WHEN kind = 'converted' THEN area_m2 ELSE 0 END AS numerator, area_m2 AS denominator, flags[1] AS excluded
FROM space WHERE kind IN ('converted', 'idle')
