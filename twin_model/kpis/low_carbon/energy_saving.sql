/* ---
title         = { zh = "公共用能同比节约率", en = "Public energy saved year on year" }
indicators    = [26]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "24m"
target        = 5
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["energy_use"]
version       = 1
public        = true
words         = { zh = "近 12 个月与上年同月相比：（上年用能 − 今年用能）÷ 上年用能；公共设施的电、热、气合计，光伏与储能不算。没有上年同月的剔除；负数表示多用了", en = "the last 12 months against the same months a year before: (used then − used now) ÷ used then; electricity, heat and gas of public places, without photovoltaics and storage. Months without a year before are left out; below zero more was used" }
[[example]]
name = "a month is compared with the same month of the same place; without one it is left out"
rows.energy_use = """
month      | facility | scope  | carrier     | kwh
2025-10-01 | f1       | public | electricity | 1000
2026-10-01 | f1       | public | electricity | 930
2025-10-01 | f1       | public | gas         | 200
2026-10-01 | f1       | public | gas         | 210
2026-10-01 | f2       | public | electricity | 400
"""
expect = { value = 5, numerator = 60, denominator = 1200, rows_used = 2, excluded = { no_year_before = 1 } }
[[example]]
name = "who used more than the year before saved less than nothing"
rows.energy_use = """
month      | facility | scope  | carrier     | kwh
2025-10-01 | f1       | public | electricity | 1000
2026-10-01 | f1       | public | electricity | 1100
2026-10-01 | f1       | public | pv          | 500
"""
expect = { value = -10, attainment = 0 }
--- */
WITH used AS (
    SELECT * FROM energy_use WHERE scope = 'public' AND carrier IN ('electricity', 'heat', 'gas')
)
SELECT now.community_id, now.period, now.record_id AS row_id, now.month, now.facility, now.carrier, before.kwh AS kwh_before, now.kwh,
       before.kwh - now.kwh AS numerator, before.kwh AS denominator,
       coalesce(now.flags[1], before.flags[1], CASE WHEN before.kwh IS NULL THEN 'no_year_before' END) AS excluded
FROM used AS now
JOIN period_bounds USING (period)
LEFT JOIN used AS before
    ON before.community_id = now.community_id AND before.period = now.period AND before.carrier = now.carrier
    AND before.facility IS NOT DISTINCT FROM now.facility AND before.month = now.month - INTERVAL 12 MONTH
WHERE now.month >= ends_on - INTERVAL 12 MONTH
