/* ---
title         = { zh = "平均找车位时间", en = "Minutes to find a space" }
indicators    = [21]
unit          = { zh = "分钟", en = "min" }
measure       = "mean"
digits        = 1
period        = "30d"
target        = 5
direction     = "down"
floor         = 15
target_source = { zh = "试点指标“5 分钟取停车”（指标内容凭记忆，未核对原文）", en = "pilot indicator “park or fetch within 5 minutes” (from memory, original not checked)" }
freshness     = "4d"
sources       = ["parking_day"]
version       = 1
public        = true
words         = { zh = "近 30 天各停车场日均找车位分钟数，按停放车次加权；没有测的日子、被标记的日子剔除", en = "mean minutes to find a space in the last 30 days, weighted by cars parked; days that were not measured or are flagged are left out" }
[[example]]
name = "busy days weigh more; a day nobody measured is left out, not taken for no minutes"
rows.parking_day = """
day        | facility | spaces | peak_taken | shared_spaces | turnover | mean_find_minutes
2026-11-20 | f1       | 300    | 271        | 60            | 300      | 6
2026-11-21 | f1       | 300    | 200        | 60            | 100      | 2
2026-11-21 | f2       | 100    | 90         | 0             | 150      |
"""
expect = { value = 5, numerator = 2000, denominator = 400, excluded = { not_measured = 1 } }
[[example]]
name = "where nobody measures nothing is known"
rows.parking_day = """
day        | facility | spaces | peak_taken | shared_spaces | turnover | mean_find_minutes
2026-11-21 | f1       | 300    | 271        | 60            | 300      |
"""
expect = { status = "not_measurable", excluded = { not_measured = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, day, facility, mean_find_minutes,
       mean_find_minutes * turnover AS numerator, turnover AS denominator,
       coalesce(flags[1], CASE WHEN mean_find_minutes IS NULL THEN 'not_measured' END) AS excluded
FROM parking_day
