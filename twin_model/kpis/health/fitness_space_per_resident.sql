/* ---
title         = { zh = "人均健身场地面积", en = "Fitness space per resident" }
indicators    = [8]
unit          = { zh = "平方米/人", en = "m² per resident" }
measure       = "mean"
period        = "now"
target        = 0.6
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
sources       = ["facility", "room", "home"]
requires      = ["facility", "home"]
version       = 1
public        = true
digits        = 2
words         = { zh = "（运动场馆面积 + 不在运动场馆内的健身房、舞蹈室面积）÷ 登记居民数。没有登记面积的、未登记人口的住户不计。", en = "(Area of sports places + fitness and dance rooms that lie elsewhere) / registered residents. Left out: places whose area is not recorded, homes whose residents are not registered." }

[[example]]
name = "a fitness room inside a sports hall is counted with the hall, not twice"
rows.facility = """
facility_id | facility_kind | area_m2
f1          | sports        | 6
f2          | centre        | 900
f3          | sports        |
"""
rows.room = """
room_id | facility_id | room_kind    | area_m2
r1      | f1          | fitness_room | 2
r2      | f2          | fitness_room | 3
r3      | f2          | tea_house    | 40
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 2        | 3         | 3         | 1
"""
expect = { value = 1, numerator = 9, denominator = 9, excluded = { no_area = 1 } }

[[example]]
name = "a home whose elders were not counted is not registered as a whole"
rows.facility = """
facility_id | facility_kind | area_m2
f1          | sports        | 6
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 2        | 3         | 1         | 0
h2      | 2        | 3         |           | 0
"""
expect = { value = 1, denominator = 6, excluded = { not_registered = 1 } }
--- */
SELECT community_id, period, facility_id AS row_id, name,
       area_m2 AS numerator, NULL AS denominator, CASE WHEN area_m2 IS NULL THEN 'no_area' END AS excluded
FROM facility WHERE facility_kind = 'sports'
UNION ALL BY NAME
SELECT r.community_id, r.period, room_id AS row_id, r.name,
       r.area_m2 AS numerator, NULL AS denominator, CASE WHEN r.area_m2 IS NULL THEN 'no_area' END AS excluded
FROM room r JOIN facility f USING (community_id, period, facility_id)
WHERE room_kind IN ('fitness_room', 'dance_room') AND facility_kind <> 'sports'
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       age_0_17 + age_18_59 + age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
