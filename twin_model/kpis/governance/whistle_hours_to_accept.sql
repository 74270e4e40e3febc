/* ---
title         = { zh = "吹哨认领用时中位数", en = "Hours until a whistle is accepted" }
indicators    = [31]
unit          = { zh = "小时", en = "h" }
measure       = "median"
digits        = 1
period        = "90d"
target        = 4
direction     = "down"
floor         = 48
target_source = { zh = "建议值", en = "proposal" }
freshness     = "30d"
sources       = ["whistle"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 90 天两个方向已认领哨单从发出到认领小时数的中位数；还没认领的没有用时，剔除并注明", en = "median of the hours from raising to accepting, both directions, of the last 90 days; those not accepted have no such time and are left out, and said so" }
[[example]]
name = "the middle one, whatever the slowest took; both directions"
rows.whistle = """
whistle_no | direction | raised_at        | group    | unit_no | category | accepted_at
S1         | community | 2026-11-01T09:00 | medical  | LJ-23   | health   | 2026-11-01T11:00
S2         | unit      | 2026-11-02T09:00 | finance  | LJ-30   | venue    | 2026-11-02T12:00
S3         | community | 2026-11-03T09:00 | property | LJ-02   | safety   | 2026-11-09T09:00
S4         | community | 2026-11-04T09:00 | property |         | safety   |
"""
expect = { value = 3, rows_used = 3, excluded = { not_accepted = 1 } }
[[example]]
name = "whistles nobody accepted yet have no time to take the middle of"
rows.whistle = """
whistle_no | direction | raised_at        | group    | category
S4         | community | 2026-11-04T09:00 | property | safety
"""
expect = { status = "not_measurable", excluded = { not_accepted = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, direction, raised_at, accepted_at, "group",
       date_diff('second', raised_at, accepted_at) / 3600 AS numerator, NULL AS denominator,
       CASE WHEN accepted_at IS NULL THEN 'not_accepted' END AS excluded
FROM whistle
