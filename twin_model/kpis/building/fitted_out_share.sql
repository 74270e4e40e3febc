/* ---
title         = { zh = "装修一体化比例", en = "Homes delivered fitted out" }
indicators    = [18]
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
words         = { zh = "填报值：建筑与装修一体化交付的住宅套数占新建住宅的比例，取近 12 个月最近一次，附依据文件、日期、填报岗位", en = "reported: new homes delivered with their interior work among all new homes; the newest report of the last 12 months, with its document, date and the role that reported it" }
[[example]]
name = "another figure of the same indicator is not taken for it"
rows.reported_value = """
indicator | kpi            | as_of      | value | unit | document             | reported_by_role | reported_on
18        | 装修一体化比例 | 2026-06-30 | 64    | %    | 交付验收表2026-2     | 街道建设办       | 2026-07-06
18        | 装配式建筑比例 | 2026-06-30 | 32    | %    | 竣工验收备案表第17号 | 街道建设办       | 2026-07-06
"""
expect = { value = 64, rows_used = 1 }
[[example]]
name = "while others are reported and this one is not, it is not measurable"
rows.reported_value = """
indicator | kpi            | as_of      | value | unit | document             | reported_by_role | reported_on
18        | 装配式建筑比例 | 2026-06-30 | 32    | %    | 竣工验收备案表第17号 | 街道建设办       | 2026-07-06
"""
expect = { status = "not_measurable", missing = ["reported_value"] }
--- */
SELECT community_id, period, record_id AS row_id, as_of, document, reported_by_role, reported_on, unit,
       value AS numerator, 1 AS denominator, coalesce(flags[1], CASE WHEN unit <> '%' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('fitted_out_share', '装修一体化比例')
QUALIFY as_of = max(as_of) OVER (PARTITION BY community_id, period)
