/* ---
title         = { zh = "线上平台月活跃率", en = "Monthly active residents on the app" }
indicators    = [32]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 50
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["app_month"]
version       = 1
public        = true
words         = { zh = "近 90 天最近一个月的月活跃人数 ÷ 注册人数；月活跃多于注册而被标记的月份剔除", en = "active residents ÷ registered ones, of the newest month in the last 90 days; a month flagged as more active than registered is left out" }
[[example]]
name = "the newest month counts; the months before are its past, not its mean"
rows.app_month = """
month      | registered | active | posts | requests
2026-09-01 | 2500       | 1000   | 310   | 96
2026-10-01 | 2600       | 1300   | 320   | 90
"""
expect = { value = 50, rows_used = 1 }
[[example]]
name = "a newest month nobody can believe is left out, and then nothing is known"
rows.app_month = """
month      | registered | active | posts | requests | flags
2026-10-01 | 2600       | 9000   | 320   | 90       | more_than_registered
"""
expect = { status = "not_measurable", excluded = { more_than_registered = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, month, posts, requests,
       active AS numerator, registered AS denominator, flags[1] AS excluded
FROM app_month
QUALIFY month = max(month) OVER (PARTITION BY community_id, period)
