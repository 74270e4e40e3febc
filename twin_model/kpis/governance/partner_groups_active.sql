/* ---
title         = { zh = "联建组别活跃数", en = "Groups of partner units that take part" }
indicators    = [31]
unit          = { zh = "组", en = "groups" }
measure       = "sum"
period        = "12m"
target        = 9
direction     = "up"
target_source = { zh = "建议值：环南湖党建联建分九个组", en = "proposal: the alliance around South Lake has nine groups" }
freshness     = "800d"
sources       = ["partner_unit", "whistle"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 12 个月组内至少一家单位认领过哨单或发布过资源的组数（共九组）；组别以单位名册为准", en = "groups (of nine) with at least one unit that accepted a whistle or offered a resource in the last 12 months; the group is the one in the register of units" }
[[example]]
name = "a group with units and no whistle is asleep"
rows.partner_unit = """
unit_no | name | group    | joined_on
LJ-01   | 甲   | medical  | 2024-03-01
LJ-02   | 乙   | medical  | 2024-03-01
LJ-03   | 丙   | finance  | 2024-03-01
"""
rows.whistle = """
whistle_no | direction | raised_at        | group   | unit_no | category | accepted_at
S1         | community | 2026-10-01T09:00 | medical | LJ-01   | health   | 2026-10-01T11:00
S2         | community | 2026-11-01T09:00 | medical | LJ-02   | health   | 2026-11-01T11:00
"""
expect = { value = 1, rows_used = 2 }
[[example]]
name = "without a whistle on record nobody can tell who takes part"
rows.partner_unit = """
unit_no | name | group   | joined_on
LJ-01   | 甲   | medical | 2024-03-01
"""
expect = { status = "not_measurable", missing = ["whistle"] }
--- */
SELECT community_id, period, u."group" AS row_id, count(DISTINCT u.unit_no) AS units, count(w.record_id) AS whistles,
       count(w.record_id) > 0 AS numerator, NULL AS denominator, NULL AS excluded
FROM partner_unit AS u LEFT JOIN whistle AS w USING (community_id, period, unit_no)
GROUP BY community_id, period, u."group"
