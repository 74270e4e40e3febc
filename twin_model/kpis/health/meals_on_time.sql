/* ---
title         = { zh = "送餐准时率", en = "Meals delivered on time" }
indicators    = [11]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 95
direction     = "up"
floor         = 60
target_source = { zh = "建议值", en = "proposal" }
freshness     = "4d"
sources       = ["meal_delivery"]
version       = 1
public        = true
views         = ["elders_children"]
words         = { zh = "近 30 天不晚于约定时间送到的 ÷ 送到的全部。敲门无人应答、取消的不计；与约定相差三小时以上的按不准时计，不剔除。", en = "Meals delivered no later than promised / all meals delivered, last 30 days. Left out: doors not answered and cancelled orders. What is more than three hours from the promise counts as not on time and is not left out." }

[[example]]
name = "the promised minute is on time; four hours late is late, not a slip of the pen"
rows.meal_delivery = """
order_no | ordered_for      | facility | building | age_band | promised_at      | delivered_at     | outcome      | flags
o1       | 2026-11-20T11:30 | f1       | b1       | 70_79    | 2026-11-20T11:40 | 2026-11-20T11:40 | delivered    |
o2       | 2026-11-20T11:30 | f1       | b1       | 80_up    | 2026-11-20T11:40 | 2026-11-20T15:40 | delivered    | far_from_promise
o3       | 2026-11-20T11:30 | f1       | b1       | 80_up    | 2026-11-20T11:40 |                  | not_answered |
o4       | 2026-11-20T11:30 | f1       | b1       | 80_up    | 2026-11-20T11:40 |                  | cancelled    |
"""
expect = { value = 50, numerator = 1, denominator = 2, excluded = { not_answered = 1, cancelled = 1 } }

[[example]]
name = "the time of delivery was corrected afterwards"
rows.meal_delivery = """
order_no | ordered_for      | facility | building | age_band | promised_at      | delivered_at     | outcome   | recorded_at
o1       | 2026-11-20T11:30 | f1       | b1       | 70_79    | 2026-11-20T11:40 | 2026-11-20T12:40 | delivered | 2026-11-20T13:00
o1       | 2026-11-20T11:30 | f1       | b1       | 70_79    | 2026-11-20T11:40 | 2026-11-20T11:36 | delivered | 2026-11-20T18:00
"""
expect = { value = 100, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, ordered_for AS happened_at, promised_at, delivered_at, age_band,
       delivered_at <= promised_at AND NOT list_contains(flags, 'far_from_promise') AS numerator, 1 AS denominator,
       CASE WHEN outcome <> 'delivered' THEN outcome END AS excluded
FROM meal_delivery
