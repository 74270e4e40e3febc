/* ---
title         = { zh = "日均送餐上门", en = "Meals delivered per day" }
indicators    = [11]
unit          = { zh = "单/天", en = "meals a day" }
measure       = "mean"
period        = "30d"
freshness     = "4d"
sources       = ["meal_delivery"]
version       = 1
public        = true
views         = ["elders_children"]
digits        = 1
words         = { zh = "近 30 天送到的餐数 ÷ 有送餐的天数。敲门无人应答和取消的不算送到。", en = "Meals delivered in the last 30 days / days on which meals were delivered. Doors not answered and cancelled orders are not delivered." }

[[example]]
name = "per day with deliveries, local days; a door not answered is no meal delivered"
rows.meal_delivery = """
order_no | ordered_for      | facility | building | age_band | promised_at      | delivered_at     | outcome
o1       | 2026-11-19T11:30 | f1       | b1       | 70_79    | 2026-11-19T11:40 | 2026-11-19T11:32 | delivered
o2       | 2026-11-19T17:30 | f1       | b1       | 80_up    | 2026-11-19T17:40 | 2026-11-19T17:35 | delivered
o3       | 2026-11-20T11:30 | f1       | b1       | 70_79    | 2026-11-20T11:40 | 2026-11-20T11:35 | delivered
o4       | 2026-11-20T11:30 | f1       | b1       | 80_up    | 2026-11-20T11:40 |                  | not_answered
"""
expect = { value = 1.5, numerator = 3, denominator = 2 }

[[example]]
name = "every order was cancelled: no day with deliveries"
rows.meal_delivery = """
order_no | ordered_for      | facility | building | age_band | promised_at      | outcome
o1       | 2026-11-20T11:30 | f1       | b1       | 70_79    | 2026-11-20T11:40 | cancelled
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, (ordered_for + INTERVAL 8 HOUR)::DATE::TEXT AS row_id, min(ordered_for) AS happened_at,
       count(*) AS numerator, 1 AS denominator, NULL AS excluded
FROM meal_delivery WHERE outcome = 'delivered'
GROUP BY community_id, period, row_id
