/* ---
title         = { zh = "托育师幼比", en = "Children per carer" }
indicators    = [4]
unit          = { zh = "人/保育员", en = "children per carer" }
measure       = "mean"
period        = "90d"
target        = 5
direction     = "down"
floor         = 9
target_source = { zh = "建议值", en = "proposal" }
freshness     = "60d"
sources       = ["childcare_place"]
version       = 1
public        = true
views         = ["elders_children"]
digits        = 1
words         = { zh = "各托育点各年龄组最近一次检查（90 天内）的在托人数 ÷ 保育人员数。有孩子而没有保育人员的登记存疑，不计。", en = "Children / staff, each childcare point and age group at its newest check (within 90 days). Entries with children and no staff are in doubt and left out." }

[[example]]
name = "a point said to have children and no staff is doubted, not infinitely bad"
rows.childcare_place = """
checked_on | name   | age_group | places | taken | waiting | staff | flags
2026-11-01 | 托育园 | 2_3       | 20     | 18    | 0       | 3     |
2026-11-01 | 小苗班 | 2_3       | 8      | 4     | 0       | 0     | no_staff
"""
expect = { value = 6, excluded = { no_staff = 1 } }

[[example]]
name = "a corrected number of staff is the one that counts"
rows.childcare_place = """
checked_on | name   | age_group | places | taken | waiting | staff | recorded_at
2026-11-01 | 托育园 | 2_3       | 20     | 18    | 0       | 1     | 2026-11-02T09:00
2026-11-01 | 托育园 | 2_3       | 20     | 18    | 0       | 4     | 2026-11-03T09:00
"""
expect = { value = 4.5, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, checked_on AS happened_at, name, age_group, places,
       taken AS numerator, staff AS denominator, CASE WHEN list_contains(flags, 'no_staff') THEN 'no_staff' END AS excluded
FROM childcare_place
QUALIFY checked_on = max(checked_on) OVER (PARTITION BY community_id, period, name, age_group)
