/* ---
title         = { zh = "本月应付就餐补贴", en = "Meal subsidy due this month" }
indicators    = [11]
unit          = { zh = "元", en = "yuan" }
measure       = "sum"
period        = "month"
freshness     = "3d"
sources       = ["canteen_meal"]
version       = 1
public        = false
views         = ["elders_children"]
digits        = 2
words         = { zh = "本月至今各餐登记的补贴金额合计，即付款方应付食堂运营方的数。与餐标不符、人数存疑、没有写补贴金额的登记不计，要先核对。", en = "The subsidy recorded with the meals of this calendar month: what the payer owes the operator. Left out until checked: entries that do not fit the tariff, with a doubtful number, or without an amount." }

[[example]]
name = "seven yuan for 70 to 79, ten for 80 and over; a missing amount is not zero yuan"
rows.canteen_meal = """
day        | facility | meal   | age_band | diners | paid_yuan | subsidy_yuan | is_trial | flags
2026-11-20 | f1       | lunch  | 70_79    | 2      | 6         | 14           | no       |
2026-11-20 | f1       | lunch  | 80_up    | 1      | 0         | 10           | no       |
2026-11-21 | f1       | lunch  | 80_up    | 1      | 0         |              | no       |
2026-11-21 | f1       | dinner | 70_79    | 2      | 6         | 140          | no       | not_by_tariff
"""
expect = { value = 24, rows_used = 2, excluded = { no_amount = 1, not_by_tariff = 1 } }

[[example]]
name = "the last day of October belongs to October's bill"
rows.canteen_meal = """
day        | facility | meal  | age_band | diners | paid_yuan | subsidy_yuan | is_trial
2026-10-31 | f1       | lunch | 70_79    | 2      | 6         | 14           | no
2026-11-20 | f1       | lunch | 70_79    | 1      | 3         | 7            | no
"""
expect = { value = 7, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, meal, age_band, diners, is_trial,
       subsidy_yuan AS numerator, NULL AS denominator,
       coalesce(flags[1], CASE WHEN subsidy_yuan IS NULL THEN 'no_amount' END) AS excluded
FROM canteen_meal
