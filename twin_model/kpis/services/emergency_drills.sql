/* ---
title         = { zh = "应急演练种类", en = "Kinds of emergency drilled" }
indicators    = [30]
unit          = { zh = "种", en = "kinds" }
measure       = "sum"
period        = "12m"
target        = 4
direction     = "up"
target_source = { zh = "建议值：火灾、内涝、台风、医疗每年各演练一次", en = "proposal: fire, flood, typhoon and medical, each once a year" }
freshness     = "250d"
sources       = ["emergency_drill"]
version       = 1
public        = true
words         = { zh = "近 12 个月演练过的应急种类数（火灾、内涝、台风、医疗）；同一种演练多次只算一种", en = "kinds of emergency drilled in the last 12 months (fire, flood, typhoon, medical); the same kind counts once" }
[[example]]
name = "the same kind twice is one kind"
rows.emergency_drill = """
drill_no | day        | category | participants
Y1       | 2026-06-09 | fire     | 64
Y2       | 2026-11-09 | fire     | 80
Y3       | 2026-07-01 | typhoon  | 40
"""
expect = { value = 2, rows_used = 2 }
[[example]]
name = "a drill more than a year ago does not count"
rows.emergency_drill = """
drill_no | day        | category | participants
Y0       | 2025-11-09 | flood    | 64
Y1       | 2026-06-09 | fire     | 64
"""
expect = { value = 1, rows_used = 1, attainment = 25 }
--- */
SELECT community_id, period, category AS row_id, count(*) AS drills, sum(participants) AS participants, max(day) AS newest,
       1 AS numerator, NULL AS denominator, NULL AS excluded
FROM emergency_drill GROUP BY community_id, period, category
