/* ---
title         = { zh = "经营收入返还公益比例", en = "Income returned to the public good" }
indicators    = [28]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "12m"
target        = 30
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["income"]
version       = 1
public        = true
words         = { zh = "近 12 个月社区经营收入中返还公益的金额 ÷ 经营收入，各来源合计；返还多于收入而被标记的剔除", en = "yuan returned to the public good ÷ income of the last 12 months, over all sources; rows flagged as more returned than earned are left out" }
[[example]]
name = "all sources together; more returned than earned is left out"
rows.income = """
month      | source  | amount | returned | flags
2026-09-01 | rent    | 18000  | 6000     |
2026-10-01 | parking | 22000  | 6000     |
2026-10-01 | market  | 100    | 900      | more_than_income
"""
expect = { value = 30, numerator = 12000, denominator = 40000, excluded = { more_than_income = 1 } }
[[example]]
name = "a community that earned nothing has nothing to return"
rows.income = """
month      | source | amount | returned
2026-10-01 | rent   | 0      | 0
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, month, source,
       returned AS numerator, amount AS denominator, flags[1] AS excluded
FROM income
