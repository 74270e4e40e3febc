/* ---
title         = { zh = "志愿服务时长", en = "Hours volunteered" }
indicators    = [3]
unit          = { zh = "小时", en = "hours" }
measure       = "sum"
period        = "30d"
freshness     = "14d"
sources       = ["volunteer_service"]
version       = 1
public        = true
words         = { zh = "近 30 天志愿服务小时数。一天超过 12 小时的存疑，不计。", en = "Hours volunteered in the last 30 days. Entries of more than 12 hours a day are in doubt and left out." }

[[example]]
name = "a day of sixteen hours is doubted"
rows.volunteer_service = """
service_no | day        | volunteer_no | category | hours | people | flags
s1         | 2026-11-20 | v1           | elder    | 2.5   | 6      |
s2         | 2026-11-20 | v2           | order    | 16    | 0      | long_day
"""
expect = { value = 2.5, rows_used = 1, excluded = { long_day = 1 } }

[[example]]
name = "volunteers' last service is five weeks ago: the figure is not a zero of today"
rows.volunteer_service = """
service_no | day        | volunteer_no | category | hours | people
s1         | 2026-10-15 | v1           | elder    | 2.5   | 6
"""
expect = { status = "not_measurable" }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, category, people,
       hours AS numerator, NULL AS denominator, flags[1] AS excluded
FROM volunteer_service
