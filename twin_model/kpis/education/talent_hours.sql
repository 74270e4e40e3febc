/* ---
title         = { zh = "达人服务时长", en = "Hours given by skilled residents" }
indicators    = [7]
unit          = { zh = "小时", en = "hours" }
measure       = "sum"
period        = "30d"
freshness     = "30d"
sources       = ["talent_service"]
version       = 1
public        = true
words         = { zh = "近 30 天社区达人服务小时数。存疑的登记不计。", en = "Hours given by skilled residents in the last 30 days. Doubtful entries are left out." }

[[example]]
name = "halves of hours add up"
rows.talent_service = """
service_no | day        | talent_no | hours | people
s1         | 2026-11-10 | d1        | 1.5   | 18
s2         | 2026-11-17 | d1        | 2     | 12
"""
expect = { value = 3.5, rows_used = 2 }

[[example]]
name = "corrected hours replace the wrong ones"
rows.talent_service = """
service_no | day        | talent_no | hours | people | recorded_at
s1         | 2026-11-10 | d1        | 15    | 18     | 2026-11-10T20:00
s1         | 2026-11-10 | d1        | 1.5   | 18     | 2026-11-11T09:00
"""
expect = { value = 1.5, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, people,
       hours AS numerator, NULL AS denominator, flags[1] AS excluded
FROM talent_service
