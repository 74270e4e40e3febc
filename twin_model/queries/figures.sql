-- The services of a community in figures: value of total, from how many devices, how many of them fresh, newest reading.
-- A figure none of whose devices is fresh is null. (The nine scenes' KPIs are declared elsewhere; these are counts of things.)
WITH here AS (SELECT * FROM state WHERE community_id = $community_id)
SELECT 'parking_taken' AS figure, sum(value) FILTER (status = 'fresh') AS value,
       (SELECT sum(capacity) FROM facility_at($instant) WHERE facility_kind = 'parking' AND community_id = $community_id)::DOUBLE AS total,
       '位' AS unit, count(*) AS devices, count(*) FILTER (status = 'fresh') AS fresh, max(taken_at) AS newest
FROM here WHERE metric = 'occupied'
UNION ALL
SELECT 'chargers_free', count(*) FILTER (status = 'fresh' AND value = 0)::DOUBLE, count(*)::DOUBLE, '个', count(*),
       count(*) FILTER (status = 'fresh'), max(taken_at)
FROM here WHERE metric = 'charger_state' HAVING count(*) > 0
UNION ALL
SELECT metric, avg(value) FILTER (status = 'fresh'), NULL, any_value(unit), count(*), count(*) FILTER (status = 'fresh'), max(taken_at)
FROM here WHERE metric IN ('pm2_5', 'noise') AND type = 'air_quality' GROUP BY metric
UNION ALL
SELECT 'power_kw', sum(value) FILTER (status = 'fresh'), NULL, 'kW', count(*), count(*) FILTER (status = 'fresh'), max(taken_at)
FROM here WHERE metric = 'power_kw' AND type = 'electricity_meter' HAVING count(*) > 0
