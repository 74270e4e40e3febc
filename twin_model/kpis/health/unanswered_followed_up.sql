/* ---
title         = { zh = "无人应答 2 小时内跟进", en = "Unanswered doors followed up in 2 hours" }
indicators    = [11]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 100
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "4d"
sources       = ["meal_delivery"]
version       = 1
public        = false
views         = ["elders_children"]
words         = { zh = "近 30 天送餐敲门无人应答中，约定送达后 2 小时内联系上或看望过的 ÷ 全部无人应答。当天未跟进的次日起判断，当天不计。", en = "Doors not answered in the last 30 days at which somebody was reached or looked in within 2 hours of the promised time / all doors not answered. One of today not followed up is judged from tomorrow on." }

[[example]]
name = "two hours to the minute is in time; today's is not judged yet"
rows.meal_delivery = """
order_no | ordered_for      | facility | building | age_band | promised_at      | outcome      | followed_up_at
o1       | 2026-11-20T11:30 | f1       | b1       | 70_79    | 2026-11-20T11:40 | not_answered | 2026-11-20T13:40
o2       | 2026-11-20T11:30 | f1       | b1       | 80_up    | 2026-11-20T11:40 | not_answered | 2026-11-20T13:41
o3       | 2026-11-22T11:30 | f1       | b1       | 80_up    | 2026-11-22T11:40 | not_answered |
"""
expect = { value = 50, numerator = 1, denominator = 2, excluded = { not_due_yet = 1 } }

[[example]]
name = "every door was answered: no case"
rows.meal_delivery = """
order_no | ordered_for      | facility | building | age_band | promised_at      | delivered_at     | outcome
o1       | 2026-11-20T11:30 | f1       | b1       | 70_79    | 2026-11-20T11:40 | 2026-11-20T11:40 | delivered
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, ordered_for AS happened_at, promised_at, followed_up_at, age_band,
       coalesce(followed_up_at <= promised_at + INTERVAL 2 HOUR, false) AS numerator, 1 AS denominator,
       CASE WHEN followed_up_at IS NULL AND promised_at >= b.ends_at - INTERVAL 24 HOUR THEN 'not_due_yet' END AS excluded
FROM meal_delivery JOIN period_bounds b USING (period)
WHERE outcome = 'not_answered'
