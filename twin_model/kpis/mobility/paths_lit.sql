/* ---
title         = { zh = "步道夜间照明占比", en = "Footpaths lit at night" }
indicators    = [23]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "12m"
target        = 100
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "200d"
sources       = ["path_check"]
version       = 1
public        = true
words         = { zh = "各步道最近一次检查的夜间有照明长度 ÷ 总长度", en = "metres lit at night ÷ metres, of each path at its newest check" }
[[example]]
name = "a path that went dark since the spring counts as dark"
rows.path_check = """
checked_on | path     | length_m | barrier_free_m | night_lit_m | hazards
2026-04-10 | 河滨步道 | 800      | 780            | 800         | 0
2026-11-10 | 河滨步道 | 800      | 780            | 600         | 0
"""
expect = { value = 75, numerator = 600, rows_used = 1 }
[[example]]
name = "a path nobody checked this year is not in it"
rows.path_check = """
checked_on | path     | length_m | barrier_free_m | night_lit_m | hazards
2025-10-10 | 东园环路 | 200      | 200            | 0           | 0
2026-11-10 | 河滨步道 | 800      | 780            | 800         | 0
"""
expect = { value = 100, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, checked_on, path,
       night_lit_m AS numerator, length_m AS denominator, flags[1] AS excluded
FROM path_check
QUALIFY checked_on = max(checked_on) OVER (PARTITION BY community_id, period, path)
