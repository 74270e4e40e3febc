/* ---
title      = { zh = "CIM平台办理事项", en = "Cases handled with the CIM platform" }
indicators = [15]
unit       = { zh = "件", en = "cases" }
measure    = "sum"
period     = "90d"
freshness  = "45d"
sources    = ["cim_use"]
version    = 1
public     = true
words      = { zh = "近 90 天各月、各阶段（规划、建设、运营）在 CIM 平台上办理的事项数之和；登录不算办事", en = "cases handled on the CIM platform in the last 90 days, over months and stages (plan, build, operate); a login is no case" }
[[example]]
name = "the cases of all stages are added; a month before the period is not"
rows.cim_use = """
month      | module  | logins | cases
2026-10-01 | operate | 412    | 96
2026-10-01 | build   | 20     | 4
2026-07-01 | operate | 400    | 90
"""
expect = { value = 100, rows_used = 2 }
[[example]]
name = "without a month's report nothing is known, which is not zero"
expect = { status = "not_measurable", missing = ["cim_use"] }
--- */
SELECT community_id, period, record_id AS row_id, month, module, logins,
       cases AS numerator, NULL AS denominator, flags[1] AS excluded
FROM cim_use
