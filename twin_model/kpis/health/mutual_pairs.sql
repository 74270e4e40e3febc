/* ---
title         = { zh = "互助养老结对", en = "Mutual-help pairs" }
indicators    = [11]
unit          = { zh = "对", en = "pairs" }
measure       = "sum"
period        = "now"
freshness     = "400d"
sources       = ["mutual_pair"]
version       = 1
public        = false
views         = ["elders_children"]
words         = { zh = "现有的助老邻居与老人结对数。已结束的不在其中。", en = "Pairs of a helping neighbour and an elder that exist. Pairs that ended are not among them." }

[[example]]
name = "a pair that ended in September is no pair today"
rows.mutual_pair = """
pair_no | started_on | ended_on   | recorded_at
p1      | 2026-03-01 |            | 2026-11-01T09:00
p2      | 2026-03-01 | 2026-09-30 | 2026-10-01T09:00
"""
expect = { value = 1, rows_used = 1 }

[[example]]
name = "all pairs ended: the register is kept, so this is a true zero"
rows.mutual_pair = """
pair_no | started_on | ended_on   | recorded_at
p2      | 2026-03-01 | 2026-09-30 | 2026-10-01T09:00
"""
expect = { value = 0, status = "measured" }
--- */
SELECT community_id, period, record_id AS row_id, started_on AS happened_at,
       1 AS numerator, NULL AS denominator, flags[1] AS excluded
FROM mutual_pair
