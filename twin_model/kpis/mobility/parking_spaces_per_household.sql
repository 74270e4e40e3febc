/* ---
title         = { zh = "户均停车位", en = "Parking spaces per household" }
indicators    = [21]
unit          = { zh = "个/户", en = "per household" }
measure       = "mean"
digits        = 2
period        = "now"
target        = 1.0
direction     = "up"
target_source = { zh = "建议值：完整居住社区建设标准（2020）第 10 项，新建 ≥1 个/户，老旧小区协商确定；凭记忆，未核对原文", en = "proposal: standard of complete communities (2020), item 10: new build >= 1 per household, old estates as agreed; from memory, original not checked" }
sources       = ["facility", "home"]
requires      = ["facility", "home"]
version       = 1
public        = true
words         = { zh = "停车场登记车位数之和 ÷ 户数；车位数未登记的停车场剔除", en = "registered spaces of all car parks ÷ households; car parks without a registered number are left out" }
[[example]]
name = "a car park whose spaces nobody counted is left out"
rows.facility = """
facility_id | facility_kind | capacity
f1          | parking       | 300
f2          | parking       | 100
f3          | parking       |
f4          | park          | 600
"""
rows.home = """
home_id | building_id | households
h1      | b1          | 300
h2      | b2          | 200
"""
expect = { value = 0.8, numerator = 400, denominator = 500, excluded = { no_capacity = 1 } }
[[example]]
name = "without homes on record there is nobody to count the spaces for"
rows.facility = """
facility_id | facility_kind | capacity
f1          | parking       | 300
"""
expect = { status = "not_measurable", missing = ["home"] }
--- */
SELECT community_id, period, facility_id AS row_id, 'parking' AS kind, name,
       capacity AS numerator, NULL AS denominator, CASE WHEN capacity IS NULL THEN 'no_capacity' END AS excluded
FROM facility WHERE facility_kind = 'parking'
UNION ALL BY NAME
SELECT community_id, period, building_id AS row_id, 'homes' AS kind, sum(households) AS denominator
FROM home GROUP BY ALL
