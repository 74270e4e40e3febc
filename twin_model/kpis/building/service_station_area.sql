/* ---
title         = { zh = "社区综合服务站面积", en = "Area of the community service station" }
indicators    = [19]
unit          = { zh = "平方米", en = "m²" }
measure       = "sum"
period        = "now"
target        = 800
direction     = "up"
target_source = { zh = "完整居住社区建设标准（2020）第 1 项：以 800 平方米为宜（据 beihai.jiwu.com 转引，未核对原文）", en = "standard of complete communities (2020), item 1: about 800 m² (as quoted at beihai.jiwu.com; original not checked)" }
sources       = ["facility"]
requires      = ["facility"]
version       = 1
public        = true
words         = { zh = "邻里中心（社区综合服务站）建筑面积之和；面积未登记的剔除", en = "floor area of the neighbourhood centres (service stations), added; those without a registered area are left out" }
[[example]]
name = "only centres; one without a registered area is left out"
rows.facility = """
facility_id | facility_kind | area_m2
f1          | centre        | 640
f2          | centre        |
f3          | clinic        | 120
"""
expect = { value = 640, rows_used = 1, excluded = { no_area = 1 } }
[[example]]
name = "a place without any facility on the map cannot be judged"
expect = { status = "not_measurable", missing = ["facility"] }
--- */
SELECT community_id, period, facility_id AS row_id, name,
       area_m2 AS numerator, NULL AS denominator, CASE WHEN area_m2 IS NULL THEN 'no_area' END AS excluded
FROM facility WHERE facility_kind = 'centre'
