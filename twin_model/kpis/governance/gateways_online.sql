/* ---
title         = { zh = "网关在线率", en = "Gateways online" }
indicators    = [33]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "now"
target        = 99
direction     = "up"
floor         = 80
target_source = { zh = "建议值", en = "proposal" }
freshness     = "30d"
sources       = ["device_status"]
requires      = ["state:gateway"]
version       = 1
public        = true
words         = { zh = "在线的网关 ÷ 全部已装的网关；网关不响，它后面的设备也说不了话", en = "gateways that are fresh ÷ all installed; while one is silent the devices behind it cannot be heard" }
[[example]]
name = "half an hour of silence and a gateway is not online"
rows.device = """
device_id | type    | building_id
g1        | gateway | b1
g2        | gateway | b2
"""
readings = [["2026-11-22T11:59", "g1", "children", 40], ["2026-11-22T11:20", "g2", "children", 38]]
expect = { value = 50, numerator = 1, rows_used = 2 }
[[example]]
name = "gateways that all fell silent are none online: here silence is the measure"
rows.device = """
device_id | type    | building_id
g1        | gateway | b1
"""
readings = [["2026-11-21T11:59", "g1", "children", 40]]
expect = { value = 0, status = "measured", attainment = 0 }
--- */
SELECT community_id, period, device_id AS row_id, building_id, status, last_seen,
       status = 'fresh' AS numerator, 1 AS denominator, NULL AS excluded
FROM device_status WHERE type = 'gateway'
