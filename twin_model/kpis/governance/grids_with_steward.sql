/* ---
title         = { zh = "有邻里管家的网格", en = "Grids with a named steward" }
indicators    = [31]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 100
direction     = "up"
floor         = 60
target_source = { zh = "建议值：永康七彩网格全覆盖", en = "proposal: the grids of Yongkang are covered in full" }
freshness     = "800d"
sources       = ["grid"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "有邻里管家的网格 ÷ 在用的全部网格；撤并的不算", en = "grids with a steward ÷ all grids in use; those merged away are not counted" }
[[example]]
name = "a grid that was merged away no longer counts"
rows.grid = """
grid_no | estate | homes | steward | building_stewards | since      | until
W1      | e1     | 264   | true    | 9                 | 2024-01-01 |
W2      | e1     | 250   | false   | 0                 | 2024-01-01 |
W3      | e1     | 250   | false   | 0                 | 2024-01-01 | 2026-01-01
"""
expect = { value = 50, rows_used = 2 }
[[example]]
name = "a grid that found its steward counts as it stands now"
rows.grid = """
grid_no | estate | homes | steward | building_stewards | since      | recorded_at
W1      | e1     | 264   | false   | 0                 | 2024-01-01 | 2025-01-01
W1      | e1     | 264   | true    | 9                 | 2024-01-01 | 2026-10-01
"""
expect = { value = 100, rows_used = 1, status = "measured" }
--- */
SELECT community_id, period, record_id AS row_id, estate, homes, building_stewards,
       steward AS numerator, 1 AS denominator, flags[1] AS excluded
FROM grid
