/* ---
title         = { zh = "步道无障碍占比", en = "Footpaths free of barriers" }
indicators    = [23]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "12m"
target        = 95
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "200d"
sources       = ["path_check"]
version       = 1
public        = true
words         = { zh = "各步道最近一次检查的无障碍长度 ÷ 总长度", en = "metres free of barriers ÷ metres, of each path at its newest check" }
[[example]]
name = "the newest check of each path counts"
rows.path_check = """
checked_on | path     | length_m | barrier_free_m | night_lit_m | hazards
2026-05-10 | 河滨步道 | 800      | 400            | 800         | 2
2026-11-10 | 河滨步道 | 800      | 780            | 800         | 0
2026-08-10 | 东园环路 | 200      | 120            | 200         | 1
"""
expect = { value = 90, numerator = 900, denominator = 1000, rows_used = 2 }
[[example]]
name = "a path last walked in spring is stale: the value is shown, not graded"
rows.path_check = """
checked_on | path     | length_m | barrier_free_m | night_lit_m | hazards
2026-03-10 | 河滨步道 | 800      | 400            | 800         | 2
"""
expect = { value = 50, status = "stale" }
--- */
SELECT community_id, period, record_id AS row_id, checked_on, path,
       barrier_free_m AS numerator, length_m AS denominator, flags[1] AS excluded
FROM path_check
QUALIFY checked_on = max(checked_on) OVER (PARTITION BY community_id, period, path)
