/* ---
title         = { zh = "建筑风貌评审得分", en = "Architectural character, reviewed" }
indicators    = [17]
unit          = { zh = "分", en = "points" }
measure       = "mean"
period        = "12m"
target        = 85
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["reported_value"]
version       = 1
public        = true
words         = { zh = "填报值：风貌专家评审得分（百分制），取近 12 个月最近一次，附依据文件、日期、填报岗位", en = "reported: points of the expert review of architectural character (of 100); the newest report of the last 12 months, with its document, date and the role that reported it" }
[[example]]
name = "the newest review counts"
rows.reported_value = """
indicator | kpi              | as_of      | value | unit | document            | reported_by_role | reported_on
17        | 建筑风貌评审得分 | 2026-05-20 | 86    | 分   | 风貌评审意见2026-04 | 街道建设办       | 2026-05-25
18        | 装配式建筑比例   | 2026-06-30 | 32    | %    | 竣工验收备案表      | 街道建设办       | 2026-07-06
"""
expect = { value = 86, rows_used = 1 }
[[example]]
name = "a report in another unit is left out and said so"
rows.reported_value = """
indicator | kpi              | as_of      | value | unit | document | reported_by_role | reported_on
17        | 建筑风貌评审得分 | 2026-05-20 | 4.5   | 星   | 网络评选 | 社区居委会       | 2026-05-25
"""
expect = { status = "not_measurable", excluded = { other_unit = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, as_of, document, reported_by_role, reported_on, unit,
       value AS numerator, 1 AS denominator, coalesce(flags[1], CASE WHEN unit <> '分' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('architectural_character', '建筑风貌评审得分')
QUALIFY as_of = max(as_of) OVER (PARTITION BY community_id, period)
