/* ---
title         = { zh = "感知设备在线率", en = "Devices online" }
indicators    = [33]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "now"
target        = 95
direction     = "up"
floor         = 70
target_source = { zh = "建议值", en = "proposal" }
freshness     = "30d"
sources       = ["device_status", "device"]
requires      = ["device"]
version       = 1
public        = true
words         = { zh = "在线的感知设备 ÷ 全部已装的（不含网关）；过时、失联的就是不在线，留在分母里", en = "devices that are fresh ÷ all installed (without gateways); a stale or lost one is not online and stays below the line" }
[[example]]
name = "a silent device is what this counts; a gateway has a figure of its own"
rows.device = """
device_id | type        | facility_id
d1        | temperature | f1
d2        | temperature | f1
g1        | gateway     | f1
"""
readings = [["2026-11-22T11:50", "d1", "temperature", 21], ["2026-11-21T08:00", "d2", "temperature", 20], ["2026-11-22T11:59", "g1", "children", 2]]
expect = { value = 50, numerator = 1, denominator = 2, rows_used = 2 }
[[example]]
name = "a community without devices has nothing to be online"
expect = { status = "not_measurable", missing = ["device"] }
--- */
SELECT community_id, period, device_id AS row_id, type, status, last_seen,
       status = 'fresh' AS numerator, 1 AS denominator, NULL AS excluded
FROM device_status WHERE type <> 'gateway'
