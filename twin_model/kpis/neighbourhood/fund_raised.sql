/* ---
title         = { zh = "共富基金筹集", en = "Raised for the common-prosperity fund" }
indicators    = [3]
unit          = { zh = "元", en = "yuan" }
measure       = "sum"
period        = "12m"
freshness     = "90d"
sources       = ["fund_entry"]
version       = 1
public        = true
words         = { zh = "近 12 个月政府、基金会、企业、个人投入共富基金的金额。", en = "Yuan given to the common-prosperity fund by government, foundations, firms and individuals in the last 12 months." }

[[example]]
name = "what was paid out does not lessen what was raised"
rows.fund_entry = """
entry_no | day        | direction | amount | party      | project_no | decision_no | decided_on
j1       | 2026-11-02 | in        | 9000   | firm       |            |             |
j2       | 2026-11-03 | in        | 50.5   | individual |            |             |
j3       | 2026-11-04 | out       | 1000   | project    | p1         | y1          | 2026-11-01
"""
expect = { value = 9050.5, rows_used = 2 }

[[example]]
name = "a year and a day ago is another year"
rows.fund_entry = """
entry_no | day        | direction | amount | party
j1       | 2025-11-22 | in        | 9000   | firm
j2       | 2025-11-23 | in        | 500    | firm
j3       | 2026-11-20 | in        | 1      | individual
"""
expect = { value = 501, rows_used = 2 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, party,
       amount AS numerator, NULL AS denominator, flags[1] AS excluded
FROM fund_entry WHERE direction = 'in'
