/* ---
title         = { zh = "协同供应的能源种类", en = "Kinds of energy supplied together" }
indicators    = [25]
unit          = { zh = "种", en = "kinds" }
measure       = "sum"
period        = "12m"
target        = 3
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["energy_use"]
version       = 1
public        = true
words         = { zh = "近 12 个月公共设施实际用过（用量大于 0）的能源种类数：市电、集中供热供冷、燃气、光伏、储能", en = "kinds of energy public places really used in the last 12 months (more than nothing): grid electricity, central heat and cold, gas, photovoltaics, storage" }
[[example]]
name = "a kind counts once, and only when something of it was used"
rows.energy_use = """
month      | facility | scope  | carrier     | kwh
2026-09-01 | f1       | public | electricity | 900
2026-10-01 | f1       | public | electricity | 900
2026-10-01 | f1       | public | pv          | 100
2026-10-01 | f1       | public | heat        | 0
"""
expect = { value = 2, rows_used = 3 }
[[example]]
name = "what households use is not what public places are supplied with"
rows.energy_use = """
month      | facility | scope     | carrier     | kwh
2026-10-01 | f1       | public    | electricity | 900
2026-10-01 |          | household | gas         | 90000
"""
expect = { value = 1, rows_used = 1 }
--- */
SELECT community_id, period, carrier AS row_id, sum(kwh) AS kwh, min(month) AS first_month, max(month) AS last_month,
       sum(kwh) > 0 AS numerator, NULL AS denominator, NULL AS excluded
FROM energy_use WHERE scope = 'public'
GROUP BY community_id, period, carrier
