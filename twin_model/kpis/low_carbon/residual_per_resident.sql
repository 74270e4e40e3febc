/* ---
title         = { zh = "人均其他垃圾（30天）", en = "Residual waste per resident in 30 days" }
indicators    = [27]
unit          = { zh = "千克/人", en = "kg per resident" }
measure       = "mean"
digits        = 1
period        = "30d"
target        = 9
direction     = "down"
target_source = { zh = "建议值：每人每天 0.3 千克", en = "proposal: 0.3 kg per resident and day" }
freshness     = "4d"
sources       = ["waste_day", "home"]
requires      = ["waste_day", "home"]
version       = 1
public        = true
words         = { zh = "近 30 天其他垃圾重量 ÷ 登记居民数。整幢无人口登记的楼剔除；部分户未登记时人数偏少、数值偏高，证据行写明未登记户数", en = "residual waste of the last 30 days ÷ registered residents. Buildings where nobody is registered are left out; where some homes are not registered the figure is somewhat too high, and the rows say how many" }
[[example]]
name = "only residual waste, over the residents registered; a building without a register is left out"
rows.waste_day = """
day        | facility | kind     | kg  | bags_checked | bags_correct
2026-11-20 | f1       | residual | 600 | 0            | 0
2026-11-20 | f1       | kitchen  | 900 | 0            | 0
2026-11-21 | f1       | residual | 500 | 0            | 0
"""
rows.home = """
home_id | building_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | b1          | 10       | 60        | 25        | 5
h2      | b2          |          |           |           |
"""
expect = { value = 11, numerator = 1100, denominator = 100, excluded = { not_registered = 1 } }
[[example]]
name = "where nobody is registered there is nobody to divide by"
rows.waste_day = """
day        | facility | kind     | kg  | bags_checked | bags_correct
2026-11-20 | f1       | residual | 600 | 0            | 0
"""
rows.home = """
home_id | building_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | b1          |          |           |           |
"""
expect = { status = "not_measurable", excluded = { not_registered = 1 } }
--- */
WITH registered AS (
    SELECT *, age_0_17 + age_18_59 + age_60_79 + age_80_up AS residents FROM home
)
SELECT community_id, period, record_id AS row_id, day, kg AS numerator, NULL AS denominator, flags[1] AS excluded
FROM waste_day WHERE kind = 'residual'
UNION ALL BY NAME
SELECT community_id, period, building_id AS row_id, count(*) - count(residents) AS homes_not_registered,
       sum(residents) AS denominator, CASE WHEN count(residents) = 0 THEN 'not_registered' END AS excluded
FROM registered GROUP BY community_id, period, building_id
