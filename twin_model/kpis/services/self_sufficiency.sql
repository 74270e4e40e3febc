/* ---
title         = { zh = "公益支出自给率", en = "Public good paid from own income" }
indicators    = [28]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "12m"
target        = 100
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["income", "fund_entry"]
version       = 1
public        = true
words         = { zh = "近 12 个月经营收入返还公益的金额 ÷ 共富基金支出；补贴、人工、水电等不在基金里的支出没有记录，不算；被标记的收支剔除", en = "income returned to the public good ÷ what the common-prosperity fund paid out, both of the last 12 months; subsidies, wages and bills outside the fund are not on record and not in it; flagged entries are left out" }
[[example]]
name = "money that came into the fund is no cost; a payment without a decision is left out"
rows.income = """
month      | source | amount | returned
2026-10-01 | rent   | 18000  | 6000
"""
rows.fund_entry = """
entry_no | day        | direction | amount | party      | project_no | decision_no | decided_on | flags
J1       | 2026-11-01 | out       | 8000   | project    | GF-02      | JY-05       | 2026-10-20 |
J2       | 2026-11-02 | in        | 50000  | foundation |            |             |            |
J3       | 2026-11-03 | out       | 9000   | project    | GF-02      |             |            | no_decision
"""
expect = { value = 75, numerator = 6000, denominator = 8000, excluded = { no_decision = 1 } }
[[example]]
name = "returned money and no cost to carry: no case"
rows.income = """
month      | source | amount | returned
2026-10-01 | rent   | 18000  | 6000
"""
rows.fund_entry = """
entry_no | day        | direction | amount | party
J2       | 2026-11-02 | in        | 50000  | foundation
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, 'income|' || record_id AS row_id, month AS day, source,
       returned AS numerator, NULL AS denominator, flags[1] AS excluded
FROM income
UNION ALL BY NAME
SELECT community_id, period, 'fund|' || record_id AS row_id, day, project_no, amount AS denominator, flags[1] AS excluded
FROM fund_entry WHERE direction = 'out'
