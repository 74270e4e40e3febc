-- Registered residents by age band. `registered` tells how many homes have counts at all.
SELECT count(*) AS homes, sum(households)::BIGINT AS households,
       count(age_18_59) AS registered,
       sum(age_0_17 + age_18_59 + age_60_79 + age_80_up)::BIGINT AS people,
       sum(age_0_17)::BIGINT AS age_0_17, sum(age_18_59)::BIGINT AS age_18_59, sum(age_60_79)::BIGINT AS age_60_79, sum(age_80_up)::BIGINT AS age_80_up,
       count(*) FILTER (elder_alone) AS elder_alone, max(recorded_at) AS recorded_at
FROM home_at($instant)
WHERE community_id = $community_id
