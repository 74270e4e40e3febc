/* ---
title         = { zh = "微心愿圆梦率", en = "Micro-wishes fulfilled" }
indicators    = [32]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "12m"
target        = 90
direction     = "up"
floor         = 40
target_source = { zh = "建议值", en = "proposal" }
freshness     = "60d"
sources       = ["micro_wish"]
version       = 1
public        = true
views         = ["party"]
words         = { zh = "近 12 个月提出的微心愿中已圆梦的 ÷ 全部；提出不足 30 天且未圆梦的未到期，剔除", en = "wishes raised in the last 12 months and fulfilled ÷ all; those younger than 30 days and open are not due and left out" }
[[example]]
name = "claimed is not fulfilled; a young wish is not due yet"
rows.micro_wish = """
wish_no | raised_on  | claimed_on | fulfilled_on
X1      | 2026-06-01 | 2026-06-03 | 2026-06-12
X2      | 2026-09-01 | 2026-09-03 |
X3      | 2026-11-10 |            |
"""
expect = { value = 50, rows_used = 2, excluded = { not_due_yet = 1 } }
[[example]]
name = "only wishes too young to judge: nothing can be said yet"
rows.micro_wish = """
wish_no | raised_on  | claimed_on | fulfilled_on
X3      | 2026-11-10 | 2026-11-12 |
"""
expect = { status = "not_measurable", excluded = { not_due_yet = 1 } }
--- */
SELECT community_id, period, record_id AS row_id, raised_on, claimed_on, fulfilled_on,
       fulfilled_on IS NOT NULL AS numerator, 1 AS denominator,
       CASE WHEN fulfilled_on IS NULL AND raised_on >= ends_on - 30 THEN 'not_due_yet' END AS excluded
FROM micro_wish JOIN period_bounds USING (period)
