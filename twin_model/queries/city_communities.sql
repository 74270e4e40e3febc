-- Every community with where it belongs and what is registered of it. A sum over homes of which none is counted is null.
WITH home AS (
    SELECT community_id, count(*) AS homes, count(people) AS homes_counted, sum(people)::BIGINT AS people, sum(aged_60)::BIGINT AS aged_60,
        sum(aged_80)::BIGINT AS aged_80, sum(age_0_17)::BIGINT AS aged_0_17, sum(age_18_59)::BIGINT AS aged_18_59, sum(age_60_79)::BIGINT AS aged_60_79,
        sum(age_0_3)::BIGINT AS aged_0_3, sum(age_3_6)::BIGINT AS aged_3_6, count(*) FILTER (elder_alone) AS elder_alone
    FROM (SELECT *, age_0_17 + age_18_59 + age_60_79 + age_80_up AS people, age_60_79 + age_80_up AS aged_60,
              age_80_up AS aged_80 FROM home_at($instant))
    GROUP BY community_id),
building AS (SELECT community_id, count(*) AS buildings FROM building_at($instant) WHERE use <> 'context' GROUP BY community_id),
facility AS (SELECT community_id, count(*) AS facilities FROM facility_at($instant) GROUP BY community_id)
SELECT c.community_id, c.name, c.name_en, c.scheme, c.is_sample, c.subdistrict_id, s.parent_id AS district_id,
    d.parent_id AS city_id, s.name AS subdistrict, s.name_en AS subdistrict_en, d.name AS district, d.name_en AS district_en,
    h.* EXCLUDE (community_id), b.buildings, f.facilities
FROM community_at($instant) c
    LEFT JOIN division_at($instant) s ON s.division_id = c.subdistrict_id
    LEFT JOIN division_at($instant) d ON d.division_id = s.parent_id
    LEFT JOIN home h ON h.community_id = c.community_id
    LEFT JOIN building b ON b.community_id = c.community_id
    LEFT JOIN facility f ON f.community_id = c.community_id
WHERE c.drill_of IS NULL
ORDER BY c.community_id
