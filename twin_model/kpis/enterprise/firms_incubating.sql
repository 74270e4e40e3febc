/* ---
title         = { zh = "在孵企业", en = "Firms incubating" }
indicators    = [13]
unit          = { zh = "家", en = "firms" }
measure       = "sum"
period        = "now"
freshness     = "400d"
sources       = ["firm"]
version       = 1
public        = true
words         = { zh = "双创空间名册中处于孵化阶段的企业数。已退出、已落户的不在其中。", en = "Firms in the makers' space that are incubating. Firms that left or settled are not among them." }

[[example]]
name = "who settled is incubated no longer, who left is not there"
rows.firm = """
firm_no | name | joined_on  | stage      | jobs | left_on    | recorded_at
q1      | 甲   | 2025-05-20 | incubating | 6    |            | 2026-11-01T09:00
q2      | 乙   | 2025-05-20 | settled    | 12   |            | 2026-11-01T09:00
q3      | 丙   | 2025-05-20 | incubating | 3    | 2026-11-01 | 2026-11-01T09:00
"""
expect = { value = 1, rows_used = 1 }

[[example]]
name = "a firm that has settled since is known so from the day it was recorded"
at = "2026-10-31T12:00:00+08:00"
rows.firm = """
firm_no | name | joined_on  | stage      | jobs | recorded_at
q1      | 甲   | 2025-05-20 | incubating | 6    | 2026-03-01T09:00
q1      | 甲   | 2025-05-20 | settled    | 9    | 2026-11-01T09:00
"""
expect = { value = 1 }
--- */
SELECT community_id, period, record_id AS row_id, joined_on AS happened_at, name, jobs,
       1 AS numerator, NULL AS denominator, flags[1] AS excluded
FROM firm WHERE stage = 'incubating'
