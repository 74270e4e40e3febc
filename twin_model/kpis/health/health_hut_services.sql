/* ---
title         = { zh = "健康小屋服务", en = "Health-hut services" }
indicators    = [9]
unit          = { zh = "人次/百人", en = "services per 100 residents" }
measure       = "rate"
per           = 100
period        = "30d"
target        = 10
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "7d"
sources       = ["health_visit", "home"]
version       = 1
public        = true
headline      = true
digits        = 1
words         = { zh = "近 30 天健康小屋服务人次 ÷ 登记居民数 × 100。自助测量、门诊、康复、接种、咨询都计；未登记人口的住户不计。", en = "Services given at the health hut in the last 30 days / registered residents × 100. Self-measurement, clinic, rehabilitation, vaccination and consultation all count. Homes whose residents are not registered are left out." }

[[example]]
name = "a doubtful follow-up does not make the visit doubtful"
rows.health_visit = """
visit_no | day        | room | service          | age_band | provider  | is_abnormal | followed_up_on | flags
v1       | 2026-11-20 | r1   | self_measurement | 70_79    | community | no          | 2026-11-21     | followed_up_normal
v2       | 2026-11-21 | r1   | clinic           | under_60 | community | no          |                |
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 4         | 1
h2      |          |           |           |
"""
expect = { value = 10, numerator = 2, denominator = 20, excluded = { not_registered = 1 } }

[[example]]
name = "a hut silent for eight days is old news"
rows.health_visit = """
visit_no | day        | room | service          | age_band | provider  | is_abnormal
v1       | 2026-11-14 | r1   | self_measurement | 70_79    | community | no
"""
rows.home = """
home_id | age_0_17 | age_18_59 | age_60_79 | age_80_up
h1      | 5        | 10        | 4         | 1
"""
expect = { status = "stale", value = 5 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, service, age_band, provider,
       1 AS numerator, NULL AS denominator, NULL AS excluded
FROM health_visit
UNION ALL BY NAME
SELECT community_id, period, home_id AS row_id, NULL AS numerator,
       age_0_17 + age_18_59 + age_60_79 + age_80_up AS denominator,
       CASE WHEN denominator IS NULL THEN 'not_registered' END AS excluded
FROM home
