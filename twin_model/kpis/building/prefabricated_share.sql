/* ---
title         = { zh = "装配式建筑比例", en = "Prefabricated buildings" }
indicators    = [18]
unit          = { zh = "%", en = "%" }
measure       = "mean"
period        = "12m"
target        = 30
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["reported_value"]
version       = 1
public        = true
words         = { zh = "填报值：装配式建筑面积占新建建筑面积的比例，取近 12 个月最近一次，附依据文件、日期、填报岗位", en = "reported: floor area of prefabricated buildings among new floor area; the newest report of the last 12 months, with its document, date and the role that reported it" }
[[example]]
name = "the newest report counts, however late it was handed in"
rows.reported_value = """
indicator | kpi            | as_of      | value | unit | document             | reported_by_role | reported_on
18        | 装配式建筑比例 | 2026-06-30 | 32    | %    | 竣工验收备案表第17号 | 街道建设办       | 2026-07-06
18        | 装配式建筑比例 | 2026-03-31 | 28    | %    | 竣工验收备案表第9号  | 街道建设办       | 2026-08-01
"""
expect = { value = 32, rows_used = 1 }
[[example]]
name = "nothing reported is not measurable, not zero"
expect = { status = "not_measurable", missing = ["reported_value"] }
--- */
SELECT community_id, period, record_id AS row_id, as_of, document, reported_by_role, reported_on, unit,
       value AS numerator, 1 AS denominator, coalesce(flags[1], CASE WHEN unit <> '%' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('prefabricated_share', '装配式建筑比例')
QUALIFY as_of = max(as_of) OVER (PARTITION BY community_id, period)
