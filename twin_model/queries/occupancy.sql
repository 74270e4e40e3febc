-- People in rooms, facilities and buildings now, from whatever counts people there. Entrance counters of a facility
-- are preferred to the sum of its rooms. A place none of whose counters is fresh is unknown, never empty.
WITH counter AS (
    SELECT community_id, building_id, facility_id, room_id, value, status, taken_at FROM state WHERE metric = 'people'),
room_people AS (
    SELECT room_id, sum(value) FILTER (status = 'fresh') AS people, count(*) AS counters,
           count(*) FILTER (status = 'fresh') AS fresh, max(taken_at) AS newest
    FROM counter WHERE room_id IS NOT NULL GROUP BY 1),
facility_people AS (
    SELECT facility_id, entrance AS by_entrance,
           sum(value) FILTER (status = 'fresh') AS people, count(*) AS counters,
           count(*) FILTER (status = 'fresh') AS fresh, max(taken_at) AS newest
    FROM (SELECT *, room_id IS NULL AS entrance FROM counter WHERE facility_id IS NOT NULL)
    GROUP BY facility_id, entrance
    QUALIFY row_number() OVER (PARTITION BY facility_id ORDER BY entrance DESC) = 1),
building_people AS (
    SELECT building_id, sum(value) FILTER (status = 'fresh') AS people, count(*) AS counters,
           count(*) FILTER (status = 'fresh') AS fresh, max(taken_at) AS newest
    FROM counter WHERE facility_id IS NULL AND room_id IS NULL AND building_id IS NOT NULL GROUP BY 1),
capacity_of_building AS (
    SELECT building_id, sum(age_0_17 + age_18_59 + age_60_79 + age_80_up)::BIGINT AS residents
    FROM home_at($instant) GROUP BY 1),
place AS (
    SELECT 'room' AS place_kind, r.room_id AS place_id, r.facility_id AS within, r.name, r.name_en, r.community_id, r.capacity,
           p.people, p.counters, p.fresh, p.newest, 'counter' AS method
    FROM room_at($instant) r LEFT JOIN room_people p USING (room_id)
    UNION ALL
    SELECT 'facility', f.facility_id, f.building_id, f.name, f.name_en, f.community_id, f.capacity, p.people, p.counters, p.fresh, p.newest,
           CASE WHEN p.by_entrance THEN 'counter' ELSE 'rooms' END
    FROM facility_at($instant) f LEFT JOIN facility_people p USING (facility_id)
    UNION ALL
    SELECT 'building', b.building_id, b.estate_id, b.name, b.name_en, b.community_id, c.residents, p.people, p.counters, p.fresh, p.newest, 'gate'
    FROM building_at($instant) b JOIN building_people p USING (building_id) LEFT JOIN capacity_of_building c USING (building_id))
SELECT place_kind, place_id, within, name, name_en, community_id,
       CASE WHEN fresh > 0 THEN people::BIGINT END AS people, capacity::INTEGER AS capacity,
       CASE WHEN fresh > 0 AND capacity > 0 THEN people / capacity END AS share,
       CASE WHEN counters > 0 THEN method ELSE 'none' END AS method,
       CASE WHEN coalesce(fresh, 0) = 0 THEN 'unknown' WHEN fresh < counters THEN 'partial' ELSE 'good' END AS grade,
       coalesce(counters, 0) AS counters, newest
FROM place
ORDER BY place_kind, place_id
