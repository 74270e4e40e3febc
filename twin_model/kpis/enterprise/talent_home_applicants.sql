/* ---
title         = { zh = "人才公寓申请热度", en = "Applicants per vacant talent home" }
indicators    = [14]
unit          = { zh = "户/套", en = "applicants per vacant home" }
measure       = "mean"
period        = "90d"
target        = 1
direction     = "down"
floor         = 4
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["talent_home"]
version       = 1
public        = true
digits        = 1
words         = { zh = "最近一个月（90 天内）的申请户数 ÷ 空置套数。高于 1 说明供不应求；没有空置时无从计算。", en = "Households that applied / homes vacant, newest month (within 90 days). Above 1 there are too few homes; without a vacant home there is no ratio." }

[[example]]
name = "six households for four vacant homes"
rows.talent_home = """
month      | homes | let | applied
2026-10-01 | 48    | 44  | 6
"""
expect = { value = 1.5, numerator = 6, denominator = 4 }

[[example]]
name = "everything is let: no vacant home to divide by"
rows.talent_home = """
month      | homes | let | applied
2026-10-01 | 48    | 48  | 6
"""
expect = { status = "no_cases", numerator = 6, denominator = 0 }
--- */
SELECT community_id, period, record_id AS row_id, month AS happened_at, homes, "let",
       applied AS numerator, homes - "let" AS denominator, flags[1] AS excluded
FROM talent_home QUALIFY month = max(month) OVER (PARTITION BY community_id, period)
