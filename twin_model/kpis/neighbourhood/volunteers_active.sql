/* ---
title         = { zh = "志愿者活跃率", en = "Active volunteers" }
indicators    = [3]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 60
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["volunteer", "volunteer_service"]
version       = 1
public        = true
words         = { zh = "在册志愿者中近 90 天服务过的 ÷ 全部在册志愿者。近 90 天内才加入的不计。", en = "Registered volunteers who served in the last 90 days / all registered. Who joined within these 90 days is left out." }

[[example]]
name = "who joined three weeks ago is not judged yet; two services of one person count once"
rows.volunteer = """
volunteer_no | joined_on  | recorded_at
v1           | 2025-03-05 | 2026-11-01T09:00
v2           | 2025-03-05 | 2026-11-01T09:00
v3           | 2026-11-01 | 2026-11-01T09:00
"""
rows.volunteer_service = """
service_no | day        | volunteer_no | category | hours | people
s1         | 2026-11-20 | v1           | elder    | 2     | 6
s2         | 2026-11-21 | v1           | elder    | 2     | 6
"""
expect = { value = 50, numerator = 1, denominator = 2, excluded = { joined_lately = 1 } }

[[example]]
name = "who left is no longer in the register"
rows.volunteer = """
volunteer_no | joined_on  | left_on    | recorded_at
v1           | 2025-03-05 |            | 2026-11-01T09:00
v2           | 2025-03-05 | 2026-10-01 | 2026-11-01T09:00
"""
rows.volunteer_service = """
service_no | day        | volunteer_no | category | hours | people
s1         | 2026-11-20 | v1           | elder    | 2     | 6
"""
expect = { value = 100, denominator = 1 }
--- */
SELECT v.community_id, v.period, v.record_id AS row_id, v.joined_on, count(s.record_id) AS services,
       (services > 0) AS numerator, 1 AS denominator,
       CASE WHEN v.joined_on >= b.starts_on THEN 'joined_lately' END AS excluded
FROM volunteer v
JOIN period_bounds b USING (period)
LEFT JOIN volunteer_service s USING (community_id, period, volunteer_no)
GROUP BY ALL
