/* ---
title         = { zh = "平均候车时间", en = "Mean wait for the bus" }
indicators    = [20]
unit          = { zh = "分钟", en = "min" }
measure       = "mean"
digits        = 1
period        = "30d"
target        = 8
direction     = "down"
floor         = 20
target_source = { zh = "建议值", en = "proposal" }
freshness     = "5d"
sources       = ["bus_day"]
version       = 1
public        = true
words         = { zh = "近 30 天各线路日均候车分钟数，按本社区上客人次加权；没有测的剔除", en = "mean wait in the last 30 days, weighted by passengers boarding here; days not measured are left out" }
[[example]]
name = "a line many use weighs more; a day without a measured wait is left out"
rows.bus_day = """
day        | line | trips_planned | trips_run | passengers | mean_wait_minutes
2026-11-21 | 12路 | 80            | 80        | 300        | 6
2026-11-21 | 接驳 | 40            | 40        | 100        | 10
2026-11-20 | 12路 | 80            | 80        | 300        |
"""
expect = { value = 7, numerator = 2800, denominator = 400, excluded = { not_measured = 1 } }
[[example]]
name = "a list that stopped a fortnight ago gives an old value, shown as such and not graded"
rows.bus_day = """
day        | line | trips_planned | trips_run | passengers | mean_wait_minutes
2026-11-08 | 12路 | 80            | 80        | 300        | 6
"""
expect = { value = 6, status = "stale" }
--- */
SELECT community_id, period, record_id AS row_id, day, line, mean_wait_minutes,
       mean_wait_minutes * passengers AS numerator, passengers AS denominator,
       coalesce(flags[1], CASE WHEN mean_wait_minutes IS NULL THEN 'not_measured' END) AS excluded
FROM bus_day
