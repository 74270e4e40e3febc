/* ---
title         = { zh = "人均开放活动场地", en = "Open space per resident" }
indicators    = [2]
unit          = { zh = "平方米/人", en = "m² per resident" }
measure       = "mean"
period        = "now"
target        = 3
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
sources       = ["facility", "home"]
requires      = ["facility", "home"]
version       = 1
public        = true
digits        = 2
words         = { zh = "公园、广场、儿童乐园面积 ÷ 登记居民数。没有登记面积的场地、未登记人口的住户不计。", en = "Area of parks, squares and playgrounds / registered residents. Left out: places whose area is not recorded, homes whose residents are not registered." }

[[example]]
name = "a square of unknown size is left out; a car park is no open space"
rows.facility = """
facility_id | facility_kind | area_m2
f1          | park          | 9
f2          | square        |
f3          | parking       | 1300
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 1        | 2         | 3         | 0
"""
expect = { value = 1.5, numerator = 9, denominator = 6, excluded = { no_area = 1 } }

[[example]]
name = "places, and nobody registered: unknown how much for each"
rows.facility = """
facility_id | facility_kind | area_m2
f1          | park          | 9
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      |          |           |           |
"""
expect = { status = "not_measurable", excluded = { not_registered = 1 } }
--- */
SELECT community_id, period, facility_id AS row_id, name, facility_kind,
       area_m2 AS numerator, NULL AS denominator, CASE WHEN area_m2 IS NULL THEN 'no_area' END AS excluded
FROM facility WHERE facility_kind IN ('park', 'square', 'playground')
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       age_0_17 + age_18_59 + age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
