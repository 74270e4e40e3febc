/* ---
title         = { zh = "充电桩停用时长占比", en = "Charger hours out of service" }
indicators    = [22]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "30d"
target        = 2
direction     = "down"
floor         = 10
target_source = { zh = "建议值", en = "proposal" }
freshness     = "4d"
sources       = ["charger_day"]
version       = 1
public        = true
words         = { zh = "近 30 天所有充电桩停用小时之和 ÷（桩数 × 24 小时）之和", en = "hours out of service of all chargers in the last 30 days ÷ (chargers × 24 h)" }
[[example]]
name = "hours out of service over all hours of all chargers"
rows.charger_day = """
day        | facility | piles | sessions | kwh  | out_of_service_hours
2026-11-20 | f1       | 30    | 74       | 1630 | 0
2026-11-21 | f1       | 30    | 70       | 1500 | 36
"""
expect = { value = 2.5, numerator = 36, denominator = 1440 }
[[example]]
name = "a flag that doubts the energy does not touch the hours"
rows.charger_day = """
day        | facility | piles | sessions | kwh | out_of_service_hours | flags
2026-11-21 | f1       | 10    | 0        | 90  | 60                   | energy_without_sessions
"""
expect = { value = 25, rows_used = 1, attainment = 0 }
--- */
SELECT community_id, period, record_id AS row_id, day, facility, piles,
       out_of_service_hours AS numerator, 24 * piles AS denominator,
       NULL AS excluded -- the flag a row may carry doubts its energy, not its hours
FROM charger_day
