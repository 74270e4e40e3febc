/* ---
title         = { zh = "普惠性幼儿园覆盖率", en = "Children in affordable kindergartens" }
indicators    = [5]
unit          = { zh = "%", en = "%" }
measure       = "mean"
period        = "12m"
target        = 85
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["reported_value"]
version       = 1
public        = true
words         = { zh = "人工填报：在普惠性幼儿园就读的在园幼儿占比，取近 12 个月最近一次填报，附依据文件、日期和填报岗位。单位不符的填报不计。", en = "Reported by hand: the share of kindergarten children who attend an affordable one; the newest report of the last 12 months counts, with its document, date and role. A report in another unit is left out." }

[[example]]
name = "a report in another unit is left out, and nothing is converted by guess"
rows.reported_value = """
indicator | kpi                          | as_of      | value | unit | document         | reported_by_role | reported_on
5         | inclusive_kindergarten_share | 2026-09-01 | 0.9   | 比例 | 学年初统计报表   | 街道教育专干     | 2026-09-20
"""
expect = { status = "not_measurable", excluded = { other_unit = 1 } }

[[example]]
name = "a corrected report of the same day replaces the first"
rows.reported_value = """
indicator | kpi                          | as_of      | value | unit | document                 | reported_by_role | reported_on | recorded_at
5         | inclusive_kindergarten_share | 2026-09-01 | 80    | %    | 学年初统计报表           | 街道教育专干     | 2026-09-20  | 2026-09-20T10:00
5         | inclusive_kindergarten_share | 2026-09-01 | 88    | %    | 学年初统计报表（更正）   | 街道教育专干     | 2026-09-28  | 2026-09-28T10:00
"""
expect = { value = 88, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, as_of AS happened_at, document, reported_by_role, reported_on,
       value AS numerator, 1 AS denominator, coalesce(flags[1], CASE WHEN unit <> '%' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('inclusive_kindergarten_share', '普惠性幼儿园覆盖率')
QUALIFY as_of = max(as_of) OVER (PARTITION BY community_id, period)
