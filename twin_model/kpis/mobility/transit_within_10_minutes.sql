/* ---
title         = { zh = "10分钟到达公交站的居民", en = "Residents within 10 minutes of public transport" }
indicators    = [20]
unit          = { zh = "%", en = "%" }
measure       = "mean"
period        = "12m"
target        = 100
direction     = "up"
floor         = 50
target_source = { zh = "建议值（试点指标与完整居住社区建设标准第 11 项均提 10 分钟；凭记忆，未核对原文）", en = "proposal (the pilot indicator and item 11 of the 2020 standard both name 10 minutes; from memory, originals not checked)" }
freshness     = "400d"
sources       = ["reported_value"]
version       = 1
public        = true
words         = { zh = "填报值：步行 10 分钟内能到公交或地铁站的居民比例，取近 12 个月最近一次，附依据文件、日期、填报岗位", en = "reported: share of residents who reach a bus or metro stop on foot within 10 minutes; the newest report of the last 12 months, with its document, date and the role that reported it" }
[[example]]
name = "the newest report counts"
rows.reported_value = """
indicator | kpi                    | as_of      | value | unit | document           | reported_by_role | reported_on
20        | 10分钟到达公交站的居民 | 2026-03-31 | 94    | %    | 公交站点覆盖分析图 | 街道规划办       | 2026-04-10
20        | 10分钟到达公交站的居民 | 2026-09-30 | 97    | %    | 公交站点覆盖分析图 | 街道规划办       | 2026-10-11
"""
expect = { value = 97, rows_used = 1 }
[[example]]
name = "minutes are not a share: left out, and said so"
rows.reported_value = """
indicator | kpi                    | as_of      | value | unit | document           | reported_by_role | reported_on
20        | 10分钟到达公交站的居民 | 2026-09-30 | 7.5   | 分钟 | 公交站点覆盖分析图 | 街道规划办       | 2026-10-11
"""
expect = { status = "not_measurable", excluded = { other_unit = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, as_of, document, reported_by_role, reported_on, unit,
       value AS numerator, 1 AS denominator, coalesce(flags[1], CASE WHEN unit <> '%' THEN 'other_unit' END) AS excluded
FROM reported_value WHERE kpi IN ('transit_within_10_minutes', '10分钟到达公交站的居民')
QUALIFY as_of = max(as_of) OVER (PARTITION BY community_id, period)
