/* ---
title         = { zh = "企业服务覆盖", en = "Firms served" }
indicators    = [13]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 70
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["firm", "startup_service"]
version       = 1
public        = true
words         = { zh = "近 90 天至少得到一次创业服务的在册企业 ÷ 全部在册企业。没有写企业编号的公开活动不算到任何一家；近 90 天内才入驻的不计。", en = "Firms in the register with at least one start-up service in the last 90 days / all of them. Open events that name no firm count for none; firms that joined within these 90 days are left out." }

[[example]]
name = "an open event serves no firm by name; two services of one firm count once"
rows.firm = """
firm_no | name | joined_on  | stage      | jobs | recorded_at
q1      | 甲   | 2025-05-20 | incubating | 6    | 2026-11-01T09:00
q2      | 乙   | 2025-05-20 | settled    | 12   | 2026-11-01T09:00
q3      | 丙   | 2026-11-01 | incubating | 2    | 2026-11-01T09:00
"""
rows.startup_service = """
service_no | day        | firm_no | category | people
c1         | 2026-11-10 | q1      | policy   | 3
c2         | 2026-11-12 | q1      | finance  | 2
c3         | 2026-11-12 |         | event    | 30
"""
expect = { value = 50, numerator = 1, denominator = 2, excluded = { joined_lately = 1 } }

[[example]]
name = "without any service on record nothing can be said"
rows.firm = """
firm_no | name | joined_on  | stage      | jobs | recorded_at
q1      | 甲   | 2025-05-20 | incubating | 6    | 2026-11-01T09:00
"""
expect = { status = "not_measurable", missing = ["startup_service"] }
--- */
SELECT f.community_id, f.period, f.record_id AS row_id, f.joined_on AS happened_at, f.name, count(s.record_id) AS services,
       services > 0 AS numerator, 1 AS denominator,
       CASE WHEN f.joined_on >= b.starts_on THEN 'joined_lately' END AS excluded
FROM firm f
JOIN period_bounds b USING (period)
LEFT JOIN startup_service s USING (community_id, period, firm_no)
GROUP BY ALL
