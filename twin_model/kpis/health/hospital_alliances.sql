/* ---
title         = { zh = "医联体合作医院", en = "Hospitals in alliance" }
indicators    = [10]
unit          = { zh = "家", en = "hospitals" }
measure       = "mean"
period        = "12m"
target        = 3
direction     = "up"
target_source = { zh = "建议值（南湖有三家医院合作）", en = "proposal (Nanhu works with three hospitals)" }
freshness     = "400d"
sources       = ["reported_value"]
version       = 1
public        = true
digits        = 0
words         = { zh = "人工填报：与社区卫生服务站签有合作协议的医院数，取近 12 个月最近一次填报，附依据文件、日期和填报岗位。单位不符的填报不计。", en = "Reported by hand: hospitals with an agreement with the community clinic; the newest report of the last 12 months counts, with its document, date and role. A report in another unit is left out." }

[[example]]
name = "an agreement that ended is reported by a newer, lower number"
rows.reported_value = """
indicator | kpi                | as_of      | value | unit | document           | reported_by_role | reported_on
10        | hospital_alliances | 2026-01-31 | 3     | 家   | 合作协议三份       | 卫生服务站站长   | 2026-02-02
10        | hospital_alliances | 2026-07-31 | 2     | 家   | 合作协议续签两份   | 卫生服务站站长   | 2026-08-02
"""
expect = { value = 2, rows_used = 1 }

[[example]]
name = "a report of fifteen months ago is not one of today"
rows.reported_value = """
indicator | kpi                | as_of      | value | unit | document     | reported_by_role | reported_on
10        | hospital_alliances | 2025-08-20 | 3     | 家   | 合作协议三份 | 卫生服务站站长   | 2025-09-01
"""
expect = { status = "not_measurable" }
--- */
SELECT community_id, period, record_id AS row_id, as_of AS happened_at, document, reported_by_role, reported_on,
       value AS numerator, 1 AS denominator, coalesce(flags[1], CASE WHEN unit <> '家' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('hospital_alliances', '医联体合作医院')
QUALIFY as_of = max(as_of) OVER (PARTITION BY community_id, period)
