/* ---
title         = { zh = "社区文化标识", en = "Marks of local culture" }
indicators    = [1]
unit          = { zh = "处", en = "marks" }
measure       = "mean"
period        = "12m"
target        = 5
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["reported_value"]
version       = 1
public        = true
digits        = 0
words         = { zh = "人工填报：体现社区文化主题的标识、展陈、品牌数量，取近 12 个月最近一次填报，附依据文件、日期和填报岗位。单位不符的填报不计。", en = "Reported by hand: marks, displays and named brands of the community's culture; the newest report of the last 12 months counts, with its document, date and role. A report in another unit is left out." }

[[example]]
name = "the newest report counts"
rows.reported_value = """
indicator | kpi           | as_of      | value | unit | document           | reported_by_role | reported_on
1         | culture_marks | 2026-03-31 | 4     | 处   | 文化标识清单第1版  | 文化专干         | 2026-04-02
1         | culture_marks | 2026-09-30 | 6     | 处   | 文化标识清单第2版  | 文化专干         | 2026-10-08
"""
expect = { value = 6, rows_used = 1 }

[[example]]
name = "other values were reported and this one was not: not measurable, never zero"
rows.reported_value = """
indicator | kpi             | as_of      | value | unit | document | reported_by_role | reported_on
14        | talents_settled | 2026-09-30 | 6     | 人   | 台账     | 社区工作者       | 2026-10-08
"""
expect = { status = "not_measurable", missing = ["reported_value"] }
--- */
SELECT community_id, period, record_id AS row_id, as_of AS happened_at, document, reported_by_role, reported_on,
       value AS numerator, 1 AS denominator, coalesce(flags[1], CASE WHEN unit <> '处' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('culture_marks', '社区文化标识')
QUALIFY as_of = max(as_of) OVER (PARTITION BY community_id, period)
