/* ---
title         = { zh = "结对互助走访率", en = "Pairs with a visit" }
indicators    = [11]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 95
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["mutual_pair", "pair_visit"]
version       = 1
public        = false
views         = ["elders_children"]
words         = { zh = "近 30 天至少上门一次的结对 ÷ 全部结对。近 30 天内才结成的对不计。", en = "Pairs with at least one visit in the last 30 days / all pairs. Pairs made within these 30 days are left out." }

[[example]]
name = "four visits of one pair do not make up for none of another"
rows.mutual_pair = """
pair_no | started_on | recorded_at
p1      | 2026-03-01 | 2026-11-01T09:00
p2      | 2026-03-01 | 2026-11-01T09:00
p3      | 2026-11-10 | 2026-11-10T09:00
"""
rows.pair_visit = """
visit_no | day        | pair_no | points
z1       | 2026-11-02 | p1      | 10
z2       | 2026-11-09 | p1      | 10
z3       | 2026-11-16 | p1      | 10
z4       | 2026-11-20 | p1      | 10
"""
expect = { value = 50, numerator = 1, denominator = 2, excluded = { joined_lately = 1 } }

[[example]]
name = "a visit of the pair that ended is nobody's any more"
rows.mutual_pair = """
pair_no | started_on | ended_on   | recorded_at
p1      | 2026-03-01 |            | 2026-11-01T09:00
p2      | 2026-03-01 | 2026-11-15 | 2026-11-15T09:00
"""
rows.pair_visit = """
visit_no | day        | pair_no | points
z1       | 2026-11-02 | p2      | 10
"""
expect = { value = 0, denominator = 1 }
--- */
SELECT p.community_id, p.period, p.record_id AS row_id, p.started_on AS happened_at, count(v.record_id) AS visits,
       visits > 0 AS numerator, 1 AS denominator,
       CASE WHEN p.started_on >= b.starts_on THEN 'joined_lately' END AS excluded
FROM mutual_pair p
JOIN period_bounds b USING (period)
LEFT JOIN pair_visit v USING (community_id, period, pair_no)
GROUP BY ALL
