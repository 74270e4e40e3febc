/* ---
title         = { zh = "双创空间面积", en = "Area of makers' spaces" }
indicators    = [12]
unit          = { zh = "平方米", en = "m²" }
measure       = "sum"
period        = "now"
target        = 150
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
sources       = ["room"]
requires      = ["room"]
version       = 1
public        = true
digits        = 0
words         = { zh = "登记为创客空间的场室面积合计。没有登记面积的场室不计。", en = "Area of the rooms registered as makers' spaces. Rooms whose area is not recorded are left out." }

[[example]]
name = "a makers' space of unknown size is left out and said so"
rows.room = """
room_id | room_kind    | area_m2
r1      | makers_space | 176
r2      | makers_space |
r3      | tea_house    | 88
"""
expect = { value = 176, rows_used = 1, excluded = { no_area = 1 } }

[[example]]
name = "rooms are registered and none is a makers' space: a true zero"
rows.room = """
room_id | room_kind | area_m2
r3      | tea_house | 88
"""
expect = { value = 0, status = "measured" }
--- */
SELECT community_id, period, room_id AS row_id, name,
       area_m2 AS numerator, NULL AS denominator, CASE WHEN area_m2 IS NULL THEN 'no_area' END AS excluded
FROM room WHERE room_kind = 'makers_space'
