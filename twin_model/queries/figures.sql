-- The services of a community in figures: value of total, from how many devices, how many of them fresh, newest reading.
-- A figure none of whose devices is fresh is null. Parking and chargers are KPIs and come from there.
WITH here AS (SELECT * FROM state WHERE community_id = $community_id)
SELECT metric AS figure, avg(value) FILTER (status = 'fresh') AS value, NULL::DOUBLE AS total, any_value(unit) AS unit, count(*) AS devices,
       count(*) FILTER (status = 'fresh') AS fresh, max(taken_at) AS newest
FROM here WHERE metric IN ('pm2_5', 'noise') AND type = 'air_quality' GROUP BY metric
UNION ALL
SELECT 'power_kw', sum(value) FILTER (status = 'fresh'), NULL, 'kW', count(*), count(*) FILTER (status = 'fresh'), max(taken_at)
FROM here WHERE metric = 'power_kw' AND type = 'electricity_meter' HAVING count(*) > 0
