/* ---
title         = { zh = "联建单位活跃率", en = "Partner units that take part" }
indicators    = [31]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "12m"
target        = 80
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "800d"
sources       = ["partner_unit", "whistle"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 12 个月至少认领过一次哨单或发布过一次资源的联建单位 ÷ 名册上的联建单位", en = "partner units that accepted a whistle or offered a resource at least once in the last 12 months ÷ units on the register" }
[[example]]
name = "a unit that left is not asked for; three whistles make one active unit"
rows.partner_unit = """
unit_no | name | group    | joined_on  | left_on
LJ-01   | 甲   | medical  | 2024-03-01 |
LJ-02   | 乙   | property | 2024-03-01 |
LJ-03   | 丙   | finance  | 2024-03-01 | 2026-03-01
"""
rows.whistle = """
whistle_no | direction | raised_at        | group   | unit_no | category | accepted_at
S1         | community | 2026-10-01T09:00 | medical | LJ-01   | health   | 2026-10-01T11:00
S2         | community | 2026-11-01T09:00 | medical | LJ-01   | health   | 2026-11-01T11:00
S3         | unit      | 2026-01-05T09:00 | finance | LJ-03   | legal    | 2026-01-06T09:00
"""
expect = { value = 50, numerator = 1, denominator = 2 }
[[example]]
name = "a whistle more than a year ago does not keep a unit awake"
rows.partner_unit = """
unit_no | name | group   | joined_on
LJ-01   | 甲   | medical | 2024-03-01
LJ-02   | 乙   | medical | 2024-03-01
"""
rows.whistle = """
whistle_no | direction | raised_at        | group   | unit_no | category | accepted_at
S0         | community | 2025-10-01T09:00 | medical | LJ-02   | health   | 2025-10-01T11:00
S1         | community | 2026-11-01T09:00 | medical | LJ-01   | health   | 2026-11-01T11:00
"""
expect = { value = 50, numerator = 1, denominator = 2 }
--- */
SELECT community_id, period, u.record_id AS row_id, u.unit_no, u.name, u."group", count(w.record_id) AS whistles,
       count(w.record_id) > 0 AS numerator, 1 AS denominator, NULL AS excluded
FROM partner_unit AS u LEFT JOIN whistle AS w USING (community_id, period, unit_no)
GROUP BY ALL
