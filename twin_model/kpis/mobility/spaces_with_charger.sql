/* ---
title         = { zh = "配充电桩车位占比", en = "Parking spaces with a charger" }
indicators    = [22]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 10
direction     = "up"
target_source = { zh = "建议值（新建要求 100% 建桩或预留，预留情况无记录）", en = "proposal (new build asks for 100 % with a charger or ready for one; what is ready is not on record)" }
sources       = ["facility"]
requires      = ["facility"]
version       = 1
public        = true
words         = { zh = "充电区登记桩位 ÷ 停车场登记车位；只算已装的桩，不算预留接口；未登记数量的剔除", en = "registered places of charging areas ÷ registered parking spaces; installed chargers only, not spare connections; places without a number are left out" }
[[example]]
name = "installed chargers over parking spaces"
rows.facility = """
facility_id | facility_kind | capacity
f1          | parking       | 300
f2          | parking       | 100
f3          | charging      | 30
f4          | charging      |
"""
expect = { value = 7.5, numerator = 30, denominator = 400, excluded = { no_capacity = 1 } }
[[example]]
name = "chargers in a community without parking have nothing to be a share of"
rows.facility = """
facility_id | facility_kind | capacity
f3          | charging      | 30
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, facility_id AS row_id, facility_kind, name,
       CASE facility_kind WHEN 'charging' THEN capacity END AS numerator,
       CASE facility_kind WHEN 'parking' THEN capacity END AS denominator,
       CASE WHEN capacity IS NULL THEN 'no_capacity' END AS excluded
FROM facility WHERE facility_kind IN ('parking', 'charging')
