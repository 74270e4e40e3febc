/* ---
title         = { zh = "步道未消除隐患", en = "Hazards open on footpaths" }
indicators    = [23]
unit          = { zh = "处", en = "hazards" }
measure       = "sum"
period        = "12m"
target        = 0
direction     = "down"
floor         = 5
target_source = { zh = "建议值", en = "proposal" }
freshness     = "200d"
sources       = ["path_check"]
version       = 1
public        = true
words         = { zh = "各步道最近一次检查查出的隐患数之和；早先查出的以最近一次为准", en = "hazards found at the newest check of each path, added; what an earlier check found is superseded" }
[[example]]
name = "what an earlier check found is superseded"
rows.path_check = """
checked_on | path     | length_m | barrier_free_m | night_lit_m | hazards
2026-05-10 | 河滨步道 | 800      | 780            | 800         | 4
2026-11-10 | 河滨步道 | 800      | 780            | 800         | 1
2026-10-10 | 东园环路 | 200      | 120            | 200         | 0
"""
expect = { value = 1, rows_used = 2 }
[[example]]
name = "paths without a hazard: that is a zero, and the whole way done"
rows.path_check = """
checked_on | path     | length_m | barrier_free_m | night_lit_m | hazards
2026-11-10 | 河滨步道 | 800      | 780            | 800         | 0
"""
expect = { value = 0, attainment = 100 }
--- */
SELECT community_id, period, record_id AS row_id, checked_on, path,
       hazards AS numerator, NULL AS denominator, flags[1] AS excluded
FROM path_check
QUALIFY checked_on = max(checked_on) OVER (PARTITION BY community_id, period, path)
