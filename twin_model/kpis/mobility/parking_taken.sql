/* ---
title         = { zh = "车位占用率", en = "Parking spaces taken" }
indicators    = [21]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 85
direction     = "down"
floor         = 100
target_source = { zh = "建议值：留一成半空位，找车位不绕圈", en = "proposal: with a sixth left free nobody circles for a space" }
freshness     = "9h"
sources       = ["state"]
requires      = ["state:parking_bay"]
version       = 1
public        = true
headline      = true
words         = { zh = "地磁显示有车的车位 ÷ 地磁在线的车位；过时、失联的地磁剔除。没有地磁的车库不在内", en = "bays whose sensor says taken ÷ bays whose sensor is fresh; stale and lost sensors are left out. Car parks without bay sensors are not in it" }
[[example]]
name = "of four bays three speak, two of them are taken"
rows.device = """
device_id | type        | facility_id
p1        | parking_bay | lot
p2        | parking_bay | lot
p3        | parking_bay | lot
p4        | parking_bay | lot
"""
readings = [["2026-11-22T10:00", "p1", "occupied", 1], ["2026-11-22T10:05", "p2", "occupied", 1], ["2026-11-22T10:10", "p3", "occupied", 0]]
expect = { value = 66.666667, numerator = 2, rows_used = 3, excluded = { lost = 1 } }
[[example]]
name = "a bay last heard of in the night is left out as stale, it is not taken to be free"
rows.device = """
device_id | type        | facility_id
p1        | parking_bay | lot
p2        | parking_bay | lot
"""
readings = [["2026-11-22T01:00", "p1", "occupied", 0], ["2026-11-22T11:00", "p2", "occupied", 1]]
expect = { value = 100, rows_used = 1, excluded = { stale = 1 } }
[[example]]
name = "a community without bay sensors cannot tell"
expect = { status = "not_measurable", missing = ["state:parking_bay"] }
--- */
SELECT community_id, period, device_id AS row_id, facility_id, taken_at,
       value AS numerator, 1 AS denominator, nullif(status, 'fresh') AS excluded
FROM state WHERE type = 'parking_bay' AND metric = 'occupied'
