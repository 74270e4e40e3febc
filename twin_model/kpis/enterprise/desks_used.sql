/* ---
title         = { zh = "共享工位使用率", en = "Shared desks used" }
indicators    = [12]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 60
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "5d"
sources       = ["desk_day"]
version       = 1
public        = true
headline      = true
words         = { zh = "近 30 天每天使用的工位数之和 ÷ 工位数之和。使用数超过工位数的一天存疑，不计；没有日报的一天不算没人用。", en = "Desks used / desks there are, summed over the days of the last 30. A day with more used than there are is in doubt and left out; a day without a report is not a day nobody came." }

[[example]]
name = "a day with more desks used than there are is doubted, not cut to full"
rows.desk_day = """
day        | room | desks | used | flags
2026-11-19 | r1   | 24    | 18   |
2026-11-20 | r1   | 24    | 6    |
2026-11-21 | r1   | 24    | 30   | over_capacity
"""
expect = { value = 50, numerator = 24, denominator = 48, excluded = { over_capacity = 1 } }

[[example]]
name = "a corrected day replaces the first report"
rows.desk_day = """
day        | room | desks | used | recorded_at
2026-11-20 | r1   | 20    | 20   | 2026-11-20T18:00
2026-11-20 | r1   | 20    | 12   | 2026-11-21T09:00
"""
expect = { value = 60, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, room,
       used AS numerator, desks AS denominator, flags[1] AS excluded
FROM desk_day
