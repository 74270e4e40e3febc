/* ---
title         = { zh = "安全隐患7天整改率", en = "Safety hazards fixed within 7 days" }
indicators    = [30]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "90d"
target        = 95
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "30d"
sources       = ["safety_check"]
version       = 1
public        = true
words         = { zh = "近 90 天检查出的隐患中 7 天内整改完的处数 ÷ 查出处数；不足 7 天且未整改的未到期，剔除；没查出隐患的检查不在内", en = "hazards found in the last 90 days that were fixed within 7 days ÷ hazards found; those found less than 7 days ago and open are not due and left out; checks that found nothing are not in it" }
[[example]]
name = "hazards are counted, not checks; a young one is not due yet"
rows.safety_check = """
check_no | day        | building | category       | found | fixed_on
A1       | 2026-11-01 | b1       | fire_lane      | 3     | 2026-11-03
A2       | 2026-11-02 | b1       | lift           | 1     | 2026-11-12
A3       | 2026-11-20 | b2       | fire_equipment | 2     |
A4       | 2026-11-20 | b3       | gas            | 0     |
"""
expect = { value = 75, numerator = 3, denominator = 4, excluded = { not_due_yet = 1 } }
[[example]]
name = "checks that found nothing are no case"
rows.safety_check = """
check_no | day        | building | category | found | fixed_on
A4       | 2026-11-20 | b3       | gas      | 0     |
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, day, fixed_on, category,
       CASE WHEN fixed_on <= day + 7 THEN found ELSE 0 END AS numerator, found AS denominator,
       CASE WHEN fixed_on IS NULL AND day >= ends_on - 8 THEN 'not_due_yet' END AS excluded
FROM safety_check JOIN period_bounds USING (period)
WHERE found > 0
