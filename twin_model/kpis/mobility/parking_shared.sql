/* ---
title         = { zh = "共享车位占比", en = "Parking spaces that are shared" }
indicators    = [21]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 20
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "4d"
sources       = ["parking_day"]
version       = 1
public        = true
words         = { zh = "各停车场最近一天的共享车位 ÷ 车位", en = "shared spaces ÷ spaces, of each car park on its newest day" }
[[example]]
name = "the newest day of each car park counts"
rows.parking_day = """
day        | facility | spaces | peak_taken | shared_spaces | turnover
2026-11-19 | f1       | 300    | 271        | 0             | 600
2026-11-21 | f1       | 300    | 290        | 60            | 660
2026-11-20 | f2       | 100    | 90         | 20            | 150
"""
expect = { value = 20, numerator = 80, denominator = 400, rows_used = 2 }
[[example]]
name = "a day with too many cars still tells how many spaces are shared"
rows.parking_day = """
day        | facility | spaces | peak_taken | shared_spaces | turnover | flags
2026-11-21 | f1       | 100    | 140        | 10            | 900      | over_capacity
"""
expect = { value = 10, rows_used = 1, attainment = 50 }
--- */
SELECT community_id, period, record_id AS row_id, day, facility,
       shared_spaces AS numerator, spaces AS denominator,
       NULL AS excluded -- the flag a row may carry doubts the cars, not the spaces
FROM parking_day
QUALIFY day = max(day) OVER (PARTITION BY community_id, period, facility)
