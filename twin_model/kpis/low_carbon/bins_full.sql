/* ---
title         = { zh = "满溢垃圾桶占比", en = "Waste bins that are full" }
indicators    = [27]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 5
direction     = "down"
floor         = 30
target_source = { zh = "建议值", en = "proposal" }
freshness     = "3h"
sources       = ["state"]
requires      = ["state:waste_bin"]
version       = 1
public        = true
words         = { zh = "装到 90% 及以上的垃圾桶 ÷ 传感器在线的垃圾桶；过时、失联的剔除", en = "bins filled to 90 % or more ÷ bins whose sensor is fresh; stale and lost ones are left out" }
[[example]]
name = "nine tenths is full; a silent bin is left out"
rows.device = """
device_id | type      | facility_id
w1        | waste_bin | f1
w2        | waste_bin | f1
w3        | waste_bin | f1
"""
readings = [["2026-11-22T11:00", "w1", "fill", 90], ["2026-11-22T11:20", "w2", "fill", 35], ["2026-11-21T20:00", "w3", "fill", 99]]
expect = { value = 50, numerator = 1, rows_used = 2, excluded = { stale = 1 } }
[[example]]
name = "a community without bin sensors cannot tell"
expect = { status = "not_measurable", missing = ["state:waste_bin"] }
--- */
SELECT community_id, period, device_id AS row_id, value AS fill, taken_at,
       value >= 90 AS numerator, 1 AS denominator, nullif(status, 'fresh') AS excluded
FROM state WHERE type = 'waste_bin' AND metric = 'fill'
