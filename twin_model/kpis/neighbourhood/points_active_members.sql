/* ---
title         = { zh = "积分活跃成员", en = "Members active with points" }
indicators    = [3]
unit          = { zh = "人", en = "members" }
measure       = "sum"
period        = "30d"
freshness     = "7d"
sources       = ["points_entry"]
version       = 1
public        = true
words         = { zh = "近 30 天挣得或兑换过积分的成员数，每人计一次。只有到期清零的不算活跃。", en = "Members who earned or spent points in the last 30 days, each counted once. Points that merely expired make nobody active." }

[[example]]
name = "a member with three entries is one member; expiry alone is no activity"
rows.points_entry = """
entry_no | day        | member_no | direction | points | reason
e1       | 2026-11-18 | m1        | earn      | 20     | volunteer
e2       | 2026-11-19 | m1        | earn      | 20     | volunteer
e3       | 2026-11-20 | m1        | spend     | 10     | goods
e4       | 2026-11-20 | m2        | spend     | 10     | goods
e5       | 2026-11-20 | m3        | expire    | 10     | expiry
"""
expect = { value = 2, rows_used = 2, excluded = { only_expired = 1 } }

[[example]]
name = "the same numbers in the month before count no longer"
rows.points_entry = """
entry_no | day        | member_no | direction | points | reason
e1       | 2026-10-20 | m1        | earn      | 20     | volunteer
e4       | 2026-11-20 | m2        | spend     | 10     | goods
"""
expect = { value = 1 }
--- */
SELECT community_id, period, min(record_id) AS row_id, member_no, max(day) AS happened_at, count(*) AS entries,
       1 AS numerator, NULL AS denominator,
       CASE WHEN bool_and(direction = 'expire') THEN 'only_expired' END AS excluded
FROM points_entry GROUP BY community_id, period, member_no
