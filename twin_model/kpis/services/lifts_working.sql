/* ---
title         = { zh = "电梯正常率", en = "Lifts without a fault" }
indicators    = [30]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "now"
target        = 100
direction     = "up"
floor         = 80
target_source = { zh = "建议值", en = "proposal" }
freshness     = "1h"
sources       = ["state"]
requires      = ["state:lift"]
version       = 1
public        = true
words         = { zh = "没有故障的电梯 ÷ 在线的电梯；过时、失联的剔除，不当作正常", en = "lifts without a fault ÷ lifts heard of; stale and lost ones are left out, not taken to be in order" }
[[example]]
name = "a lift that went silent may stand still with somebody in it: it is not in order"
rows.device = """
device_id | type | building_id
l1        | lift | b1
l2        | lift | b2
l3        | lift | b3
"""
readings = [["2026-11-22T11:55", "l1", "fault", 0], ["2026-11-22T11:56", "l2", "fault", 1], ["2026-11-22T09:00", "l3", "fault", 0]]
expect = { value = 50, rows_used = 2, excluded = { stale = 1 } }
[[example]]
name = "a community of low houses has no lift to ask for"
expect = { status = "not_measurable", missing = ["state:lift"] }
--- */
SELECT community_id, period, device_id AS row_id, building_id, taken_at,
       value = 0 AS numerator, 1 AS denominator, nullif(status, 'fresh') AS excluded
FROM state WHERE type = 'lift' AND metric = 'fault'
