/* ---
title         = { zh = "医院服务到社区人次", en = "Hospital services in the community" }
indicators    = [10]
unit          = { zh = "人次", en = "services" }
measure       = "sum"
period        = "90d"
freshness     = "7d"
sources       = ["health_visit"]
version       = 1
public        = true
words         = { zh = "近 90 天由合作医院在健康小屋提供和远程会诊提供的服务人次。", en = "Services given by a partner hospital at the health hut or by remote consultation in the last 90 days." }

[[example]]
name = "remote consultations count, the community's own services do not"
rows.health_visit = """
visit_no | day        | room | service          | age_band | provider         | is_abnormal
v1       | 2026-11-15 | r1   | clinic           | 70_79    | partner_hospital | no
v2       | 2026-11-18 | r1   | consultation     | under_60 | remote           | no
v3       | 2026-11-20 | r1   | self_measurement | 70_79    | community        | no
"""
expect = { value = 2, rows_used = 2 }

[[example]]
name = "day 90 counts, day 91 does not"
rows.health_visit = """
visit_no | day        | room | service          | age_band | provider         | is_abnormal
v1       | 2026-08-25 | r1   | clinic           | 70_79    | partner_hospital | no
v2       | 2026-08-24 | r1   | clinic           | 70_79    | partner_hospital | no
v3       | 2026-11-20 | r1   | self_measurement | 70_79    | community        | no
"""
expect = { value = 1 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, service, provider,
       1 AS numerator, NULL AS denominator, NULL AS excluded
FROM health_visit WHERE provider IN ('partner_hospital', 'remote')
