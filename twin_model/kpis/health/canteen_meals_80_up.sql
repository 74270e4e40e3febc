/* ---
title         = { zh = "80 岁及以上就餐人次", en = "Canteen meals of those of 80 and over" }
indicators    = [11]
unit          = { zh = "人次", en = "meals" }
measure       = "sum"
period        = "30d"
freshness     = "3d"
sources       = ["canteen_meal"]
version       = 1
public        = false
views         = ["elders_children"]
words         = { zh = "近 30 天 80 岁及以上在食堂就餐的人次，含免费试吃。超过座位数的登记存疑，不计。", en = "Meals eaten at the canteen by people of 80 and over in the last 30 days, free trial meals included. Entries over the seats are in doubt and left out." }

[[example]]
name = "79 is another band"
rows.canteen_meal = """
day        | facility | meal   | age_band | diners | is_trial
2026-11-20 | f1       | lunch  | 70_79    | 12     | no
2026-11-20 | f1       | lunch  | 80_up    | 8      | no
2026-11-20 | f1       | dinner | 80_up    | 3      | no
"""
expect = { value = 11, rows_used = 2 }

[[example]]
name = "a corrected meal supersedes the first report"
rows.canteen_meal = """
day        | facility | meal  | age_band | diners | is_trial | recorded_at
2026-11-20 | f1       | lunch | 80_up    | 80     | no       | 2026-11-20T14:00
2026-11-20 | f1       | lunch | 80_up    | 8      | no       | 2026-11-21T09:00
"""
expect = { value = 8, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, meal, age_band, is_trial,
       diners AS numerator, NULL AS denominator,
       CASE WHEN list_contains(flags, 'over_capacity') THEN 'over_capacity' END AS excluded
FROM canteen_meal WHERE age_band = '80_up'
