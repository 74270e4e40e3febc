/* ---
title         = { zh = "物业费收缴率", en = "Property fees paid" }
indicators    = [28]
unit          = { zh = "%", en = "%" }
measure       = "share"
digits        = 1
period        = "12m"
target        = 90
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "45d"
sources       = ["property_fee"]
version       = 1
public        = true
words         = { zh = "近 12 个月各小区已收物业费 ÷ 应收物业费；收得远多于应收而被标记的月份剔除", en = "fees paid ÷ fees due, over estates and the last 12 months; months flagged as far more paid than due are left out" }
[[example]]
name = "a month with far more paid than due is left out: arrears came in, or a slip"
rows.property_fee = """
month      | estate | due_yuan | paid_yuan | flags
2026-09-01 | e1     | 60000    | 54000     |
2026-10-01 | e1     | 60000    | 57000     |
2026-10-01 | e2     | 20000    | 90000     | more_than_due
"""
expect = { value = 92.5, numerator = 111000, denominator = 120000, excluded = { more_than_due = 1 } }
[[example]]
name = "a month told wrongly and corrected counts as corrected"
rows.property_fee = """
month      | estate | due_yuan | paid_yuan | recorded_at
2026-10-01 | e1     | 60000    | 5700      | 2026-11-02
2026-10-01 | e1     | 60000    | 57000     | 2026-11-05
"""
expect = { value = 95, rows_used = 1, attainment = 100 }
--- */
SELECT community_id, period, record_id AS row_id, month, estate,
       paid_yuan AS numerator, due_yuan AS denominator, flags[1] AS excluded
FROM property_fee
