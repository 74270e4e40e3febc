/* ---
title         = { zh = "独居老人紧急呼叫在线率", en = "SOS buttons of elders living alone online" }
indicators    = [11]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 98
direction     = "up"
floor         = 70
target_source = { zh = "建议值", en = "proposal" }
freshness     = "2d"
sources       = ["device_status", "home"]
requires      = ["state:sos_button"]
version       = 1
public        = false
views         = ["elders_children"]
words         = { zh = "独居老人家中未失联的紧急呼叫按钮 ÷ 那里全部紧急呼叫按钮。从未来过消息的按失联计。", en = "SOS buttons in homes of elders living alone that are not lost / all SOS buttons there. One that has never been heard of counts as lost." }

[[example]]
name = "a button never heard of is lost; one in another home does not count"
rows.home = """
home_id | elder_alone
h1      | true
h2      | true
h3      | false
"""
rows.device = """
device_id | type       | home_id
d1        | sos_button | h1
d2        | sos_button | h2
d3        | sos_button | h3
"""
readings = [["2026-11-22T11:00", "d1", "battery", 90], ["2026-11-22T11:00", "d3", "battery", 90]]
expect = { value = 50, numerator = 1, denominator = 2 }

[[example]]
name = "no button was ever heard of: the figure has no source"
rows.home = """
home_id | elder_alone
h1      | true
"""
rows.device = """
device_id | type       | home_id
d1        | sos_button | h1
"""
expect = { status = "not_measurable", missing = ["state:sos_button"] }
--- */
SELECT s.community_id, s.period, s.device_id AS row_id, s.last_seen AS happened_at, s.home_id, s.status,
       s.status <> 'lost' AS numerator, 1 AS denominator, NULL AS excluded
FROM device_status s JOIN home h USING (community_id, period, home_id)
WHERE s.type = 'sos_button' AND h.elder_alone
