/* ---
title         = { zh = "托位排队", en = "Waiting for a childcare place" }
indicators    = [4]
unit          = { zh = "人/百托位", en = "children per 100 places" }
measure       = "rate"
per           = 100
period        = "90d"
target        = 0
direction     = "down"
floor         = 20
target_source = { zh = "建议值", en = "proposal" }
freshness     = "60d"
sources       = ["childcare_place"]
version       = 1
public        = true
views         = ["elders_children"]
words         = { zh = "各托育点各年龄组最近一次检查（90 天内）的排队人数 ÷ 托位数 × 100。在两处排队的孩子计两次。", en = "Children waiting / places × 100, each childcare point and age group at its newest check (within 90 days). A child waiting at two points counts twice." }

[[example]]
name = "the newest check counts, also when nobody waits any more"
rows.childcare_place = """
checked_on | name   | age_group | places | taken | waiting | staff
2026-10-01 | 托育园 | 2_3       | 20     | 20    | 9       | 4
2026-11-01 | 托育园 | 2_3       | 20     | 18    | 0       | 4
2026-11-01 | 托育园 | 1_2       | 20     | 20    | 3       | 5
"""
expect = { value = 7.5, numerator = 3, denominator = 40, rows_used = 2 }

[[example]]
name = "children wait and there is no place at all: no ratio"
rows.childcare_place = """
checked_on | name   | age_group | places | taken | waiting | staff
2026-11-01 | 托育园 | 2_3       | 0      | 0     | 9       | 0
"""
expect = { status = "no_cases", numerator = 9, denominator = 0 }
--- */
SELECT community_id, period, record_id AS row_id, checked_on AS happened_at, name, age_group,
       waiting AS numerator, places AS denominator, NULL AS excluded
FROM childcare_place
QUALIFY checked_on = max(checked_on) OVER (PARTITION BY community_id, period, name, age_group)
