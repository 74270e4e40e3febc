/* ---
title         = { zh = "独居老人紧急呼叫覆盖", en = "Elders living alone with an SOS button" }
indicators    = [11]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 100
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
sources       = ["home", "device"]
requires      = ["home", "device"]
version       = 1
public        = false
views         = ["elders_children"]
words         = { zh = "装有紧急呼叫按钮的独居老人家庭 ÷ 登记的全部独居老人家庭。装两个按钮计一户；在线与否另有指标。", en = "Homes of elders living alone with an SOS button installed / all such homes registered. Two buttons in a home count once; whether they are online is another figure." }

[[example]]
name = "two buttons in one home cover one home"
rows.home = """
home_id | elder_alone
h1      | true
h2      | true
h3      | false
"""
rows.device = """
device_id | type       | home_id
d1        | sos_button | h1
d2        | sos_button | h1
d3        | smoke      | h2
d4        | sos_button | h3
"""
expect = { value = 50, numerator = 1, denominator = 2 }

[[example]]
name = "no device is registered at all: not measurable"
rows.home = """
home_id | elder_alone
h1      | true
"""
expect = { status = "not_measurable", missing = ["device"] }
--- */
SELECT h.community_id, h.period, h.home_id AS row_id, count(d.device_id) AS buttons,
       buttons > 0 AS numerator, 1 AS denominator, NULL AS excluded
FROM home h
LEFT JOIN device d ON d.community_id = h.community_id AND d.period = h.period AND d.home_id = h.home_id
                  AND d.type = 'sos_button'
WHERE elder_alone
GROUP BY h.community_id, h.period, h.home_id
