/* ---
title         = { zh = "CIM平台贯通阶段", en = "Stages that use the CIM platform" }
indicators    = [15]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "12m"
target        = 100
direction     = "up"
target_source = { zh = "建议值：规划、建设、运营都在平台上办事", en = "proposal: plan, build and operate all handle cases on it" }
freshness     = "45d"
sources       = ["cim_use"]
version       = 1
public        = true
words         = { zh = "近 12 个月在 CIM 平台上办过事的阶段数 ÷ 3 个阶段（规划、建设、运营）；只登录不办事的阶段不算，没有上报的阶段剔除", en = "stages that handled at least one case on the platform in the last 12 months ÷ 3 (plan, build, operate); logging in is not enough, a stage not reported is left out" }
[[example]]
name = "a stage that only logs in does not use the platform"
rows.cim_use = """
month      | module  | logins | cases
2026-10-01 | plan    | 12     | 3
2026-10-01 | build   | 40     | 0
2026-10-01 | operate | 412    | 96
2026-09-01 | operate | 390    | 88
"""
expect = { value = 66.666667, numerator = 2, denominator = 3, rows_used = 3 }
[[example]]
name = "a stage nobody reports is unknown, not unused"
rows.cim_use = """
month      | module  | logins | cases
2026-10-01 | build   | 40     | 4
2026-10-01 | operate | 412    | 96
"""
expect = { value = 100, rows_used = 2, excluded = { not_reported = 1 } }
--- */
WITH stage AS (
    SELECT community_id, period, module, sum(cases) AS cases FROM cim_use GROUP BY ALL
)
SELECT community_id, period, module AS row_id, cases,
       cases > 0 AS numerator, 1 AS denominator, CASE WHEN cases IS NULL THEN 'not_reported' END AS excluded
FROM (SELECT DISTINCT community_id, period FROM cim_use)
CROSS JOIN (VALUES ('plan'), ('build'), ('operate')) AS asked(module)
LEFT JOIN stage USING (community_id, period, module)
