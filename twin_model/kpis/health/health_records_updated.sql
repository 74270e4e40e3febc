/* ---
title         = { zh = "健康档案月更新率", en = "Health records updated in the month" }
indicators    = [9]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 8
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["health_record"]
version       = 1
public        = true
digits        = 1
words         = { zh = "近 90 天内各月更新的档案数之和 ÷ 各月建档人数之和，即平均每月更新的份额。", en = "Records updated in each month / records kept in that month, over the months of the last 90 days: the share updated in a usual month." }

[[example]]
name = "a big month weighs more than a small one"
rows.health_record = """
month      | registered | updated
2026-10-01 | 100        | 10
2026-11-01 | 300        | 10
"""
expect = { value = 5, numerator = 20, denominator = 400 }

[[example]]
name = "a corrected month replaces the first report"
rows.health_record = """
month      | registered | updated | recorded_at
2026-10-01 | 100        | 90      | 2026-11-01T09:00
2026-10-01 | 100        | 9       | 2026-11-03T09:00
"""
expect = { value = 9, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, month AS happened_at,
       updated AS numerator, registered AS denominator, flags[1] AS excluded
FROM health_record
