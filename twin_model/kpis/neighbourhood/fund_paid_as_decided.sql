/* ---
title         = { zh = "共富基金支出决议覆盖", en = "Fund payments decided beforehand" }
indicators    = [3]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "12m"
target        = 100
direction     = "up"
floor         = 60
target_source = { zh = "建议值", en = "proposal" }
freshness     = "90d"
sources       = ["fund_entry"]
version       = 1
public        = true
words         = { zh = "近 12 个月先有管委会决议再付出的金额 ÷ 全部付出金额。没有决议、先付后议的金额留在分母里：要看的正是这些。", en = "Yuan paid after a decision of the fund's committee / all yuan paid in the last 12 months. What was paid without or before a decision stays in the denominator: that is what is looked for." }

[[example]]
name = "a decision on the day of payment is in time, one the day after is not, and neither is left out"
rows.fund_entry = """
entry_no | day        | direction | amount | party   | project_no | decision_no | decided_on | flags
j1       | 2026-11-02 | out       | 6000   | project | p1         | y1          | 2026-11-02 |
j2       | 2026-11-03 | out       | 1000   | project | p1         | y2          | 2026-11-04 | paid_before_decision
j3       | 2026-11-04 | out       | 1000   | project | p1         |             |            | no_decision
j4       | 2026-11-05 | in        | 9000   | firm    |            |             |            |
"""
expect = { value = 75, numerator = 6000, denominator = 8000, rows_used = 3 }

[[example]]
name = "nothing was paid out: nothing to judge"
rows.fund_entry = """
entry_no | day        | direction | amount | party
j4       | 2026-11-05 | in        | 9000   | firm
"""
expect = { status = "no_cases" }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, project_no, decision_no, decided_on,
       CASE WHEN decision_no IS NOT NULL AND decided_on <= day THEN amount ELSE 0 END AS numerator,
       amount AS denominator, NULL AS excluded
FROM fund_entry WHERE direction = 'out'
