/* ---
title         = { zh = "消防通道畅通率", en = "Fire lanes clear" }
indicators    = [30]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 100
direction     = "up"
floor         = 80
target_source = { zh = "建议值", en = "proposal" }
freshness     = "30m"
sources       = ["state"]
requires      = ["state:camera_event"]
version       = 1
public        = true
words         = { zh = "摄像事件显示未被占用的消防通道 ÷ 有在线摄像的消防通道；过时、失联的剔除", en = "fire lanes whose camera reports them free ÷ lanes whose camera is fresh; stale and lost ones are left out" }
[[example]]
name = "a lane nobody watches any more is left out, not taken to be clear"
rows.device = """
device_id | type         | building_id
c1        | camera_event | b1
c2        | camera_event | b2
c3        | camera_event | b3
"""
readings = [["2026-11-22T11:55", "c1", "fire_lane_blocked", 0], ["2026-11-22T11:56", "c2", "fire_lane_blocked", 1], ["2026-11-22T09:00", "c3", "fire_lane_blocked", 0]]
expect = { value = 50, rows_used = 2, excluded = { stale = 1 } }
[[example]]
name = "a community without cameras at its lanes cannot tell"
expect = { status = "not_measurable", missing = ["state:camera_event"] }
--- */
SELECT community_id, period, device_id AS row_id, building_id, taken_at,
       value = 0 AS numerator, 1 AS denominator, nullif(status, 'fresh') AS excluded
FROM state WHERE type = 'camera_event' AND metric = 'fire_lane_blocked'
