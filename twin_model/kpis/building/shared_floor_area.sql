/* ---
title         = { zh = "每百户架空层与屋顶花园", en = "Shared floors and roof gardens per 100 households" }
indicators    = [19]
unit          = { zh = "平方米/百户", en = "m² per 100 households" }
measure       = "rate"
per           = 100
period        = "now"
target        = 20
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "800d"
sources       = ["space", "home"]
requires      = ["space", "home"]
version       = 1
public        = true
words         = { zh = "在用的架空层、屋顶花园面积之和 × 100 ÷ 户数；已停用的不算", en = "area of stilt floors and roof gardens in use × 100 ÷ households; those given up are not counted" }
[[example]]
name = "a roof garden that was given up no longer counts"
rows.space = """
space_no | title      | area_m2 | kind        | usable_since | until
K1       | 1幢架空层  | 180     | stilt_floor | 2024-05-01   |
K2       | 中心屋顶   | 120     | roof_garden | 2025-03-01   |
K3       | 旧屋顶花园 | 300     | roof_garden | 2024-01-01   | 2026-06-01
K4       | 居民会客厅 | 90      | converted   | 2024-01-01   |
"""
rows.home = """
home_id | building_id | households
h1      | b1          | 1000
"""
expect = { value = 30, numerator = 300, denominator = 1000 }
[[example]]
name = "a register nobody has looked after for three years is stale: the value is shown, not graded"
at = "2027-11-22T12:00:00+08:00"
rows.space = """
space_no | title     | area_m2 | kind        | usable_since
K1       | 1幢架空层 | 180     | stilt_floor | 2024-05-01
"""
rows.home = """
home_id | building_id | households
h1      | b1          | 1000
"""
expect = { value = 18, status = "stale" }
--- */
SELECT community_id, period, record_id AS row_id, title, kind, usable_since,
       area_m2 AS numerator, NULL AS denominator, flags[1] AS excluded
FROM space WHERE kind IN ('stilt_floor', 'roof_garden')
UNION ALL BY NAME
SELECT community_id, period, building_id AS row_id, 'homes' AS kind, sum(households) AS denominator
FROM home GROUP BY ALL
