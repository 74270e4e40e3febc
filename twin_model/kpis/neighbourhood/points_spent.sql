/* ---
title         = { zh = "积分兑换率", en = "Points spent" }
indicators    = [3]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "12m"
target        = 60
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "7d"
sources       = ["points_entry"]
version       = 1
public        = true
words         = { zh = "近 12 个月兑换的积分 ÷ 挣得的积分。到期清零的、数额异常的不计。兑换上一年的积分时可能超过 100%。", en = "Points spent / points earned in the last 12 months. Left out: points that expired, unusual amounts. Above 100 % when points of the year before are spent." }

[[example]]
name = "expired points were earned but not spent"
rows.points_entry = """
entry_no | day        | member_no | direction | points | reason
e1       | 2026-03-20 | m1        | earn      | 40     | volunteer
e2       | 2026-10-20 | m1        | spend     | 10     | goods
e3       | 2026-11-20 | m1        | expire    | 30     | expiry
"""
expect = { value = 25, numerator = 10, denominator = 40, excluded = { expired = 1 } }

[[example]]
name = "a corrected entry replaces the wrong one"
rows.points_entry = """
entry_no | day        | member_no | direction | points | reason    | recorded_at
e1       | 2026-11-18 | m1        | earn      | 400    | volunteer | 2026-11-19T09:00
e1       | 2026-11-18 | m1        | earn      | 40     | volunteer | 2026-11-20T09:00
e2       | 2026-11-19 | m1        | spend     | 20     | service   | 2026-11-20T09:00
"""
expect = { value = 50, numerator = 20, denominator = 40, rows_used = 2 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, direction, reason,
       CASE WHEN direction = 'spend' THEN points ELSE 0 END AS numerator,
       CASE WHEN direction = 'earn' THEN points ELSE 0 END AS denominator,
       coalesce(flags[1], CASE WHEN direction = 'expire' THEN 'expired' END) AS excluded
FROM points_entry
