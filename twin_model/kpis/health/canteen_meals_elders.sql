/* ---
title         = { zh = "老年食堂就餐人次", en = "Canteen meals of elders" }
indicators    = [11]
unit          = { zh = "人次", en = "meals" }
measure       = "sum"
period        = "30d"
freshness     = "3d"
sources       = ["canteen_meal"]
version       = 1
public        = true
views         = ["elders_children"]
words         = { zh = "近 30 天 60 岁及以上在食堂就餐的人次，含免费试吃。超过座位数的登记存疑，不计；金额与餐标不符不影响人次。", en = "Meals eaten at the canteen by people of 60 and over in the last 30 days, free trial meals included. Entries over the seats are in doubt and left out; amounts that do not fit the tariff do not change the meals." }

[[example]]
name = "from 60 on; a flagged number is left out, a wrong amount is not"
rows.canteen_meal = """
day        | facility | meal  | age_band | diners | is_trial | flags
2026-11-20 | f1       | lunch | under_60 | 30     | no       |
2026-11-20 | f1       | lunch | 60_69    | 10     | no       | not_by_tariff
2026-11-20 | f1       | lunch | 70_79    | 12     | yes      |
2026-11-21 | f1       | lunch | 80_up    | 800    | no       | over_capacity
"""
expect = { value = 22, rows_used = 2, excluded = { over_capacity = 1 } }

[[example]]
name = "the canteen reports nothing for four days: the figure is old"
rows.canteen_meal = """
day        | facility | meal  | age_band | diners | is_trial
2026-11-18 | f1       | lunch | 70_79    | 12     | no
"""
expect = { status = "stale", value = 12 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, meal, age_band, is_trial,
       diners AS numerator, NULL AS denominator,
       CASE WHEN list_contains(flags, 'over_capacity') THEN 'over_capacity' END AS excluded
FROM canteen_meal WHERE age_band IN ('60_69', '70_79', '80_up')
