/* ---
title         = { zh = "居民活动用房占比", en = "Service space for residents' activity" }
indicators    = [19]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 60
direction     = "up"
target_source = { zh = "建办科〔2022〕48号：居民活动区面积 ≥60%（据 thepaper.cn 20567103 转引，未核对原文）", en = "Document 48 of 2022: >= 60 % for residents' activity (as quoted at thepaper.cn 20567103; original not checked)" }
sources       = ["facility", "room"]
requires      = ["room"]
version       = 1
public        = true
words         = { zh = "邻里中心内供居民活动的场室面积 ÷ 全部登记场室面积。不算活动用房：后厨、驾驶舱、社工与网格办公、服务大厅；面积未登记的场室剔除", en = "area of the centre's rooms for residents' activity ÷ area of all its registered rooms. Not for activity: kitchen, cockpit, offices of social and grid workers, service hall; rooms without an area are left out" }
[[example]]
name = "an office counts below the line only, and a room without an area not at all"
rows.facility = """
facility_id | facility_kind
f1          | centre
"""
rows.room = """
room_id | facility_id | room_kind   | area_m2
r1      | f1          | tea_house   | 90
r2      | f1          | dance_room  | 90
r3      | f1          | social_work | 60
r4      | f1          | library     |
"""
expect = { value = 75, numerator = 180, denominator = 240, excluded = { no_area = 1 } }
[[example]]
name = "rooms of a school are not the centre's"
rows.facility = """
facility_id | facility_kind
f1          | centre
f2          | primary_school
"""
rows.room = """
room_id | facility_id | room_kind  | area_m2
r1      | f1          | tea_house  | 90
r2      | f2          | auditorium | 400
"""
expect = { value = 100, rows_used = 1 }
--- */
SELECT community_id, period, room_id AS row_id, room.name, room_kind,
       CASE WHEN room_kind IN ('kitchen', 'cockpit', 'social_work', 'service_hall') THEN 0 ELSE room.area_m2 END AS numerator,
       room.area_m2 AS denominator, CASE WHEN room.area_m2 IS NULL THEN 'no_area' END AS excluded
FROM room JOIN facility USING (community_id, period, facility_id)
WHERE facility_kind = 'centre'
