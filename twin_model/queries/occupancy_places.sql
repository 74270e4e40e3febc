-- The places people are counted in, at an instant: what they hold and when they are open. A building holds its residents.
WITH residents AS (
    SELECT building_id, sum(age_0_17 + age_18_59 + age_60_79 + age_80_up)::BIGINT AS people FROM home_at($instant) GROUP BY 1)
SELECT 'room' AS place_kind, r.room_id AS place_id, r.community_id, r.facility_id AS within, r.name, r.name_en, r.capacity::BIGINT AS capacity,
       r.area_m2, r.room_kind AS kind, f.opening_hours
FROM room_at($instant) r LEFT JOIN facility_at($instant) f USING (facility_id)
UNION ALL
SELECT 'facility', facility_id, community_id, building_id, name, name_en, capacity::BIGINT, area_m2, facility_kind, opening_hours FROM facility_at($instant)
UNION ALL
SELECT 'building', b.building_id, b.community_id, b.estate_id, b.name, b.name_en, p.people, NULL, b.use, NULL
FROM building_at($instant) b LEFT JOIN residents p USING (building_id) WHERE b.use = 'residential'
UNION ALL
SELECT 'estate', e.estate_id, e.community_id, NULL, e.name, e.name_en, sum(p.people)::BIGINT, NULL, NULL, NULL
FROM estate_at($instant) e LEFT JOIN building_at($instant) b USING (estate_id) LEFT JOIN residents p USING (building_id)
GROUP BY ALL
ORDER BY place_kind, place_id
