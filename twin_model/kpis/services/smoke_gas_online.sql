/* ---
title         = { zh = "烟感燃气报警器在线率", en = "Smoke and gas detectors online" }
indicators    = [30]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "now"
target        = 98
direction     = "up"
floor         = 80
target_source = { zh = "建议值", en = "proposal" }
freshness     = "30d"
sources       = ["device_status"]
requires      = ["state:smoke"]
version       = 1
public        = true
words         = { zh = "在线的烟感、燃气报警器 ÷ 全部已装的；过时、失联的就是不在线，留在分母里", en = "smoke and gas detectors that are fresh ÷ all installed; a stale or lost one is not online and stays below the line" }
[[example]]
name = "a silent detector is what this counts: it stays below the line"
rows.device = """
device_id | type   | home_id
s1        | smoke  | h1
s2        | smoke  | h2
g1        | gas    | h1
m1        | motion | h1
"""
readings = [["2026-11-22T10:00", "s1", "smoke", 0], ["2026-11-20T08:00", "s2", "smoke", 0], ["2026-11-22T11:40", "g1", "gas", 0]]
expect = { value = 66.666667, numerator = 2, denominator = 3, rows_used = 3 }
[[example]]
name = "without a smoke detector that was ever heard it is not measurable"
rows.device = """
device_id | type | home_id
g1        | gas  | h1
"""
readings = [["2026-11-22T11:40", "g1", "gas", 0]]
expect = { status = "not_measurable", missing = ["state:smoke"] }
--- */
SELECT community_id, period, device_id AS row_id, type, status, last_seen,
       status = 'fresh' AS numerator, 1 AS denominator, NULL AS excluded
FROM device_status WHERE type IN ('smoke', 'gas')
