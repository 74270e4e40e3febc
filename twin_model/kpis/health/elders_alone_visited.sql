/* ---
title         = { zh = "独居老人本月走访", en = "Elders living alone visited this month" }
indicators    = [11]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "month"
target        = 100
direction     = "up"
target_source = { zh = "民发〔2022〕73号：对特殊困难老年人月探访率 2025 年底达到 100%（转引，未核对原文）", en = "Notice 民发〔2022〕73号: monthly visits to elders in special difficulty 100 % by end 2025 (as quoted, original not checked)" }
freshness     = "35d"
sources       = ["home", "visit"]
requires      = ["home", "visit"]
version       = 1
public        = false
views         = ["elders_children"]
words         = { zh = "本月走访过的独居老人家庭 ÷ 登记的全部独居老人家庭。一月走访几次计一次；月初数值低是正常的。", en = "Homes of elders living alone visited in this calendar month / all such homes registered. Several visits in a month count once; early in the month the figure is low by nature." }

[[example]]
name = "two visits to one home are one home visited; last month's visit was last month's"
rows.home = """
home_id | elder_alone | age_80_up
h1      | true        | 1
h2      | true        | 1
h3      | false        | 0
"""
rows.visit = """
visit_id | home_id | visited_at
v1       | h1      | 2026-11-03T09:00
v2       | h1      | 2026-11-17T09:00
v3       | h2      | 2026-10-31T23:50
"""
expect = { value = 50, numerator = 1, denominator = 2 }

[[example]]
name = "nobody is known to live alone: no case, which is not 100 %"
rows.home = """
home_id | elder_alone | age_80_up
h3      | false        | 0
"""
rows.visit = """
visit_id | home_id | visited_at
v1       | h3      | 2026-11-03T09:00
"""
expect = { status = "no_cases" }

[[example]]
name = "where no visit was ever written down nobody knows whether any was made"
rows.home = """
home_id | elder_alone | age_80_up
h1      | true        | 1
"""
expect = { status = "not_measurable", missing = ["visit"] }
--- */
SELECT h.community_id, h.period, h.home_id AS row_id, max(visited_at) AS happened_at, count(visit_id) AS visits,
       visits > 0 AS numerator, 1 AS denominator, NULL AS excluded
FROM home h LEFT JOIN visit v USING (community_id, period, home_id)
WHERE elder_alone
GROUP BY h.community_id, h.period, h.home_id
