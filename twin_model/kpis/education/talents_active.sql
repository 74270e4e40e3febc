/* ---
title         = { zh = "达人活跃率", en = "Active skilled residents" }
indicators    = [7]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 60
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["talent", "talent_service"]
version       = 1
public        = true
words         = { zh = "在册达人中近 90 天服务过的 ÷ 全部在册达人。近 90 天内才入库的不计。", en = "Skilled residents in the register who gave a service in the last 90 days / all of them. Who joined within these 90 days is left out." }

[[example]]
name = "two services of one talent count once; who joined this month is not judged yet"
rows.talent = """
talent_no | joined_on  | skill | recorded_at
d1        | 2025-04-12 | arts  | 2026-11-01T09:00
d2        | 2025-04-12 | legal | 2026-11-01T09:00
d3        | 2026-11-02 | sport | 2026-11-02T09:00
"""
rows.talent_service = """
service_no | day        | talent_no | hours | people
s1         | 2026-11-10 | d1        | 2     | 18
s2         | 2026-11-17 | d1        | 2     | 12
"""
expect = { value = 50, numerator = 1, denominator = 2, excluded = { joined_lately = 1 } }

[[example]]
name = "day 90 counts, day 91 does not"
rows.talent = """
talent_no | joined_on  | skill | recorded_at
d1        | 2025-04-12 | arts  | 2026-11-01T09:00
d2        | 2025-04-12 | legal | 2026-11-01T09:00
"""
rows.talent_service = """
service_no | day        | talent_no | hours | people
s1         | 2026-08-25 | d1        | 2     | 18
s2         | 2026-08-24 | d2        | 2     | 12
"""
expect = { value = 50 }
--- */
SELECT t.community_id, t.period, t.record_id AS row_id, t.joined_on AS happened_at, t.skill, count(s.record_id) AS services,
       services > 0 AS numerator, 1 AS denominator,
       CASE WHEN t.joined_on >= b.starts_on THEN 'joined_lately' END AS excluded
FROM talent t
JOIN period_bounds b USING (period)
LEFT JOIN talent_service s USING (community_id, period, talent_no)
GROUP BY ALL
