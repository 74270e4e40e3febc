/* ---
title         = { zh = "在职党员报到率", en = "Party members who reported in" }
indicators    = [31]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "90d"
target        = 90
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["party_member"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 90 天最近一个月末的报到党员数 ÷ 党员数；报到远多于党员数而被标记的剔除", en = "members who reported in ÷ members, at the end of the newest month in the last 90 days; a month flagged as far more reported in than members is left out" }
[[example]]
name = "the newest month counts"
rows.party_member = """
month      | members | reported_in | served_hours
2026-09-01 | 280     | 140         | 300
2026-10-01 | 280     | 210         | 468
"""
expect = { value = 75, numerator = 210, rows_used = 1 }
[[example]]
name = "no report for three months: not measurable, and it says what is missing"
expect = { status = "not_measurable", missing = ["party_member"] }
--- */
SELECT community_id, period, record_id AS row_id, month,
       reported_in AS numerator, members AS denominator, flags[1] AS excluded
FROM party_member
QUALIFY month = max(month) OVER (PARTITION BY community_id, period)
