/* ---
title         = { zh = "合作医院坐诊天数", en = "Days with a partner hospital's clinic" }
indicators    = [10]
unit          = { zh = "天", en = "days" }
measure       = "sum"
period        = "90d"
target        = 3
direction     = "up"
target_source = { zh = "建议值（南湖的做法为每月一次专家坐诊）", en = "proposal (Nanhu holds a specialist clinic once a month)" }
freshness     = "7d"
sources       = ["health_visit"]
version       = 1
public        = true
words         = { zh = "近 90 天有合作医院专家门诊服务的天数。同一天多人就诊计一天；只有远程会诊的不算坐诊。", en = "Days in the last 90 on which a partner hospital's specialist saw somebody at the hut. Several patients on one day are one day; remote consultations are not counted." }

[[example]]
name = "three patients on one day are one day; a remote consultation is none"
rows.health_visit = """
visit_no | day        | room | service      | age_band | provider         | is_abnormal
v1       | 2026-11-15 | r1   | clinic       | 70_79    | partner_hospital | no
v2       | 2026-11-15 | r1   | clinic       | 80_up    | partner_hospital | no
v3       | 2026-11-15 | r1   | clinic       | under_60 | partner_hospital | no
v4       | 2026-11-18 | r1   | consultation | under_60 | remote           | no
"""
expect = { value = 1, rows_used = 1 }

[[example]]
name = "the hut is open and no hospital came: a true zero"
rows.health_visit = """
visit_no | day        | room | service          | age_band | provider  | is_abnormal
v1       | 2026-11-20 | r1   | self_measurement | 70_79    | community | no
"""
expect = { value = 0, status = "measured" }
--- */
SELECT community_id, period, day::TEXT AS row_id, day AS happened_at, count(*) AS visits,
       1 AS numerator, NULL AS denominator, NULL AS excluded
FROM health_visit WHERE provider = 'partner_hospital' AND service = 'clinic'
GROUP BY community_id, period, day
