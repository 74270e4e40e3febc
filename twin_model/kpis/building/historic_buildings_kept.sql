/* ---
title         = { zh = "历史建筑与风貌要素保留率", en = "Historic buildings and features kept" }
indicators    = [17]
unit          = { zh = "%", en = "%" }
measure       = "mean"
period        = "12m"
target        = 100
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["reported_value"]
version       = 1
public        = true
words         = { zh = "填报值：名录内历史建筑、古树、老街巷等现存且完好的比例，取近 12 个月最近一次，附依据文件、日期、填报岗位", en = "reported: share of listed historic buildings, old trees and lanes that stand and are in order; the newest report of the last 12 months, with its document, date and the role that reported it" }
[[example]]
name = "a report older than twelve months no longer counts"
rows.reported_value = """
indicator | kpi                      | as_of      | value | unit | document   | reported_by_role | reported_on
17        | 历史建筑与风貌要素保留率 | 2025-10-31 | 100   | %    | 普查表2025 | 街道建设办       | 2025-11-04
17        | 历史建筑与风貌要素保留率 | 2026-04-30 | 96    | %    | 普查表2026 | 街道建设办       | 2026-05-06
"""
expect = { value = 96, rows_used = 1 }
[[example]]
name = "a share told in another unit is left out, and said so"
rows.reported_value = """
indicator | kpi                      | as_of      | value | unit | document   | reported_by_role | reported_on
17        | 历史建筑与风貌要素保留率 | 2026-04-30 | 12    | 处   | 普查表2026 | 街道建设办       | 2026-05-06
"""
expect = { status = "not_measurable", excluded = { other_unit = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, as_of, document, reported_by_role, reported_on, unit,
       value AS numerator, 1 AS denominator, coalesce(flags[1], CASE WHEN unit <> '%' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('historic_buildings_kept', '历史建筑与风貌要素保留率')
QUALIFY as_of = max(as_of) OVER (PARTITION BY community_id, period)
