/* ---
title         = { zh = "可回收物占比", en = "Share of recyclables" }
indicators    = [27]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "30d"
target        = 35
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "4d"
sources       = ["waste_day"]
version       = 1
public        = true
words         = { zh = "近 30 天可回收物重量 ÷ 四类垃圾总重量", en = "weight of recyclables ÷ weight of all four kinds of waste in the last 30 days" }
[[example]]
name = "recyclables over all waste"
rows.waste_day = """
day        | facility | kind       | kg  | bags_checked | bags_correct
2026-11-20 | f1       | recyclable | 150 | 0            | 0
2026-11-20 | f1       | kitchen    | 350 | 0            | 0
2026-11-20 | f1       | residual   | 500 | 0            | 0
"""
expect = { value = 15, numerator = 150, denominator = 1000 }
[[example]]
name = "days before the last thirty are not in it"
rows.waste_day = """
day        | facility | kind       | kg  | bags_checked | bags_correct
2026-10-10 | f1       | residual   | 900 | 0            | 0
2026-11-20 | f1       | recyclable | 40  | 0            | 0
2026-11-20 | f1       | residual   | 60  | 0            | 0
"""
expect = { value = 40, rows_used = 2, attainment = 100 }
--- */
SELECT community_id, period, record_id AS row_id, day, facility, kind,
       CASE WHEN kind = 'recyclable' THEN kg ELSE 0 END AS numerator, kg AS denominator, flags[1] AS excluded
FROM waste_day
