/* ---
title      = { zh = "空闲充电桩占比", en = "Chargers that are free" }
indicators = [22]
unit       = { zh = "%", en = "%" }
measure    = "share"
period     = "now"
freshness  = "2h"
sources    = ["state"]
requires   = ["state:ev_charger"]
version    = 1
public     = true
words      = { zh = "空闲的充电桩 ÷ 在线的充电桩；故障的在分母里（它不空闲），过时、失联的剔除", en = "free chargers ÷ chargers heard of; a faulty one is below the line (it is not free), stale and lost ones are left out" }
[[example]]
name = "a faulty charger is not free; a silent one is left out"
rows.device = """
device_id | type       | facility_id
e1        | ev_charger | f1
e2        | ev_charger | f1
e3        | ev_charger | f1
e4        | ev_charger | f1
"""
readings = [["2026-11-22T11:50", "e1", "charger_state", 0], ["2026-11-22T11:55", "e2", "charger_state", 4], ["2026-11-22T11:52", "e3", "charger_state", 2], ["2026-11-22T08:00", "e4", "charger_state", 0]]
expect = { value = 33.333333, numerator = 1, rows_used = 3, excluded = { stale = 1 } }
[[example]]
name = "when every charger fell silent nothing is known, which is not none free"
rows.device = """
device_id | type       | facility_id
e1        | ev_charger | f1
"""
readings = [["2026-11-22T11:00", "e1", "charger_state", 0]]
expect = { status = "not_measurable", excluded = { stale = 1 } }
--- */
SELECT community_id, period, device_id AS row_id, facility_id, value AS charger_state, taken_at,
       value = 0 AS numerator, 1 AS denominator, nullif(status, 'fresh') AS excluded
FROM state WHERE type = 'ev_charger' AND metric = 'charger_state'
