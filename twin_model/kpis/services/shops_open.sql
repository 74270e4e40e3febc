/* ---
title         = { zh = "便民网点营业率", en = "Everyday shops open" }
indicators    = [29]
unit          = { zh = "%", en = "%" }
measure       = "share"
period        = "12m"
target        = 95
direction     = "up"
floor         = 50
target_source = { zh = "建议值", en = "proposal" }
freshness     = "200d"
sources       = ["shop_check"]
version       = 1
public        = true
words         = { zh = "各业态最近一次检查时在营业的家数 ÷ 总家数", en = "shops open ÷ shops, of each trade at its newest check" }
[[example]]
name = "the newest check of each trade counts"
rows.shop_check = """
checked_on | category    | shops | open
2026-04-15 | convenience | 3     | 1
2026-10-15 | convenience | 3     | 3
2026-10-15 | laundry     | 1     | 0
"""
expect = { value = 75, numerator = 3, denominator = 4 }
[[example]]
name = "a trade without a shop adds nothing on either side"
rows.shop_check = """
checked_on | category | shops | open
2026-10-15 | grocery  | 4     | 4
2026-10-15 | laundry  | 0     | 0
"""
expect = { value = 100, numerator = 4, denominator = 4 }
--- */
SELECT community_id, period, record_id AS row_id, checked_on, category,
       open AS numerator, shops AS denominator, flags[1] AS excluded
FROM shop_check
QUALIFY checked_on = max(checked_on) OVER (PARTITION BY community_id, period, category)
