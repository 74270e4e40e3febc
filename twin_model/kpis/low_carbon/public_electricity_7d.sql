/* ---
title      = { zh = "公共建筑近7天用电", en = "Public electricity of seven days" }
indicators = [26]
unit       = { zh = "千瓦时", en = "kWh" }
measure    = "sum"
period     = "7d"
freshness  = "6h"
sources    = ["metered", "building"]
requires   = ["state:electricity_meter"]
version    = 1
public     = true
words      = { zh = "公共建筑总电表近 7 天走过的千瓦时之和（今天算到此刻）；期间换过或归零的电表、没有起始读数的、过时或失联的剔除，所以是至少用了这么多", en = "kWh run by the meters of public buildings in the last seven days (today up to now), added; meters that were reset or changed, have no reading at the start, or are stale or lost are left out: so much was used at least" }
[[example]]
name = "what the meters ran, not what they show; a dwelling's meter is not public"
rows.building = """
building_id | use
b1          | facility
b2          | residential
"""
rows.device = """
device_id | type              | building_id
m1        | electricity_meter | b1
m2        | electricity_meter | b2
"""
readings = [
    ["2026-11-15T23:00", "m1", "energy_kwh", 1000], ["2026-11-15T23:00", "m2", "energy_kwh", 500],
    ["2026-11-22T11:50", "m1", "energy_kwh", 1840], ["2026-11-22T11:50", "m2", "energy_kwh", 900],
]
expect = { value = 840, rows_used = 1 }
[[example]]
name = "a meter that was reset is left out, and said so"
rows.building = """
building_id | use
b1          | facility
b2          | facility
"""
rows.device = """
device_id | type              | building_id
m1        | electricity_meter | b1
m2        | electricity_meter | b2
"""
readings = [
    ["2026-11-15T23:00", "m1", "energy_kwh", 1000], ["2026-11-15T23:00", "m2", "energy_kwh", 90500],
    ["2026-11-22T11:50", "m1", "energy_kwh", 1200], ["2026-11-22T11:50", "m2", "energy_kwh", 35],
]
expect = { value = 200, rows_used = 1, excluded = { meter_reset = 1 } }
[[example]]
name = "a meter without a reading at the start, and one that fell silent, cannot say what they ran"
rows.building = """
building_id | use
b1          | facility
"""
rows.device = """
device_id | type              | building_id
m1        | electricity_meter | b1
m2        | electricity_meter | b1
m3        | electricity_meter | b1
"""
readings = [
    ["2026-11-15T23:00", "m1", "energy_kwh", 1000], ["2026-11-15T23:00", "m2", "energy_kwh", 50],
    ["2026-11-20T09:00", "m2", "energy_kwh", 90], ["2026-11-21T09:00", "m3", "energy_kwh", 10],
    ["2026-11-22T11:50", "m1", "energy_kwh", 1100], ["2026-11-22T11:50", "m3", "energy_kwh", 30],
]
expect = { value = 100, rows_used = 1, excluded = { lost = 1, no_start = 1 } }
--- */
SELECT community_id, period, device_id AS row_id, building_id, start_value, end_value, taken_at,
       used AS numerator, NULL AS denominator,
       CASE WHEN start_value IS NULL THEN 'no_start' WHEN is_reset THEN 'meter_reset' ELSE nullif(status, 'fresh') END AS excluded
FROM metered JOIN building USING (community_id, period, building_id)
WHERE type = 'electricity_meter' AND metric = 'energy_kwh' AND building.use = 'facility'
