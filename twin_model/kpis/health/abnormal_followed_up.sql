/* ---
title         = { zh = "异常结果 7 天内随访", en = "Abnormal findings followed up in 7 days" }
indicators    = [9]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "30d"
target        = 100
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "7d"
sources       = ["health_visit"]
version       = 1
public        = false
words         = { zh = "近 30 天结果异常的服务中 7 天内已随访的 ÷ 全部异常。尚未满 7 天又未随访的还不能判断，不计。", en = "Abnormal findings of the last 30 days followed up within 7 days / all abnormal findings. Left out: those not followed up that are not yet 7 days old, of which nothing can be said." }

[[example]]
name = "day 7 is in time, day 8 is not, and five days ago is not decided yet"
rows.health_visit = """
visit_no | day        | room | service          | age_band | provider  | is_abnormal | followed_up_on
v1       | 2026-11-02 | r1   | self_measurement | 70_79    | community | yes         | 2026-11-09
v2       | 2026-11-02 | r1   | self_measurement | 80_up    | community | yes         | 2026-11-10
v3       | 2026-11-17 | r1   | self_measurement | 70_79    | community | yes         |
v4       | 2026-11-20 | r1   | self_measurement | 70_79    | community | no          |
"""
expect = { value = 50, numerator = 1, denominator = 2, excluded = { not_due_yet = 1 } }

[[example]]
name = "nothing abnormal was found: no case, which is not 100 %"
rows.health_visit = """
visit_no | day        | room | service          | age_band | provider  | is_abnormal
v4       | 2026-11-20 | r1   | self_measurement | 70_79    | community | no
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, service, followed_up_on,
       coalesce(followed_up_on <= day + 7, false) AS numerator, 1 AS denominator,
       CASE WHEN followed_up_on IS NULL AND day + 7 >= b.ends_on - 1 THEN 'not_due_yet' END AS excluded
FROM health_visit JOIN period_bounds b USING (period)
WHERE is_abnormal
