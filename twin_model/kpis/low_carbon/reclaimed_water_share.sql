/* ---
title         = { zh = "雨水中水回用率", en = "Reclaimed water" }
indicators    = [27]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "12m"
target        = 10
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["water_use"]
version       = 1
public        = true
words         = { zh = "近 12 个月公共用水中的雨水、中水 ÷ 公共用水；居民用水不在内", en = "rain and reclaimed water ÷ all water of public places in the last 12 months; households are not in it" }
[[example]]
name = "households are not in it"
rows.water_use = """
month      | facility | scope     | m3    | reclaimed_m3
2026-09-01 | f1       | public    | 920   | 110
2026-10-01 | f1       | public    | 1080  | 90
2026-10-01 |          | household | 15000 | 0
"""
expect = { value = 10, numerator = 200, denominator = 2000 }
[[example]]
name = "no public water in a year is no case"
rows.water_use = """
month      | facility | scope     | m3    | reclaimed_m3
2026-10-01 |          | household | 15000 | 0
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, month, facility,
       reclaimed_m3 AS numerator, m3 AS denominator, flags[1] AS excluded
FROM water_use WHERE scope = 'public'
