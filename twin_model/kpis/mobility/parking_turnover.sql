/* ---
title         = { zh = "车位日均周转", en = "Cars per space and day" }
indicators    = [21]
unit          = { zh = "次/位·日", en = "per space and day" }
measure       = "mean"
digits        = 2
period        = "30d"
target        = 2.0
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "4d"
sources       = ["parking_day"]
version       = 1
public        = true
words         = { zh = "近 30 天停放车次之和 ÷ 车位数按日之和；超出车位数而被标记的日子剔除", en = "cars parked in the last 30 days ÷ spaces summed over the same days; days flagged as over capacity are left out" }
[[example]]
name = "a day with more cars than spaces is flagged and left out"
rows.parking_day = """
day        | facility | spaces | peak_taken | shared_spaces | turnover | flags
2026-11-20 | f1       | 300    | 271        | 60            | 600      |
2026-11-21 | f1       | 300    | 290        | 60            | 660      |
2026-11-21 | f2       | 100    | 140        | 0             | 900      | over_capacity
"""
expect = { value = 2.1, numerator = 1260, denominator = 600, excluded = { over_capacity = 1 } }
[[example]]
name = "a day long ago is not in the last thirty"
rows.parking_day = """
day        | facility | spaces | peak_taken | shared_spaces | turnover
2026-10-20 | f1       | 300    | 271        | 60            | 60
2026-11-20 | f1       | 300    | 271        | 60            | 600
"""
expect = { value = 2, rows_used = 1, attainment = 100 }
--- */
SELECT community_id, period, record_id AS row_id, day, facility,
       turnover AS numerator, spaces AS denominator, flags[1] AS excluded
FROM parking_day
