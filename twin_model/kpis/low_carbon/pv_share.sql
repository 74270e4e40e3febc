/* ---
title         = { zh = "光伏供电占比", en = "Electricity from photovoltaics" }
indicators    = [25]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "12m"
target        = 10
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["energy_use"]
version       = 1
public        = true
words         = { zh = "近 12 个月公共设施光伏供电 ÷（光伏供电 + 市电）；储能只是存放，不算来源", en = "electricity of public places from photovoltaics in the last 12 months ÷ (photovoltaics + grid); storage only keeps it and is no source" }
[[example]]
name = "storage is no source, and households are not in it"
rows.energy_use = """
month      | facility | scope     | carrier     | kwh
2026-10-01 | f1       | public    | electricity | 900
2026-10-01 | f1       | public    | pv          | 100
2026-10-01 | f1       | public    | storage     | 80
2026-10-01 |          | household | electricity | 90000
"""
expect = { value = 10, numerator = 100, denominator = 1000, rows_used = 2 }
[[example]]
name = "no photovoltaics reported: what is used comes from the grid, and the share is none"
rows.energy_use = """
month      | facility | scope  | carrier     | kwh
2026-10-01 | f1       | public | electricity | 900
"""
expect = { value = 0, rows_used = 1, attainment = 0 }
--- */
SELECT community_id, period, record_id AS row_id, month, facility, carrier,
       CASE WHEN carrier = 'pv' THEN kwh ELSE 0 END AS numerator, kwh AS denominator, flags[1] AS excluded
FROM energy_use WHERE scope = 'public' AND carrier IN ('electricity', 'pv')
