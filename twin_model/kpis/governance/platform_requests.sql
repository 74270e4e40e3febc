/* ---
title      = { zh = "每百户线上报事", en = "Requests on the app per 100 households" }
indicators = [33]
unit       = { zh = "件/百户·月", en = "per 100 households and month" }
measure    = "rate"
per        = 100
digits     = 1
period     = "90d"
freshness  = "45d"
sources    = ["app_month", "home"]
requires   = ["app_month", "home"]
version    = 1
public     = true
words      = { zh = "近 90 天最近一个月平台报事件数 × 100 ÷ 户数；多不一定好，只看用不用", en = "requests on the app in the newest month of the last 90 days × 100 ÷ households; more is not better, it tells whether the app is used" }
[[example]]
name = "the newest month over all households"
rows.app_month = """
month      | registered | active | posts | requests
2026-09-01 | 2500       | 1000   | 310   | 60
2026-10-01 | 2600       | 1300   | 320   | 90
"""
rows.home = """
home_id | building_id | households
h1      | b1          | 1500
h2      | b2          | 300
"""
expect = { value = 5, numerator = 90, denominator = 1800 }
[[example]]
name = "a month nobody can believe is left out"
rows.app_month = """
month      | registered | active | posts | requests | flags
2026-10-01 | 2600       | 9000   | 320   | 90       | more_than_registered
"""
rows.home = """
home_id | building_id | households
h1      | b1          | 1500
"""
expect = { status = "not_measurable", excluded = { more_than_registered = 1 } }
--- */
WITH newest AS (
    SELECT * FROM app_month QUALIFY month = max(month) OVER (PARTITION BY community_id, period)
)
SELECT community_id, period, record_id AS row_id, month, requests AS numerator, NULL AS denominator, flags[1] AS excluded
FROM newest
UNION ALL BY NAME
SELECT community_id, period, building_id AS row_id, sum(households) AS denominator
FROM home GROUP BY ALL
