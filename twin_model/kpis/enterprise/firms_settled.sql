/* ---
title         = { zh = "孵化落户率", en = "Firms that settled" }
indicators    = [13]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "now"
target        = 30
direction     = "up"
target_source = { zh = "建议值", en = "proposal" }
freshness     = "400d"
sources       = ["firm"]
version       = 1
public        = true
words         = { zh = "名册中已落户的企业 ÷ 名册中全部企业。入驻不满半年的不计：还来不及落户。", en = "Firms that settled / all firms in the register. Firms that joined less than half a year ago are left out: they had no time to settle." }

[[example]]
name = "a firm of last month is not judged yet"
rows.firm = """
firm_no | name | joined_on  | stage      | jobs | recorded_at
q1      | 甲   | 2025-05-20 | incubating | 6    | 2026-11-01T09:00
q2      | 乙   | 2025-05-20 | settled    | 12   | 2026-11-01T09:00
q3      | 丙   | 2026-10-20 | incubating | 3    | 2026-11-01T09:00
"""
expect = { value = 50, numerator = 1, denominator = 2, excluded = { joined_lately = 1 } }

[[example]]
name = "six months to the day is long enough"
rows.firm = """
firm_no | name | joined_on  | stage      | jobs | recorded_at
q1      | 甲   | 2026-05-22 | incubating | 6    | 2026-11-01T09:00
"""
expect = { value = 0, denominator = 1 }
--- */
SELECT community_id, period, record_id AS row_id, joined_on AS happened_at, name, stage,
       stage = 'settled' AS numerator, 1 AS denominator,
       coalesce(flags[1], CASE WHEN joined_on > period - INTERVAL 6 MONTH THEN 'joined_lately' END) AS excluded
FROM firm
