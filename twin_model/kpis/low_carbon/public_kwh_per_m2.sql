/* ---
title         = { zh = "公共建筑单位面积年用电", en = "Electricity of public buildings per m² and year" }
indicators    = [26]
unit          = { zh = "千瓦时/平方米·年", en = "kWh per m² and year" }
measure       = "rate"
per           = 12
digits        = 1
period        = "12m"
target        = 60
direction     = "down"
floor         = 120
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["energy_use"]
version       = 1
public        = true
headline      = true
words         = { zh = "近 12 个月公共设施用电 × 12 ÷ 各月面积之和（缺的月份不算面积，因此按年折算）；未填面积的剔除", en = "electricity of public places in the last 12 months × 12 ÷ the areas of the same months (a month without a report adds no area, so it is a year's worth); rows without an area are left out" }
[[example]]
name = "two months reported are made a year's worth; a place without an area is left out"
rows.energy_use = """
month      | facility | scope     | carrier     | kwh   | area_m2
2026-09-01 | f1       | public    | electricity | 5000  | 1000
2026-10-01 | f1       | public    | electricity | 7000  | 1000
2026-10-01 | f2       | public    | electricity | 900   |
2026-10-01 | f1       | public    | gas         | 400   | 1000
2026-10-01 |          | household | electricity | 90000 | 90000
"""
expect = { value = 72, numerator = 12000, denominator = 2000, excluded = { no_area = 1 } }
[[example]]
name = "reports that stopped in summer give an old value, shown as such and not graded"
rows.energy_use = """
month      | facility | scope  | carrier     | kwh  | area_m2
2026-07-01 | f1       | public | electricity | 5000 | 1000
"""
expect = { value = 60, status = "stale" }
--- */
SELECT community_id, period, record_id AS row_id, month, facility,
       kwh AS numerator, area_m2 AS denominator,
       coalesce(flags[1], CASE WHEN area_m2 IS NULL THEN 'no_area' END) AS excluded
FROM energy_use WHERE scope = 'public' AND carrier = 'electricity'
