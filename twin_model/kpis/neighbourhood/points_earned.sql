/* ---
title         = { zh = "贡献积分发放", en = "Points earned" }
indicators    = [3]
unit          = { zh = "分", en = "points" }
measure       = "sum"
period        = "30d"
freshness     = "7d"
sources       = ["points_entry"]
version       = 1
public        = true
words         = { zh = "近 30 天居民挣得的积分。同一人同一活动重复得分、数额异常的不计。", en = "Points earned in the last 30 days. Left out: points earned twice for the same event by the same member, and unusual amounts." }

[[example]]
name = "nobody earns twice for the same event"
rows.points_entry = """
entry_no | day        | member_no | direction | points | reason   | activity_no | flags
e1       | 2026-11-20 | m1        | earn      | 20     | activity | a1          |
e2       | 2026-11-20 | m1        | earn      | 20     | activity | a1          |
e3       | 2026-11-21 | m1        | earn      | 30     | activity | a2          |
e4       | 2026-11-21 | m2        | earn      | 4000   | volunteer |            | very_many
e5       | 2026-11-21 | m2        | spend     | 10     | goods    |             |
"""
expect = { value = 50, rows_used = 2, excluded = { earned_twice = 1, very_many = 1 } }

[[example]]
name = "points without a named event may be earned on the same day"
rows.points_entry = """
entry_no | day        | member_no | direction | points | reason
e1       | 2026-11-20 | m1        | earn      | 5      | recycling
e2       | 2026-11-20 | m1        | earn      | 5      | recycling
"""
expect = { value = 10, rows_used = 2 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, reason, activity_no,
       points AS numerator, NULL AS denominator,
       coalesce(flags[1], CASE WHEN activity_no IS NOT NULL AND row_number() OVER (
           PARTITION BY community_id, period, member_no, activity_no ORDER BY day, record_id) > 1
           THEN 'earned_twice' END) AS excluded
FROM points_entry WHERE direction = 'earn'
