-- The places people are counted in, at an instant: what they hold and when they are open. A building holds its residents.
-- All rooms (one that nothing counts may be booked), and of the rest what a counter or a sensor tells of: $gates, $doors and
-- $rooms are the buildings, facilities and rooms that have one. A city has tens of thousands of which nobody can say anything.
WITH gated AS (SELECT unnest($gates::VARCHAR[]) AS building_id),
counted AS (SELECT DISTINCT estate_id FROM building_at($instant) JOIN gated USING (building_id) WHERE estate_id IS NOT NULL),
housed AS (
    SELECT building_id, estate_id FROM building_at($instant)
    WHERE building_id IN (SELECT building_id FROM gated) OR estate_id IN (SELECT estate_id FROM counted)),
residents AS (
    SELECT building_id, sum(age_0_17 + age_18_59 + age_60_79 + age_80_up)::BIGINT AS people FROM home_at($instant)
    WHERE building_id IN (SELECT building_id FROM housed) GROUP BY 1),
open_to AS (
    SELECT unnest($doors::VARCHAR[]) AS facility_id
    UNION SELECT facility_id FROM room_at($instant) WHERE room_id IN (SELECT unnest($rooms::VARCHAR[])))
SELECT 'room' AS place_kind, r.room_id AS place_id, r.community_id, r.facility_id AS within, r.name, r.name_en, r.capacity::BIGINT AS capacity,
       r.area_m2, r.room_kind AS kind, f.opening_hours
FROM room_at($instant) r LEFT JOIN facility_at($instant) f USING (facility_id)
UNION ALL
SELECT 'facility', facility_id, community_id, building_id, name, name_en, capacity::BIGINT, area_m2, facility_kind, opening_hours
FROM facility_at($instant) WHERE facility_id IN (SELECT facility_id FROM open_to)
UNION ALL
SELECT 'building', b.building_id, b.community_id, b.estate_id, b.name, b.name_en, p.people, NULL, b.use, NULL
FROM building_at($instant) b JOIN gated USING (building_id) LEFT JOIN residents p USING (building_id) WHERE b.use = 'residential'
UNION ALL
SELECT 'estate', e.estate_id, e.community_id, NULL, e.name, e.name_en, sum(p.people)::BIGINT, NULL, NULL, NULL
FROM estate_at($instant) e JOIN counted USING (estate_id) LEFT JOIN housed b USING (estate_id) LEFT JOIN residents p USING (building_id)
GROUP BY ALL
ORDER BY place_kind, place_id
