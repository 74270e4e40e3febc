/* ---
title         = { zh = "车位占用率", en = "Parking spaces taken" }
indicators    = [21]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 85
direction     = "down"
floor         = 100
target_source = { zh = "建议值：留一成半空位，找车位不绕圈", en = "proposal: with a sixth left free nobody circles for a space" }
freshness     = "9h"
sources       = ["state", "facility"]
requires      = ["state:parking_bay|parking_barrier"]
version       = 1
public        = true
headline      = true
words         = { zh = "有车的车位 ÷ 车位：装地磁的按位数，装道闸的车库按各道闸区在场车数与登记车位。过时、失联的地磁剔除；有一个道闸区过时、失联的车库整个剔除（否则会少算）", en = "spaces taken ÷ spaces: by bay where there are bay sensors, by the cars inside and the registered spaces where there are barriers. Stale and lost bay sensors are left out, and a whole car park when one of its barriers is (it would be counted too low)" }
[[example]]
name = "of four bays three speak, two of them are taken"
rows.device = """
device_id | type        | facility_id
p1        | parking_bay | lot
p2        | parking_bay | lot
p3        | parking_bay | lot
p4        | parking_bay | lot
"""
readings = [["2026-11-22T10:00", "p1", "occupied", 1], ["2026-11-22T10:05", "p2", "occupied", 1], ["2026-11-22T10:10", "p3", "occupied", 0]]
expect = { value = 66.666667, numerator = 2, rows_used = 3, excluded = { lost = 1 } }
[[example]]
name = "a bay last heard of in the night is left out as stale, it is not taken to be free"
rows.device = """
device_id | type        | facility_id
p1        | parking_bay | lot
p2        | parking_bay | lot
"""
readings = [["2026-11-22T01:00", "p1", "occupied", 0], ["2026-11-22T11:00", "p2", "occupied", 1]]
expect = { value = 100, rows_used = 1, excluded = { stale = 1 } }
[[example]]
name = "a garage is one row: the cars of its zones; with a silent zone it cannot be counted"
rows.facility = """
facility_id | facility_kind | capacity
g1          | parking       | 100
g2          | parking       | 50
"""
rows.device = """
device_id | type            | facility_id
p1        | parking_bay     | lot
a1        | parking_barrier | g1
a2        | parking_barrier | g1
b1        | parking_barrier | g2
b2        | parking_barrier | g2
"""
readings = [
    ["2026-11-22T10:00", "p1", "occupied", 1], ["2026-11-22T11:55", "a1", "occupied", 60], ["2026-11-22T11:56", "a2", "occupied", 30],
    ["2026-11-22T11:56", "b1", "occupied", 9], ["2026-11-22T11:00", "b2", "occupied", 40],
]
expect = { value = 90.09901, numerator = 91, denominator = 101, rows_used = 2, excluded = { stale = 1 } }
[[example]]
name = "a community without sensors at bays or barriers cannot tell"
expect = { status = "not_measurable", missing = ["state:parking_bay|parking_barrier"] }
--- */
SELECT community_id, period, device_id AS row_id, facility_id, taken_at,
       value AS numerator, 1 AS denominator, nullif(status, 'fresh') AS excluded
FROM state WHERE type = 'parking_bay' AND metric = 'occupied'
UNION ALL BY NAME
SELECT community_id, period, facility_id AS row_id, facility_id, min(taken_at) AS taken_at,
       sum(value) AS numerator, any_value(capacity) AS denominator,
       CASE WHEN any_value(capacity) IS NULL THEN 'no_capacity'
            WHEN bool_or(status = 'lost') THEN 'lost' WHEN bool_or(status = 'stale') THEN 'stale' END AS excluded
FROM state JOIN facility USING (community_id, period, facility_id)
WHERE type = 'parking_barrier' AND metric = 'occupied' GROUP BY community_id, period, facility_id
