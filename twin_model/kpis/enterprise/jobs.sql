/* ---
title         = { zh = "双创空间带动就业", en = "Jobs in the firms" }
indicators    = [13]
unit          = { zh = "人", en = "jobs" }
measure       = "sum"
period        = "now"
freshness     = "400d"
sources       = ["firm"]
version       = 1
public        = true
words         = { zh = "在册企业登记的就业人数合计。已退出的企业不在其中。", en = "Jobs of the firms in the register. Firms that left are not among them." }

[[example]]
name = "the firm that left took its jobs along"
rows.firm = """
firm_no | name | joined_on  | stage      | jobs | left_on    | recorded_at
q1      | 甲   | 2025-05-20 | incubating | 6    |            | 2026-11-01T09:00
q2      | 乙   | 2025-05-20 | settled    | 12   |            | 2026-11-01T09:00
q3      | 丙   | 2025-05-20 | incubating | 30   | 2026-11-01 | 2026-11-01T09:00
"""
expect = { value = 18, rows_used = 2 }

[[example]]
name = "a new number of jobs supersedes the old one"
rows.firm = """
firm_no | name | joined_on  | stage      | jobs | recorded_at
q1      | 甲   | 2025-05-20 | incubating | 6    | 2026-03-01T09:00
q1      | 甲   | 2025-05-20 | incubating | 9    | 2026-11-01T09:00
"""
expect = { value = 9, rows_used = 1 }
--- */
SELECT community_id, period, record_id AS row_id, joined_on AS happened_at, name, stage,
       jobs AS numerator, NULL AS denominator, flags[1] AS excluded
FROM firm
