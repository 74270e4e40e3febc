/* ---
title         = { zh = "每百户综合服务设施面积", en = "Service space per 100 households" }
indicators    = [19]
unit          = { zh = "平方米/百户", en = "m² per 100 households" }
measure       = "rate"
per           = 100
period        = "now"
target        = 30
direction     = "up"
target_source = { zh = "建办科〔2022〕48号：每百户 ≥30 平方米（据 thepaper.cn 20567103 转引，未核对原文）", en = "Document 48 of 2022: >= 30 m² per 100 households (as quoted at thepaper.cn 20567103; original not checked)" }
sources       = ["facility", "home"]
requires      = ["facility", "home"]
version       = 1
public        = true
headline      = true
words         = { zh = "综合服务设施建筑面积之和 × 100 ÷ 户数。综合服务设施：邻里中心、养老、托育、食堂、文化、图书、健身、社会服务；商店、学校、医疗、物业用房不算；面积未登记的设施剔除", en = "floor area of service places × 100 ÷ households. Service places: neighbourhood centre, care for elders and infants, canteen, culture, library, fitness, social services; not shops, schools, clinics and property offices; places without a registered area are left out" }
[[example]]
name = "the area of service places over all households; a shop is no service place"
rows.facility = """
facility_id | facility_kind | area_m2
f1          | centre        | 600
f2          | day_care      | 60
f3          | supermarket   | 900
"""
rows.home = """
home_id | building_id | households
h1      | b1          | 1000
h2      | b2          | 1000
"""
expect = { value = 33, numerator = 660, denominator = 2000 }
[[example]]
name = "a place whose area nobody registered is left out, not taken for nothing"
rows.facility = """
facility_id | facility_kind | area_m2
f1          | centre        | 400
f2          | library       |
"""
rows.home = """
home_id | building_id | households
h1      | b1          | 1000
"""
expect = { value = 40, rows_used = 2, excluded = { no_area = 1 } }
[[example]]
name = "when no area is registered nothing is known, which is not no space"
rows.facility = """
facility_id | facility_kind | area_m2
f2          | library       |
"""
rows.home = """
home_id | building_id | households
h1      | b1          | 1000
"""
expect = { status = "not_measurable", excluded = { no_area = 1 } }
--- */
SELECT community_id, period, facility_id AS row_id, facility_kind AS kind, name,
       area_m2 AS numerator, NULL AS denominator, CASE WHEN area_m2 IS NULL THEN 'no_area' END AS excluded
FROM facility
WHERE facility_kind IN ('centre', 'day_care', 'nursery', 'canteen', 'culture', 'library', 'fitness', 'social_facility')
UNION ALL BY NAME
SELECT community_id, period, building_id AS row_id, 'homes' AS kind, sum(households) AS denominator
FROM home GROUP BY ALL
