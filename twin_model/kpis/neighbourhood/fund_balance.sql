/* ---
title         = { zh = "共富基金结余", en = "Balance of the common-prosperity fund" }
indicators    = [3]
unit          = { zh = "元", en = "yuan" }
measure       = "sum"
period        = "ever"
freshness     = "90d"
sources       = ["fund_entry"]
version       = 1
public        = true
words         = { zh = "自建账以来收入合计减支出合计。每一笔都计入，没有决议的支出也已付出。", en = "All that came in less all that went out since the books were opened. Every entry counts: what was paid without a decision is paid as well." }

[[example]]
name = "a payment of years ago still counts, and so does one without a decision"
rows.fund_entry = """
entry_no | day        | direction | amount | party   | project_no | flags
j1       | 2022-05-01 | in        | 3000   | firm    |            |
j2       | 2023-05-01 | out       | 500    | project | p1         | no_decision
j3       | 2026-11-04 | in        | 0.5    | individual |         |
"""
expect = { value = 2500.5, rows_used = 3 }

[[example]]
name = "a corrected amount replaces the wrong one"
rows.fund_entry = """
entry_no | day        | direction | amount | party | recorded_at
j1       | 2026-11-02 | in        | 30000  | firm  | 2026-11-03T09:00
j1       | 2026-11-02 | in        | 3000   | firm  | 2026-11-05T09:00
"""
expect = { value = 3000, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, day AS happened_at, direction, party, project_no,
       CASE WHEN direction = 'in' THEN amount ELSE -amount END AS numerator, NULL AS denominator, NULL AS excluded
FROM fund_entry
