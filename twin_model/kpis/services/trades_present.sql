/* ---
title         = { zh = "便民业态齐全率", en = "Everyday trades present" }
indicators    = [29]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "12m"
target        = 100
direction     = "up"
target_source = { zh = "建议值：应有业态取建办科〔2022〕48号所列便利店、菜店、快件、理发、洗衣、药店、维修、家政（据 thepaper.cn 20567103 转引，未核对原文），早餐为本程序所加；“齐全”之数为建议", en = "proposal: the trades are those of document 48 of 2022 (convenience, groceries, parcels, barber, laundry, pharmacy, repairs, housekeeping; as quoted at thepaper.cn 20567103, original not checked) and breakfast, added here; that all should be there is our proposal" }
freshness     = "200d"
sources       = ["shop_check"]
version       = 1
public        = true
words         = { zh = "最近一次检查至少有一家在营业的业态数 ÷ 应有业态数（9 种）；近 12 个月没有检查过的业态不知道有没有，剔除", en = "trades with at least one shop open at their newest check ÷ trades there should be (9); a trade nobody checked in the last 12 months is unknown and left out" }
[[example]]
name = "a trade is present when a shop of it is open; one never checked is unknown, not absent"
rows.shop_check = """
checked_on | category    | shops | open
2026-10-15 | convenience | 3     | 3
2026-10-15 | grocery     | 2     | 1
2026-10-15 | breakfast   | 2     | 2
2026-10-15 | barber      | 1     | 1
2026-10-15 | laundry     | 1     | 0
2026-10-15 | pharmacy    | 1     | 1
2026-10-15 | repair      | 1     | 1
2026-04-15 | parcel      | 1     | 0
2026-10-15 | parcel      | 3     | 3
"""
expect = { value = 87.5, numerator = 7, denominator = 8, excluded = { not_checked = 1 } }
[[example]]
name = "where nobody ever checked nothing can be said"
expect = { status = "not_measurable", missing = ["shop_check"] }
--- */
WITH newest AS (
    SELECT * FROM shop_check QUALIFY checked_on = max(checked_on) OVER (PARTITION BY community_id, period, category)
)
SELECT community_id, period, category AS row_id, checked_on, shops, open,
       open > 0 AS numerator, 1 AS denominator,
       coalesce(flags[1], CASE WHEN checked_on IS NULL THEN 'not_checked' END) AS excluded
FROM (SELECT DISTINCT community_id, period FROM shop_check)
CROSS JOIN (VALUES ('convenience'), ('grocery'), ('breakfast'), ('barber'), ('laundry'), ('pharmacy'), ('repair'),
                   ('housekeeping'), ('parcel')) AS trade(category)
LEFT JOIN newest USING (community_id, period, category)
