-- People in rooms, facilities, buildings and estates now, from whatever counts people there. Entrance counters of a facility
-- are preferred to the sum of its rooms. A place none of whose counters is fresh is unknown, never empty, unless another sensor
-- or a booking tells of it. counted: what counters say once their drift is taken out; other: what else tells of rooms.
WITH counter AS (
    SELECT s.community_id, s.building_id, s.facility_id, s.room_id, coalesce(c.people, s.value) AS value, s.status, s.taken_at
    FROM state s LEFT JOIN counted c USING (device_id) WHERE s.metric = 'people' AND s.home_id IS NULL),
room_counted AS (
    SELECT room_id, sum(value) FILTER (status = 'fresh') AS people, count(*) AS counters,
           count(*) FILTER (status = 'fresh') AS fresh, max(taken_at) AS newest
    FROM counter WHERE room_id IS NOT NULL GROUP BY 1),
room_people AS (
    SELECT room_id, CASE WHEN coalesce(c.fresh, 0) > 0 THEN c.people ELSE o.people END AS people,
           coalesce(c.counters, 0) AS counters, coalesce(c.fresh, 0) AS fresh, greatest(c.newest, o.newest) AS newest,
           coalesce(c.fresh, 0) = 0 AND o.people IS NOT NULL AS estimated,
           CASE WHEN coalesce(c.fresh, 0) > 0 OR o.people IS NULL AND c.counters > 0 THEN 'counter' ELSE o.method END AS method
    FROM room_counted c FULL JOIN other o USING (room_id)),
entrance AS (
    SELECT facility_id, sum(value) FILTER (status = 'fresh') AS people, count(*) AS counters,
           count(*) FILTER (status = 'fresh') AS fresh, max(taken_at) AS newest
    FROM counter WHERE facility_id IS NOT NULL AND room_id IS NULL GROUP BY 1),
facility_people AS (
    SELECT facility_id, TRUE AS by_entrance, people, counters, fresh, newest FROM entrance
    UNION ALL
    SELECT r.facility_id, FALSE, sum(p.people) FILTER (p.fresh > 0 OR p.estimated), sum(greatest(p.counters, 1))::BIGINT,
           sum(CASE WHEN p.estimated THEN 0 ELSE p.fresh END)::BIGINT, max(p.newest)
    FROM room_people p JOIN room_at($instant) r USING (room_id) -- a plan is no count: it is not added up
    WHERE p.method <> 'booking' AND r.facility_id NOT IN (SELECT facility_id FROM entrance) GROUP BY 1),
building_people AS (
    SELECT building_id, sum(value) FILTER (status = 'fresh') AS people, count(*) AS counters,
           count(*) FILTER (status = 'fresh') AS fresh, max(taken_at) AS newest
    FROM counter WHERE facility_id IS NULL AND room_id IS NULL AND building_id IS NOT NULL GROUP BY 1),
capacity_of_building AS (
    SELECT building_id, sum(age_0_17 + age_18_59 + age_60_79 + age_80_up)::BIGINT AS residents
    FROM home_at($instant) GROUP BY 1),
place AS (
    SELECT 'room' AS place_kind, r.room_id AS place_id, r.facility_id AS within, r.name, r.name_en, r.community_id, r.capacity,
           p.people, p.counters, p.fresh, p.newest, p.method
    FROM room_at($instant) r LEFT JOIN room_people p USING (room_id)
    UNION ALL
    SELECT 'facility', f.facility_id, f.building_id, f.name, f.name_en, f.community_id, f.capacity, p.people, p.counters, p.fresh, p.newest,
           CASE WHEN p.by_entrance THEN 'counter' ELSE 'rooms' END
    FROM facility_at($instant) f LEFT JOIN facility_people p USING (facility_id)
    UNION ALL
    SELECT 'building', b.building_id, b.estate_id, b.name, b.name_en, b.community_id, c.residents, p.people, p.counters, p.fresh, p.newest, 'gate'
    FROM building_at($instant) b JOIN building_people p USING (building_id) LEFT JOIN capacity_of_building c USING (building_id)
    UNION ALL
    SELECT 'estate', e.estate_id, NULL, e.name, e.name_en, e.community_id, sum(c.residents)::BIGINT, sum(p.people), sum(p.counters)::BIGINT,
           sum(p.fresh)::BIGINT, max(p.newest), 'gate'
    FROM estate_at($instant) e JOIN building_at($instant) b USING (estate_id) JOIN building_people p USING (building_id)
    LEFT JOIN capacity_of_building c USING (building_id) GROUP BY ALL)
SELECT place_kind, place_id, within, name, name_en, community_id, round(people)::BIGINT AS people, capacity::INTEGER AS capacity,
       CASE WHEN capacity > 0 THEN round(people) / capacity END AS share,
       CASE WHEN newest IS NOT NULL OR counters > 0 THEN coalesce(method, 'none') ELSE 'none' END AS method,
       CASE WHEN people IS NULL THEN 'unknown' WHEN method IN ('co2', 'presence') THEN 'estimate' WHEN method = 'booking' THEN 'plan'
            WHEN fresh < counters THEN 'partial' ELSE 'good' END AS grade,
       coalesce(counters, 0) AS counters, newest, NULL::INTEGER AS fewer_than, FALSE AS kept_back
FROM place
ORDER BY place_kind, place_id
