/* ---
title         = { zh = "报到党员人均服务时长", en = "Hours served per reported-in member" }
indicators    = [31]
unit          = { zh = "小时/人·月", en = "h per member and month" }
measure       = "mean"
digits        = 2
period        = "12m"
target        = 2
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["party_member"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 12 个月党员服务时长之和 ÷ 各月报到党员数之和", en = "hours members served in the last 12 months ÷ members reported in, summed over the months" }
[[example]]
name = "hours of all months over the members of all months"
rows.party_member = """
month      | members | reported_in | served_hours
2026-09-01 | 280     | 200         | 300
2026-10-01 | 280     | 200         | 500
"""
expect = { value = 2, numerator = 800, denominator = 400 }
[[example]]
name = "a month with far more reported in than members is left out"
rows.party_member = """
month      | members | reported_in | served_hours | flags
2026-09-01 | 280     | 200         | 400          |
2026-10-01 | 280     | 2000        | 400          | more_than_all
"""
expect = { value = 2, rows_used = 1, excluded = { more_than_all = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, month, members,
       served_hours AS numerator, reported_in AS denominator, flags[1] AS excluded
FROM party_member
