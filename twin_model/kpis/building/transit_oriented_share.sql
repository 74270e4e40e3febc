/* ---
title         = { zh = "公共交通导向开发比例", en = "Transit-oriented development" }
indicators    = [16]
unit          = { zh = "%", en = "%" }
measure       = "mean"
period        = "12m"
target        = 60
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["reported_value"]
version       = 1
public        = true
words         = { zh = "填报值：站点步行范围内开发建筑面积占比，取近 12 个月最近一次，附依据文件、日期、填报岗位", en = "reported: share of floor area within walking distance of a stop; the newest report of the last 12 months, with its document, date and the role that reported it" }
[[example]]
name = "the newest report of this figure counts, with its document"
rows.reported_value = """
indicator | kpi                  | as_of      | value | unit | document      | reported_by_role | reported_on
16        | 公共交通导向开发比例 | 2026-06-30 | 48    | %    | 控规图则第3号 | 街道建设办       | 2026-07-06
16        | 公共交通导向开发比例 | 2026-01-31 | 45    | %    | 控规图则第2号 | 街道建设办       | 2026-02-03
"""
expect = { value = 48, rows_used = 1 }
[[example]]
name = "a report of the year before last no longer counts"
rows.reported_value = """
indicator | kpi                  | as_of      | value | unit | document      | reported_by_role | reported_on
16        | 公共交通导向开发比例 | 2025-06-30 | 48    | %    | 控规图则第1号 | 街道建设办       | 2025-07-06
"""
expect = { status = "not_measurable" }
--- */
SELECT community_id, period, record_id AS row_id, as_of, document, reported_by_role, reported_on, unit,
       value AS numerator, 1 AS denominator, coalesce(flags[1], CASE WHEN unit <> '%' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('transit_oriented_share', '公共交通导向开发比例')
QUALIFY as_of = max(as_of) OVER (PARTITION BY community_id, period)
