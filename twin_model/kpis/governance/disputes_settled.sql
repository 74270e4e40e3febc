/* ---
title         = { zh = "纠纷调解成功率", en = "Disputes settled and kept" }
indicators    = [31]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "12m"
target        = 85
direction     = "up"
floor         = 40
target_source = { zh = "建议值", en = "proposal" }
freshness     = "120d"
sources       = ["dispute"]
version       = 1
public        = false
words         = { zh = "近 12 个月纠纷中达成协议且回访确认履行的 ÷ 全部；提出不足 60 天且未回访的未到期，剔除", en = "disputes of the last 12 months with an agreement that was checked and is kept ÷ all; those younger than 60 days and not checked are not due and left out" }
[[example]]
name = "an agreement counts when it was checked; a young dispute is not due yet"
rows.dispute = """
dispute_no | raised_on  | category | mediated_on | agreed_on  | checked_on
D1         | 2026-05-01 | noise    | 2026-05-03  | 2026-05-05 | 2026-06-05
D2         | 2026-07-01 | space    | 2026-07-03  | 2026-07-09 |
D3         | 2026-11-01 | leak     | 2026-11-03  |            |
"""
expect = { value = 50, rows_used = 2, excluded = { not_due_yet = 1 } }
[[example]]
name = "no agreement by the day it was checked is no success"
rows.dispute = """
dispute_no | raised_on  | category | mediated_on | agreed_on  | checked_on
D1         | 2026-08-01 | noise    | 2026-08-03  |            | 2026-09-05
D2         | 2026-08-01 | pets     | 2026-08-03  | 2026-08-05 | 2026-09-05
"""
expect = { value = 50, rows_used = 2 }
--- */
SELECT community_id, period, record_id AS row_id, raised_on, category, mediated_on, agreed_on, checked_on,
       checked_on IS NOT NULL AND agreed_on IS NOT NULL AS numerator, 1 AS denominator,
       CASE WHEN checked_on IS NULL AND raised_on >= ends_on - 60 THEN 'not_due_yet' END AS excluded
FROM dispute JOIN period_bounds USING (period)
